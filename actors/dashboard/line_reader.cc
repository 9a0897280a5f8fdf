#include "actors/dashboard/line_reader.h"

#include "runtime/base/descriptor.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

namespace tramontane {
namespace {

constexpr std::size_t line_most = 8 << 20;
constexpr std::size_t step = 64 << 10;

Descriptor open_file(const std::string& path) {
  return Descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
}

std::uint64_t size_of(const Descriptor& file) {
  struct stat status {};

  if (!file || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return 0;
  return static_cast<std::uint64_t>(status.st_size);
}

// Appends up to `count` bytes that stand at `at`; how many there were.
std::size_t read_at(
    const Descriptor& file, std::uint64_t at, std::size_t count, std::string& into) {
  std::size_t before = into.size();
  into.resize(before + count);
  ssize_t got = -1;
  do got = ::pread(file.get(), into.data() + before, count, static_cast<off_t>(at));
  while (got < 0 && errno == EINTR);
  into.resize(before + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  return into.size() - before;
}

// Where the first line begins that does not begin before `from`.
std::uint64_t line_start(const Descriptor& file, std::uint64_t from, std::uint64_t size) {
  if (from == 0) return 0;
  std::string bytes;
  for (std::uint64_t at = from - 1; at < size; at += step) {
    bytes.clear();
    if (read_at(file, at, step, bytes) == 0) break;
    if (auto found = bytes.find('\n'); found != std::string::npos) return at + found + 1;
  }
  return size;
}

}  // namespace

std::uint64_t LineReader::size() const {
  return size_of(open_file(path_));
}

std::vector<FileLine> LineReader::read(std::uint64_t from, std::size_t bytes) const {
  std::vector<FileLine> lines;
  Descriptor file = open_file(path_);
  std::uint64_t size = size_of(file);
  if (from >= size) return lines;
  std::uint64_t at = line_start(file, from, size);  // of what `text` begins with
  std::string text;
  std::size_t used = 0;  // of the text
  while (lines.empty() || used < bytes) {
    auto end = text.find('\n', used);
    if (end != std::string::npos) {
      if (end - used <= line_most)
        lines.push_back({at + used, at + end + 1, text.substr(used, end - used)});
      used = end + 1;
      continue;
    }
    if (!lines.empty() && text.size() >= bytes) break;
    if (text.size() - used > line_most) {  // the rest of it counts as its end, and is skipped
      at = line_start(file, at + text.size() + 1, size);
      text.clear();
      used = 0;
    }
    if (read_at(file, at + text.size(), std::max(bytes, step), text) == 0) break;
  }
  return lines;
}

std::optional<FileLine> LineReader::line_at(std::uint64_t begin) const {
  auto lines = read(begin, 1);
  if (lines.empty() || lines.front().begin != begin) return std::nullopt;
  return std::move(lines.front());
}

std::vector<FileLine> LineReader::tail(std::size_t count, std::size_t bytes) const {
  std::uint64_t all = size();
  std::uint64_t from = all > bytes ? all - bytes : 0;
  auto lines = read(from, bytes + step);
  if (lines.size() > count)
    lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(count));
  return lines;
}

}  // namespace tramontane
