// A config.json that is understood has sizes that can be laid out, and writes to one that reads
// the same.
#include "actors/model/model_config.h"
#include "runtime/base/check.h"
#include "runtime/base/result.h"

using namespace tramontane;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    ModelConfig config = parse_model_config({reinterpret_cast<const char*>(data), size});
    TRAM_CHECK(parameters(config) > 0, "no parameters");
    TRAM_CHECK(config.heads % config.kv_heads == 0, "heads");
    TRAM_CHECK(parse_model_config(write_model_config(config)) == config, "it does not read back");
  } catch (const Error&) {
    return 0;
  }
  return 0;
}
