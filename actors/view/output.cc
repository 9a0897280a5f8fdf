#include "actors/view/output.h"

#include <cerrno>
#include <cstdlib>
#include <poll.h>
#include <string>
#include <sys/ioctl.h>
#include <unistd.h>

namespace tramontane {

namespace {

int positive(const char* variable, int otherwise) {
  const char* value = std::getenv(variable);
  long parsed = value ? std::strtol(value, nullptr, 10) : 0;
  return parsed > 0 && parsed < 10000 ? static_cast<int>(parsed) : otherwise;
}

}  // namespace

bool write_all(int file_descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t written = ::write(file_descriptor, bytes.data(), bytes.size());
    if (written > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(written));
    } else if (written < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      // A terminal that somebody made non-blocking. One that takes nothing for this long is stuck
      // (a paused screen): the frame is given up, the run goes on.
      pollfd ready{file_descriptor, POLLOUT, 0};
      if (::poll(&ready, 1, 2000) == 0) return false;
    } else if (written == 0 || errno != EINTR) {
      return false;
    }
  }
  return true;
}

FrameSize terminal_size(int file_descriptor) {
  winsize size{};
  if (::ioctl(file_descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0)
    return {size.ws_col, size.ws_row};
  return {positive("COLUMNS", 80), positive("LINES", 24)};
}

bool colour_wanted() {
  const char* refused = std::getenv("NO_COLOR");
  const char* terminal = std::getenv("TERM");
  return !(refused && *refused) && !(terminal && std::string_view(terminal) == "dumb");
}

}  // namespace tramontane
