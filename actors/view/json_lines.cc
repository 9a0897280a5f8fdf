// Events as JSON lines: to a descriptor, and to RUN/metrics.jsonl.

#include "actors/messages/run_event.h"
#include "actors/view/fields.h"
#include "actors/view/output.h"
#include "runtime/base/json_text.h"
#include "runtime/base/process_limits.h"
#include "runtime/base/result.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace tramontane {

namespace {

bool lasting(const RunEvent& event) {
  std::string what = text(event, "event");
  return what != "status" && what != "dashboard";
}

class JsonView final : public EventSink {
 public:
  explicit JsonView(std::shared_ptr<Output> output) : output_(std::move(output)) {}

  void event(const RunEvent& event) override {
    if (text(event, "event") != "status") output_->write(json_text(event) + "\n");
  }

 private:
  std::shared_ptr<Output> output_;
};

// Invariant: between calls the file is empty or ends with a line end, so a crash leaves at most one
// half line, at the end.
class MetricsFile final : public EventSink {
 public:
  explicit MetricsFile(const std::string& run_folder) : path_(run_folder + "/metrics.jsonl") {
    descriptor_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (descriptor_ < 0) fail("cannot be opened");
    try {
      size_ = whole_lines();
      truncate();
    } catch (...) {
      ::close(descriptor_);
      throw;
    }
  }

  MetricsFile(const MetricsFile&) = delete;
  MetricsFile& operator=(const MetricsFile&) = delete;

  ~MetricsFile() override { close(); }

  void event(const RunEvent& event) override {
    if (descriptor_ < 0 || !lasting(event)) return;
    // Also what could not be written before, and whose failure was told: there may be room now.
    if (unwritten_.size() < unwritten_most) unwritten_ += json_text(event) + "\n";
    std::string_view rest = unwritten_;
    off_t at = size_;
    while (!rest.empty()) {
      ssize_t written = ::pwrite(descriptor_, rest.data(), rest.size(), at);
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) {
        int cause = written == 0 ? ENOSPC : errno;
        truncate();
        errno = cause;
        fail("cannot be written");
      }
      at += written;
      rest.remove_prefix(static_cast<std::size_t>(written));
    }
    size_ = at;
    unwritten_.clear();
  }

  void close() override {
    if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    int error = errno;
    throw Error(Errc::io, path_ + ": " + what + ": " + std::strerror(error) + file_remedy(error));
  }

  // Bytes up to and with the last line end.
  off_t whole_lines() const {
    struct stat status {};

    if (::fstat(descriptor_, &status) != 0) fail("cannot be read");
    off_t end = status.st_size;
    std::string block(65536, '\0');
    while (end > 0) {
      off_t begin = std::max<off_t>(0, end - static_cast<off_t>(block.size()));
      ssize_t got =
          ::pread(descriptor_, block.data(), static_cast<std::size_t>(end - begin), begin);
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) fail("cannot be read");
      auto found = std::string_view(block.data(), static_cast<std::size_t>(got)).rfind('\n');
      if (found != std::string_view::npos) return begin + static_cast<off_t>(found) + 1;
      end = begin;
    }
    return 0;
  }

  void truncate() const {
    if (::ftruncate(descriptor_, size_) != 0) fail("cannot be cut to its last whole line");
  }

  static constexpr std::size_t unwritten_most = 1 << 20;

  std::string path_;
  int descriptor_ = -1;
  off_t size_ = 0;
  std::string unwritten_;
};

}  // namespace

std::unique_ptr<EventSink> json_view(std::shared_ptr<Output> output) {
  return std::make_unique<JsonView>(std::move(output));
}

std::unique_ptr<EventSink> metrics_file(const std::string& run_folder) {
  return std::make_unique<MetricsFile>(run_folder);
}

}  // namespace tramontane
