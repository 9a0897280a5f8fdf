#include "runtime/link/attachments.h"

#include "runtime/base/check.h"
#include "runtime/link/frames.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <unistd.h>
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
    link_.send(chunk_frame(all.size(), chunk), {});
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

Answer<void> IncomingAttachments::add(std::uint64_t size, ByteView bytes) {
  auto refused = [](std::string why) { return Failure{Errc::bad_input, std::move(why)}; };
  if (!memory_) {
    if (size > limits_.bytes)
      return refused(str("an attachment of ", size, " bytes; ", limits_.bytes, " are the most"));
    if (whole_.size() >= limits_.count) return refused("attachments that belong to no message");
    memory_ = shared_memory("tram-attachment", size);
    size_ = size;
    had_ = 0;
  }
  if (size != size_ || bytes.size() > size_ - had_ || (bytes.empty() && size_ > 0))
    return refused(str("a chunk of ", bytes.size(), " bytes of ", size, ", after ", had_, " of ",
        size_, ", as an attachment"));
  // Written, not mapped: memory that there is not is an error then, and no signal.
  for (std::size_t written = 0; written < bytes.size();) {
    ssize_t count = ::pwrite(memory_.get(), bytes.data() + written, bytes.size() - written,
        static_cast<off_t>(had_ + written));
    if (count < 0 && errno != EINTR)
      return Failure{
          Errc::io, str("an attachment for which there is no memory here: ", std::strerror(errno))};
    if (count > 0) written += static_cast<std::size_t>(count);
  }
  had_ += bytes.size();
  if (had_ < size_) return {};
  whole_.push_back(sealed_for_reading(memory_));
  memory_.close();
  return {};
}

}  // namespace tramontane
