// The input is a tekken.json.

#include "runtime/base/result.h"
#include "tests/fuzz/tokenizer_round_trip.h"

using namespace tramontane;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    check_round_trip(Tokenizer::parse_tekken({reinterpret_cast<const char*>(data), size}));
  } catch (const Error&) {
    return 0;
  }
  return 0;
}
