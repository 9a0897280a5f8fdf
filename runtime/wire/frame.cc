#include "runtime/wire/frame.h"

#include "runtime/base/check.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

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

std::uint32_t check_of(ByteView body) {
  return static_cast<std::uint32_t>(XXH3_64bits(body.data(), body.size()));
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
  buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(taken_));
  taken_ = 0;
  buffer_.insert(buffer_.end(), piece.begin(), piece.end());
}

Result<std::optional<ByteView>> FrameReader::next() {
  if (broken_) return make_error_code(*broken_);
  if (buffered() < frame_header_bytes) return std::optional<ByteView>();
  const std::byte* header = buffer_.data() + taken_;
  std::size_t length = read_u32(header);
  if (length == 0 || length > limit_) {
    broken_ = Errc::bad_input;
    return make_error_code(*broken_);
  }
  if (buffered() < frame_header_bytes + length) return std::optional<ByteView>();
  ByteView body(header + frame_header_bytes, length);
  if (read_u32(header + 4) != check_of(body)) {
    broken_ = Errc::corrupt;
    return make_error_code(*broken_);
  }
  taken_ += frame_header_bytes + length;
  return std::optional<ByteView>(body);
}

}  // namespace tramontane
