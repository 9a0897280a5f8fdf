#include "runtime/node/log_tail.h"

#include "runtime/base/descriptor.h"
#include "runtime/base/json_text.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

namespace tramontane {
namespace {

constexpr std::size_t read_max = 64 << 10;
constexpr std::size_t line_max = 4 << 10;
constexpr std::string_view cut_mark = "…";

// The last `read_max` bytes; `whole` says whether that is all of it.
std::string end_of(const std::string& path, bool& whole) {
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));

  struct stat status {};

  if (!file || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return {};
  auto size = static_cast<std::size_t>(status.st_size);
  std::size_t begin = size - std::min(size, read_max);
  whole = begin == 0;
  std::string bytes(size - begin, '\0');
  std::size_t have = 0;
  while (have < bytes.size()) {
    ssize_t got = ::pread(
        file.get(), bytes.data() + have, bytes.size() - have, static_cast<off_t>(begin + have));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;  // it was cut off meanwhile
    have += static_cast<std::size_t>(got);
  }
  bytes.resize(have);
  return bytes;
}

// From `at` on, the first byte that may begin a character.
std::size_t character_from(std::string_view text, std::size_t at) {
  std::size_t end = std::min(text.size(), at + 3);
  while (at < end && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U) ++at;
  return at;
}

std::string readable(std::string_view line, bool cut) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  std::size_t begin = line.size() - std::min(line.size(), line_max);
  cut = cut || begin > 0;
  if (cut) line.remove_prefix(character_from(line, begin));
  std::string bytes(line);
  for (char& c : bytes)
    if ((static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7F) c = '\xFF';
  // The control characters that have two bytes.
  for (std::size_t i = 0; i + 1 < bytes.size(); ++i)
    if (bytes[i] == '\xC2' && static_cast<unsigned char>(bytes[i + 1]) < 0xA0) bytes[i] = '\xFF';
  return (cut ? std::string(cut_mark) : std::string()) + valid_utf8(bytes);
}

}  // namespace

std::vector<std::string> log_tail(const std::string& path, std::size_t lines_max) {
  bool whole = true;
  std::string bytes = end_of(path, whole);
  std::string_view rest = bytes;
  if (rest.ends_with('\n'))
    rest.remove_suffix(1);
  else if (rest.empty())
    return {};
  std::vector<std::string> lines;
  for (bool more = true; more && lines.size() < lines_max;) {
    auto at = rest.rfind('\n');
    more = at != std::string_view::npos;
    lines.push_back(readable(more ? rest.substr(at + 1) : rest, !more && !whole));
    if (more) rest = rest.substr(0, at);
  }
  std::ranges::reverse(lines);
  return lines;
}

}  // namespace tramontane
