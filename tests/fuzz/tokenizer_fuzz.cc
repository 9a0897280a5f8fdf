// The first half of the input is a tokenizer.json, the rest, behind a zero byte, a text. What
// encodes decodes to the same text.
#include "actors/model/tokenizer.h"
#include "runtime/base/check.h"
#include "runtime/base/result.h"

using namespace tramontane;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input{reinterpret_cast<const char*>(data), size};
  std::size_t cut = input.find('\0');
  std::string_view text = cut == std::string_view::npos ? "12" : input.substr(cut + 1);
  try {
    Tokenizer tokenizer = Tokenizer::parse(input.substr(0, cut));
    TRAM_CHECK(tokenizer.decode(tokenizer.encode(text)) == text, "encode and decode disagree");
  } catch (const Error&) {
    return 0;
  }
  return 0;
}
