#include "actors/view/output.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <poll.h>
#include <string>
#include <sys/ioctl.h>
#include <unistd.h>

namespace tramontane {

namespace {

constexpr int look_again_ms = 100;
constexpr std::size_t piece = PIPE_BUF;

int positive(const char* variable, int otherwise) {
  const char* value = std::getenv(variable);
  long parsed = value ? std::strtol(value, nullptr, 10) : 0;
  return parsed > 0 && parsed < 10000 ? static_cast<int>(parsed) : otherwise;
}

}  // namespace

bool Output::write(std::string_view bytes) {
  while (!bytes.empty()) {
    pollfd ready{file_descriptor_, POLLOUT, 0};
    int found = ::poll(&ready, 1, look_again_ms);
    if (found < 0 && errno != EINTR) return false;
    if (found == 0 && let_go_) return false;
    if (found <= 0) continue;
    // A pipe that is ready has room for this much: the write does not block.
    ssize_t written = ::write(file_descriptor_, bytes.data(), std::min(bytes.size(), piece));
    if (written > 0)
      bytes.remove_prefix(static_cast<std::size_t>(written));
    else if (written == 0 || (errno != EINTR && errno != EAGAIN && errno != EWOULDBLOCK))
      return false;
  }
  return true;
}

FrameSize terminal_size(int file_descriptor) {
  winsize size{};
  if (::ioctl(file_descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0)
    return {size.ws_col, size.ws_row};
  return {positive("COLUMNS", 80), positive("LINES", 24)};
}

bool cursor_moves() {
  const char* terminal = std::getenv("TERM");
  return terminal && *terminal && std::string_view(terminal) != "dumb";
}

bool colour_wanted() {
  const char* refused = std::getenv("NO_COLOR");
  return !(refused && *refused) && cursor_moves();
}

}  // namespace tramontane
