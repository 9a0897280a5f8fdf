// Any bytes from a peer who has no token, cut into pieces: either side of a handshake fails with a
// reason or waits for more, and never lets it in. The first byte says which side, in what pieces,
// and whether the rest is made into frames whose check is right, so that what lies behind it is
// reached.
#include "runtime/base/check.h"
#include "runtime/link/handshake.h"
#include "runtime/wire/frame.h"

#include <algorithm>
#include <cstdint>

using namespace tramontane;

namespace {

Bytes frames_of(ByteView rest) {
  Bytes stream;
  while (rest.size() > 1) {
    // In words, as bodies are; the rounding leaves some that are not.
    std::size_t size = std::min(std::to_integer<std::size_t>(rest[0]) * 8, rest.size() - 1);
    rest = rest.subspan(1);
    if (size == 0) continue;
    append_frame(stream, rest.first(size));
    rest = rest.subspan(size);
  }
  return stream;
}

void feed(Handshake& handshake, ByteView stream, std::size_t piece) {
  for (std::size_t at = 0; at < stream.size() && handshake.wants() > 0;) {
    std::size_t size = std::min({piece, handshake.wants(), stream.size() - at});
    handshake.feed(stream.subspan(at, size));
    at += size;
    static_cast<void>(handshake.take_output());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  bool accepts = (data[0] & 1) != 0;
  bool framed = (data[0] & 2) != 0;
  std::size_t piece = std::max<std::size_t>(data[0] >> 2, 1);
  AccessToken token{};
  token.fill(std::byte{7});
  Handshake handshake(accepts ? Handshake::Side::accepted : Handshake::Side::connected, token,
      {.role = "node", .process = 7, .actor = 70, .name = "gpu-3", .build = "1"});
  ByteView rest = std::as_bytes(std::span(data + 1, size - 1));
  if (framed && accepts) feed(handshake, as_bytes(handshake_magic), piece);
  feed(handshake, framed ? ByteView(frames_of(rest)) : rest, piece);
  TRAM_CHECK(!handshake.done(), "nobody is let in without the token");
  TRAM_CHECK(handshake.failed() == !handshake.why().empty(), "a failure has a reason");
  TRAM_CHECK(handshake.failed() == (handshake.wants() == 0), "who has failed wants no more");
  return 0;
}
