// The first half of the input is a tokenizer.json, the rest, behind a zero byte, a text. What is
// read is written so that it is read again, with the same tokens, which decode.
#include "actors/model/tokenizer/tokenizer.h"
#include "runtime/base/check.h"
#include "runtime/base/result.h"

using namespace tramontane;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input{reinterpret_cast<const char*>(data), size};
  std::size_t cut = input.find('\0');
  std::string_view text = cut == std::string_view::npos ? "12 \u00e9" : input.substr(cut + 1);
  try {
    Tokenizer tokenizer = Tokenizer::parse(input.substr(0, cut));
    std::vector<Token> tokens = tokenizer.encode(text);
    for (Token token : tokens)
      TRAM_CHECK(token >= 0 && token < tokenizer.vocabulary(), "a token beyond the vocabulary");
    TRAM_CHECK(Tokenizer::parse(tokenizer.to_json()).encode(text) == tokens, "read back differs");
    tokenizer.decode(tokens);
    tokenizer.encode_behind(text);
    tokenizer.encode_whole(text);
  } catch (const Error&) {
    return 0;
  }
  return 0;
}
