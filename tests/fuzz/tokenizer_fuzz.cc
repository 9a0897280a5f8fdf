// The first half of the input is a tokenizer.json, the rest, behind a zero byte, a text. What
// encodes decodes to the same text, or to its normal form.
#include "actors/model/tokenizer/tokenizer.h"
#include "actors/model/tokenizer/unicode.h"
#include "runtime/base/check.h"
#include "runtime/base/result.h"

using namespace tramontane;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input{reinterpret_cast<const char*>(data), size};
  std::size_t cut = input.find('\0');
  std::string_view text = cut == std::string_view::npos ? "12" : input.substr(cut + 1);
  try {
    std::string_view json = input.substr(0, cut);
    Tokenizer tokenizer = Tokenizer::parse(json);
    std::string decoded = tokenizer.decode(tokenizer.encode(text));
    TRAM_CHECK(nfc(decoded) == nfc(text), "encode and decode disagree");
    if (json.find("NFC") == std::string_view::npos && json.find('\\') == std::string_view::npos)
      TRAM_CHECK(decoded == text, "encode and decode disagree");
  } catch (const Error&) {
    return 0;
  }
  return 0;
}
