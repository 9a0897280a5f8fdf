// Any bytes as a message between MathsClient and its child: refused, or decoded to what encodes to
// the same bytes again.
#include "actors/rewards/maths/wire.h"

#include <cstdint>
#include <cstdlib>
#include <string_view>

using namespace tramontane;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (auto request = maths::decode_request(bytes))
    if (maths::encode(*request).substr(4) != bytes) std::abort();
  if (auto reply = maths::decode_reply(bytes))
    if (maths::encode(*reply).substr(4) != bytes) std::abort();
  if (auto length = maths::frame_length(bytes.substr(0, 4)))
    if (*length > maths::frame_bytes_max) std::abort();
  return 0;
}
