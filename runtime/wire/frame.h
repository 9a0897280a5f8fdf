#pragma once
// Frames cut a stream of bytes into messages: what travels between two processes.
//
//   length  u32 little-endian, bytes of the body; 1 to the limit
//   check   u32 little-endian, lower half of XXH3-64 of the body
//   body    `length` bytes: one Frame of a session (runtime/link/link.capnp)
//
// Example, the body "ab": 02 00 00 00 | 5c 73 d5 24 | 61 62.

#include "runtime/base/bytes.h"
#include "runtime/base/result.h"

#include <cstddef>
#include <cstdint>
#include <optional>

namespace tramontane {

inline constexpr std::size_t frame_header_bytes = 8;
inline constexpr std::size_t frame_limit = 64 << 20;  // default of the largest body

// Appends the frame of `body`. CHECKs that the body is neither empty nor above 4 GiB.
void append_frame(Bytes& out, ByteView body);

// Fills in the header of a frame whose body was written behind room for it.
void seal_frame(Bytes& frame);

// Takes frames out of bytes that arrive in pieces of any size. It reads a piece where it lies, and
// keeps of it what belongs to a frame that is not whole, so no more than the limit and a piece.
class FrameReader {
 public:
  explicit FrameReader(std::size_t limit = frame_limit) : limit_(limit) {}

  // The piece lives until next() has given nothing, or an error. Only then may another follow.
  void feed(ByteView piece);

  // The next whole body; nothing if more bytes are needed. bad_input: a length of zero or above the
  // limit; corrupt: the check fails. After an error the stream is beyond repair, and every further
  // call gives the same error. The view is good until the next call of feed() or next().
  Result<std::optional<ByteView>> next();

  // Of the bytes that come next, as they are, so many as there are and no more than `most`. The
  // view is good as long as one of next().
  ByteView take(std::size_t most);

  std::size_t buffered() const { return unread_.size(); }

 private:
  std::optional<ByteView> keep();

  const std::size_t limit_;
  Bytes kept_;
  ByteView unread_;  // of the piece, or of what is kept
  std::optional<Errc> broken_;
};

}  // namespace tramontane
