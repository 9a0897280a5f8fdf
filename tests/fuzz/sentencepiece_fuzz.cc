// The input is a tokenizer.model of SentencePiece: what is read encodes, and reads back as the
// tokenizer.json that it is written as.
#include "actors/model/tokenizer/tokenizer.h"
#include "runtime/base/check.h"
#include "runtime/base/result.h"

using namespace tramontane;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input{reinterpret_cast<const char*>(data), size};
  try {
    Tokenizer tokenizer = Tokenizer::parse_sentencepiece(input);
    std::string_view text = "ab  12 \u00e9\u4f60 <s>x</s>";
    std::vector<Token> tokens = tokenizer.encode(text);
    TRAM_CHECK(Tokenizer::parse(tokenizer.to_json()).encode(text) == tokens, "read back differs");
    tokenizer.decode(tokens);
  } catch (const Error&) {
    return 0;
  }
  return 0;
}
