#include "runtime/base/line_file.h"

#include "runtime/base/process_limits.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <tuple>

namespace tramontane {
namespace {

constexpr std::size_t unwritten_most = 1 << 20;

}  // namespace

LineFile::LineFile(const std::string& path)
    : path_(path), file_(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644)) {
  if (!file_) throw failure("cannot be opened", errno);
  size_ = whole_lines();
  if (::ftruncate(file_.get(), size_) != 0)
    throw failure("cannot be cut to its last whole line", errno);
}

std::optional<Error> LineFile::append(std::string_view line) {
  if (!file_) return std::nullopt;
  if (unwritten_.size() < unwritten_most) {
    unwritten_ += line;
    unwritten_ += '\n';
  }
  return write();
}

void LineFile::close() {
  if (file_ && !unwritten_.empty()) std::ignore = write();
  file_.close();
}

std::optional<Error> LineFile::write() {
  std::string_view rest = unwritten_;
  off_t at = size_;
  while (!rest.empty()) {
    ssize_t written = ::pwrite(file_.get(), rest.data(), rest.size(), at);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      int error = written == 0 ? ENOSPC : errno;
      if (::ftruncate(file_.get(), size_) != 0)
        return failure("cannot be cut to its last whole line", errno);
      return failure("cannot be written", error);
    }
    at += written;
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  size_ = at;
  unwritten_.clear();
  return std::nullopt;
}

Error LineFile::failure(const std::string& what, int error) const {
  return {Errc::io, path_ + ": " + what + ": " + std::strerror(error) + file_remedy(error)};
}

// Bytes up to and with the last line end.
off_t LineFile::whole_lines() const {
  struct stat status {};

  if (::fstat(file_.get(), &status) != 0) throw failure("cannot be read", errno);
  off_t end = status.st_size;
  std::string block(65536, '\0');
  while (end > 0) {
    off_t begin = std::max<off_t>(0, end - static_cast<off_t>(block.size()));
    ssize_t got = ::pread(file_.get(), block.data(), static_cast<std::size_t>(end - begin), begin);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) throw failure("cannot be read", errno);
    auto found = std::string_view(block.data(), static_cast<std::size_t>(got)).rfind('\n');
    if (found != std::string_view::npos) return begin + static_cast<off_t>(found) + 1;
    end = begin;
  }
  return 0;
}

}  // namespace tramontane
