// Any bytes as a job graph: decoded, and then its resolved form loads to the same; or a ConfigError
// that names a place.
#include "actors/job/job.capnp.h"
#include "actors/job/rewards.h"
#include "runtime/config/load.h"

#include <cstdint>
#include <cstdlib>

using namespace tramontane;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string text(reinterpret_cast<const char*>(data), size);
  // One line of it may be an override.
  std::vector<std::string> sets;
  if (auto end = text.find('\n'); end != std::string::npos && text.starts_with("--set ")) {
    sets.push_back(text.substr(6, end - 6));
    text.erase(0, end + 1);
  }
  std::string resolved;
  try {
    auto loaded = load_config<schema::Job>("job.yaml", text, sets);
    loaded.finish();
    resolved = loaded.resolved();
  } catch (const ConfigError& error) {
    if (error.problems().empty()) std::abort();
    return 0;
  }
  auto again = load_config<schema::Job>("resolved.yaml", resolved, {});
  again.finish();
  if (again.resolved() != resolved) std::abort();
  return 0;
}
