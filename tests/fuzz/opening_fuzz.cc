// Any bytes from a peer who has no token, cut into pieces: either side of an opening, encrypted or
// in clear, fails with a reason or waits for more, and never lets it in. The first byte says which
// side, in what pieces, and what it begins with, so that what lies behind is reached.
#include "runtime/base/check.h"
#include "runtime/link/opening.h"

#include <algorithm>
#include <cstdint>

using namespace tramontane;

namespace {

void feed(Opening& opening, ByteView stream, std::size_t piece) {
  for (std::size_t at = 0; at < stream.size() && opening.wants() > 0;) {
    std::size_t size = std::min({piece, opening.wants(), stream.size() - at});
    opening.feed(stream.subspan(at, size));
    at += size;
    static_cast<void>(opening.take_output());
  }
}

// Records of TLS, of handshakes for the most part, whose sizes are right.
Bytes records_of(ByteView rest) {
  Bytes stream;
  while (rest.size() > 2) {
    std::size_t size = std::min(std::to_integer<std::size_t>(rest[0]) + 1, rest.size() - 2);
    std::byte kind = (rest[1] & std::byte{7}) == std::byte{0} ? rest[1] : std::byte{0x16};
    for (std::byte each : {kind, std::byte{3}, std::byte{3}, std::byte(size >> 8), std::byte(size)})
      stream.push_back(each);
    stream.insert(stream.end(), rest.begin() + 2, rest.begin() + 2 + std::ptrdiff_t(size));
    rest = rest.subspan(2 + size);
  }
  return stream;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  bool accepts = (data[0] & 1) != 0;
  bool encrypted = (data[0] & 2) != 0;
  bool begun = (data[0] & 4) != 0;
  std::size_t piece = std::max<std::size_t>(data[0] >> 3, 1) * 16;
  AccessToken token{};
  token.fill(std::byte{7});
  Opening opening(accepts ? LinkSide::accepted : LinkSide::connected,
      {.token = token,
          .own = {.role = "node", .process = 7, .actor = 70, .name = "gpu-3", .build = "1"},
          .encrypted = encrypted});
  ByteView rest = std::as_bytes(std::span(data + 1, size - 1));
  if (begun && accepts) feed(opening, as_bytes(tls_magic), piece);
  feed(opening, begun ? ByteView(records_of(rest)) : rest, piece);
  TRAM_CHECK(!opening.done(), "nobody is let in without the token");
  TRAM_CHECK(opening.failed() == !opening.why().empty(), "a failure has a reason");
  TRAM_CHECK(opening.failed() == (opening.wants() == 0), "who has failed wants no more");
  return 0;
}
