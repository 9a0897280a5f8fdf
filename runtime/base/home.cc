#include "runtime/base/home.h"

#include "runtime/base/check.h"
#include "runtime/base/descriptor.h"
#include "runtime/base/result.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <optional>
#include <string_view>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

namespace tramontane {
namespace {

constexpr std::size_t token_digits = 2 * std::tuple_size_v<AccessToken>;

std::string environment_folder(const char* variable) {
  const char* value = std::getenv(variable);
  return value == nullptr ? "" : value;
}

[[noreturn]] void failed(const std::string& what, const std::string& path) {
  throw Error(Errc::io, str(what, " ", path, ": ", std::strerror(errno)));
}

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

std::optional<AccessToken> parse_token(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  if (text.size() != token_digits) return std::nullopt;
  AccessToken token{};
  for (std::size_t i = 0; i < token.size(); ++i) {
    int high = digit(text[2 * i]);
    int low = digit(text[2 * i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    token[i] = static_cast<std::byte>(high * 16 + low);
  }
  return token;
}

// Nothing if there is no such file.
std::optional<AccessToken> read_token(const std::string& path) {
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!file && errno == ENOENT) return std::nullopt;
  if (!file) failed("the token file cannot be read:", path);

  struct stat status {};

  if (::fstat(file.get(), &status) != 0) failed("the token file cannot be read:", path);
  if (!S_ISREG(status.st_mode)) throw Error(Errc::bad_input, str(path, " is no file"));
  if ((status.st_mode & 077) != 0)
    throw Error(
        Errc::bad_input, str(path, ": others may read or write this token: take a new one (rm ",
                             path, "), or chmod 600 it if nobody has"));
  char text[token_digits + 16];
  ssize_t count = ::read(file.get(), text, sizeof text);
  if (count < 0) failed("the token file cannot be read:", path);
  auto token = parse_token({text, static_cast<std::size_t>(count)});
  if (!token)
    throw Error(Errc::bad_input,
        str(path, ": a token is ", token_digits, " hexadecimal digits, and this is not"));
  return token;
}

// Under a name of its own first, so that nobody reads a half; false if another was quicker.
bool make_token(const std::string& path) {
  AccessToken token{};
  random_bytes(token.data(), token.size());
  std::string text = token_text(token) + "\n";
  AccessToken name{};
  random_bytes(name.data(), name.size());
  std::string draft = path + "." + token_text(name).substr(0, 16);
  Descriptor file(::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file) failed("the token file cannot be made:", draft);
  bool written = ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
  if (!written || ::fsync(file.get()) != 0) {
    int error = errno;
    ::unlink(draft.c_str());
    errno = error;
    failed("the token file cannot be written:", draft);
  }
  bool first = ::link(draft.c_str(), path.c_str()) == 0;
  int error = errno;
  ::unlink(draft.c_str());
  errno = error;
  if (!first && error != EEXIST) failed("the token file cannot be made:", path);
  return first;
}

}  // namespace

std::string home_folder() {
  std::string folder = environment_folder("TRAM_HOME");
  if (folder.empty() && !environment_folder("XDG_STATE_HOME").empty())
    folder = environment_folder("XDG_STATE_HOME") + "/tramontane";
  if (folder.empty() && !environment_folder("HOME").empty())
    folder = environment_folder("HOME") + "/.local/state/tramontane";
  if (folder.empty())
    throw Error(Errc::bad_input, "there is no HOME: say by TRAM_HOME where to keep the token");
  std::error_code error;
  folder = std::filesystem::absolute(folder, error).lexically_normal();
  std::filesystem::create_directories(std::filesystem::path(folder).parent_path(), error);
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
    failed("the folder cannot be made (TRAM_HOME says where):", folder);
  return folder;
}

AccessToken token_of(const std::string& path) {
  if (auto token = read_token(path)) return *token;
  make_token(path);
  if (auto token = read_token(path)) return *token;
  throw Error(Errc::io, str(path, " went away while it was read"));
}

std::string token_text(const AccessToken& token) {
  constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (std::byte each : token) {
    text += digits[std::to_integer<int>(each) >> 4];
    text += digits[std::to_integer<int>(each) & 15];
  }
  return text;
}

void random_bytes(std::byte* into, std::size_t count) {
  for (std::size_t had = 0; had < count;) {
    ssize_t got = ::getrandom(into + had, count - had, 0);
    if (got < 0 && errno != EINTR) throw Error(Errc::io, str("getrandom: ", std::strerror(errno)));
    if (got > 0) had += static_cast<std::size_t>(got);
  }
}

bool equal_in_constant_time(ByteView one, ByteView other) {
  if (one.size() != other.size()) return false;
  volatile unsigned difference = 0;
  for (std::size_t i = 0; i < one.size(); ++i)
    difference = difference | std::to_integer<unsigned>(one[i] ^ other[i]);
  return difference == 0;
}

}  // namespace tramontane
