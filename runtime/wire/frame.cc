#include "runtime/wire/frame.h"

#include "runtime/base/check.h"
#include "runtime/wire/hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>

namespace tramontane {
namespace {

void write_u32(std::byte* out, std::uint32_t value) {
  for (int i = 0; i < 4; ++i) out[i] = static_cast<std::byte>(value >> (8 * i));
}

std::uint32_t read_u32(const std::byte* bytes) {
  std::uint32_t value = 0;
  for (int i = 3; i >= 0; --i) value = (value << 8) | std::to_integer<std::uint32_t>(bytes[i]);
  return value;
}

// What is small is hashed before the function that suits the processor is found.
std::uint32_t check_of(ByteView body) {
  constexpr std::size_t small = 1024;
  return static_cast<std::uint32_t>(
      body.size() < small ? XXH3_64bits(body.data(), body.size()) : hash_of(body));
}

void write_header(std::byte* out, ByteView body) {
  TRAM_CHECK(!body.empty(), "an empty frame");
  TRAM_CHECK(body.size() <= 0xFFFFFFFFU, "a frame above 4 GiB", body.size());
  write_u32(out, static_cast<std::uint32_t>(body.size()));
  write_u32(out + 4, check_of(body));
}

}  // namespace

void append_frame(Bytes& out, ByteView body) {
  std::byte header[frame_header_bytes];
  write_header(header, body);
  out.insert(out.end(), header, header + frame_header_bytes);
  out.insert(out.end(), body.begin(), body.end());
}

void seal_frame(Bytes& frame) {
  TRAM_CHECK(frame.size() > frame_header_bytes, "a frame without a body", frame.size());
  write_header(frame.data(), ByteView(frame).subspan(frame_header_bytes));
}

void FrameReader::feed(ByteView piece) {
  if (broken_) return;
  if (unread_.empty()) {
    unread_ = piece;
    return;
  }
  kept_.erase(kept_.begin(), kept_.end() - static_cast<std::ptrdiff_t>(unread_.size()));
  kept_.insert(kept_.end(), piece.begin(), piece.end());
  unread_ = kept_;
}

Result<std::optional<ByteView>> FrameReader::next() {
  if (broken_) return make_error_code(*broken_);
  if (unread_.size() < frame_header_bytes) return keep();
  const std::byte* header = unread_.data();
  std::size_t length = read_u32(header);
  if (length == 0 || length > limit_) {
    broken_ = Errc::bad_input;
    return make_error_code(*broken_);
  }
  if (unread_.size() < frame_header_bytes + length) return keep();
  ByteView body(header + frame_header_bytes, length);
  if (read_u32(header + 4) != check_of(body)) {
    broken_ = Errc::corrupt;
    return make_error_code(*broken_);
  }
  unread_ = unread_.subspan(frame_header_bytes + length);
  return std::optional<ByteView>(body);
}

ByteView FrameReader::take(std::size_t most) {
  ByteView taken = unread_.first(std::min(most, unread_.size()));
  unread_ = unread_.subspan(taken.size());
  return taken;
}

// Before the piece goes.
std::optional<ByteView> FrameReader::keep() {
  bool kept = !unread_.empty() && unread_.data() >= kept_.data() &&
              unread_.data() < kept_.data() + kept_.size();
  if (!kept) {
    kept_.assign(unread_.begin(), unread_.end());
    unread_ = kept_;
  }
  return std::nullopt;
}

}  // namespace tramontane
