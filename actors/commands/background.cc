#include "actors/commands/background.h"

#include "runtime/base/check.h"
#include "runtime/base/result.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace tramontane {
namespace {

sigset_t end_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  return set;
}

// What the other process says, until it closes its end.
std::string read_all(int from) {
  std::string text;
  char piece[512];
  for (;;) {
    ssize_t count = ::read(from, piece, sizeof piece);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return text;
    text.append(piece, static_cast<std::size_t>(count));
  }
}

[[noreturn]] void report_for(pid_t child, int from) {
  std::string text = read_all(from);
  if (!text.empty()) {
    std::fputs(text.c_str(), stdout);
    std::fflush(stdout);
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  ::_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}

}  // namespace

Background::Background(std::string log) : log_(std::move(log)) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw Error(Errc::io, str("pipe: ", std::strerror(errno)));
  std::fflush(nullptr);
  pid_t child = ::fork();
  if (child < 0) throw Error(Errc::io, str("fork: ", std::strerror(errno)));
  if (child > 0) {
    ::close(ends[1]);
    report_for(child, ends[0]);
  }
  ::close(ends[0]);
  report_ = ends[1];
  ::setsid();
}

Background::~Background() {
  if (report_ >= 0) ::close(report_);
}

void Background::ready(const std::string& text) {
  int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  int log = ::open(log_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (nothing < 0 || log < 0) throw Error(Errc::io, str(log_, ": ", std::strerror(errno)));
  ::dup2(nothing, STDIN_FILENO);
  ::dup2(log, STDOUT_FILENO);
  ::dup2(log, STDERR_FILENO);
  ::close(nothing);
  ::close(log);
  if (::write(report_, text.data(), text.size()) < 0) return;  // whoever waited is gone
  ::close(std::exchange(report_, -1));
}

void block_end_signals() {
  sigset_t set = end_signals();
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

void wait_for_end_signal() {
  sigset_t set = end_signals();
  int which = 0;
  while (::sigwait(&set, &which) != 0) {
  }
}

void let_end_signals_through() {
  sigset_t set = end_signals();
  ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

}  // namespace tramontane
