// Any bytes as a frame between client and server of a sandbox: a value that encodes to the same
// bytes, or refused.
#include "actors/rewards/sandbox/wire.h"

#include <cstdint>
#include <cstdlib>

using namespace tramontane::sandbox;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (auto request = parse_request(bytes); request && encode(*request) != bytes) std::abort();
  if (auto outcomes = parse_outcomes(bytes); outcomes && encode(*outcomes) != bytes) std::abort();
  if (auto report = parse_report(bytes); report && encode(*report) != bytes) std::abort();
  return 0;
}
