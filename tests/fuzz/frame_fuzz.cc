// Hostile bytes against the frame reader and the envelope decoder. The first byte decides how the
// rest is cut into pieces; what comes out must not depend on that, and whatever decodes must encode
// to an equal envelope.
#include "runtime/actor/watch.h"
#include "runtime/base/check.h"
#include "runtime/wire/envelope.h"
#include "runtime/wire/frame.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

using namespace tramontane;

namespace {

struct Read {
  std::vector<Bytes> bodies;
  std::optional<boost::system::error_code> error;
};

Read read_in_pieces(ByteView stream, std::size_t piece) {
  Read read;
  FrameReader reader(1 << 16);
  for (std::size_t at = 0; at < stream.size() && !read.error; at += piece) {
    reader.feed(stream.subspan(at, std::min(piece, stream.size() - at)));
    for (;;) {
      auto body = reader.next();
      if (!body) {
        read.error = body.error();
        break;
      }
      if (!*body) break;
      read.bodies.emplace_back((*body)->begin(), (*body)->end());
    }
  }
  return read;
}

void decode(ByteView bytes) {
  static_cast<void>(Codec<ActorExited>::decode(bytes));
  auto envelope = decode_envelope(bytes, Time());
  if (!envelope) return;
  Bytes again = encode_envelope(**envelope, Time());
  auto back = decode_envelope(again, Time());
  TRAM_CHECK(back.has_value(), "an envelope that was decoded does not decode again");
  TRAM_CHECK((*back)->target == (*envelope)->target, "target");
  TRAM_CHECK((*back)->ticket == (*envelope)->ticket, "ticket");
  TRAM_CHECK((*back)->deadline == (*envelope)->deadline, "deadline");
  TRAM_CHECK((*back)->body.id() == (*envelope)->body.id(), "type");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  ByteView stream = std::as_bytes(std::span(data + 1, size - 1));
  Read whole = read_in_pieces(stream, std::max<std::size_t>(stream.size(), 1));
  Read pieces = read_in_pieces(stream, 1 + data[0] % 32);
  TRAM_CHECK(whole.bodies == pieces.bodies, "frames depend on how the stream is cut");
  TRAM_CHECK(whole.error == pieces.error, "errors depend on how the stream is cut");
  for (const Bytes& body : whole.bodies) decode(body);
  decode(stream);
  return 0;
}
