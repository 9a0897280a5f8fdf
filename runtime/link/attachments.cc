#include "runtime/link/attachments.h"

#include "runtime/base/check.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace tramontane {
namespace {

constexpr std::size_t queued_most = 1 << 20;  // in the link, of chunks

}  // namespace

void OutgoingAttachments::send(ActorId source, Bytes frame, std::vector<Blob> blobs) {
  std::lock_guard lock(mutex_);
  bool behind = std::any_of(
      waiting_.begin(), waiting_.end(), [&](const Waiting& each) { return each.source == source; });
  if (blobs.empty() && !behind) return link_.send(std::move(frame), {});
  waiting_.push_back({source, std::move(frame), {blobs.begin(), blobs.end()}, 0});
  pump_locked();
}

void OutgoingAttachments::pump() {
  std::lock_guard lock(mutex_);
  pump_locked();
}

void OutgoingAttachments::pump_locked() {
  while (!waiting_.empty() && link_.unsent() < queued_most) {
    Waiting& first = waiting_.front();
    if (first.blobs.empty()) {
      link_.send(std::move(first.frame), {});
      waiting_.pop_front();
      continue;
    }
    ByteView all = first.blobs.front().bytes();
    ByteView chunk = all.subspan(first.sent, std::min(chunk_bytes, all.size() - first.sent));
    link_.send_part(chunk_frame(all.size(), chunk), first.blobs.front(), chunk);
    first.sent += chunk.size();
    if (first.sent < all.size()) continue;
    first.blobs.pop_front();
    first.sent = 0;
  }
}

void OutgoingAttachments::clear() {
  std::lock_guard lock(mutex_);
  waiting_.clear();
}

namespace {

Failure refused(std::string why) {
  return Failure{Errc::bad_input, std::move(why)};
}

}  // namespace

Answer<void> IncomingAttachments::begin(const Chunk& chunk) {
  if (!memory_) {
    if (chunk.size > limits_.bytes)
      return refused(
          str("an attachment of ", chunk.size, " bytes; ", limits_.bytes, " are the most"));
    if (whole_.size() >= limits_.count) return refused("attachments that belong to no message");
    memory_.emplace(chunk.size);
    size_ = chunk.size;
    had_ = 0;
  }
  if (chunk.size != size_ || chunk.length > size_ - had_ || (chunk.length == 0 && size_ > 0))
    return refused(str("a chunk of ", chunk.length, " bytes of ", chunk.size, ", after ", had_,
        " of ", size_, ", as an attachment"));
  missing_ = chunk.length;
  check_ = chunk.check;
  hash_.clear();
  return missing_ == 0 ? finish_chunk() : Answer<void>();
}

std::span<std::byte> IncomingAttachments::room() const {
  return missing_ == 0 ? std::span<std::byte>() : memory_->bytes().subspan(had_, missing_);
}

Answer<void> IncomingAttachments::add(ByteView bytes) {
  TRAM_CHECK(bytes.size() <= missing_, "more bytes than a chunk has", bytes.size(), missing_);
  hash_.add(bytes);
  std::byte* place = room().data();
  if (bytes.data() != place) std::memcpy(place, bytes.data(), bytes.size());
  had_ += bytes.size();
  missing_ -= bytes.size();
  return missing_ == 0 ? finish_chunk() : Answer<void>();
}

Answer<void> IncomingAttachments::finish_chunk() {
  if (hash_.value() != check_) return refused("a chunk that fails its check");
  if (had_ < size_) return {};
  whole_.push_back(Blob::from_memory(std::move(*memory_)));
  memory_.reset();
  return {};
}

}  // namespace tramontane
