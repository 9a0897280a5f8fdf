#include "runtime/http/kept_sessions.h"

#include "runtime/base/check.h"
#include "runtime/base/descriptor.h"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <fcntl.h>
#include <sstream>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

namespace tramontane {
namespace {

constexpr std::size_t file_bytes_most = 64 << 10;
constexpr mode_t mode = 0600;

// Letters, digits and "_", as this program draws them.
bool is_word(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
  });
}

// Of a file that is this user's alone.
std::string text_of(const std::string& path) {
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));

  struct stat about {};

  if (!file || ::fstat(file.get(), &about) != 0) return {};
  if ((about.st_mode & 0777) != mode || about.st_uid != ::geteuid()) return {};
  std::string text(file_bytes_most, '\0');
  ssize_t got = ::read(file.get(), text.data(), text.size());
  text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return text;
}

}  // namespace

KeptSessions read_sessions(const std::string& path) {
  std::istringstream in(text_of(path));
  KeptSessions kept;
  if (!(in >> kept.cookie) || !is_word(kept.cookie)) return {};
  KeptSession one;
  while (in >> one.secret) {
    if (!is_word(one.secret) || !(in >> one.until_us)) return {};
    kept.sessions.push_back(one);
  }
  return kept;
}

bool write_sessions(const std::string& path, const KeptSessions& kept) {
  std::string text = kept.cookie + "\n";
  for (const KeptSession& one : kept.sessions) text += str(one.secret, " ", one.until_us, "\n");
  std::string fresh = path + ".new";
  ::unlink(fresh.c_str());
  Descriptor file(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
  if (!file) return false;
  bool whole = ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
  return whole && std::rename(fresh.c_str(), path.c_str()) == 0;
}

}  // namespace tramontane
