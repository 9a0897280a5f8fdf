#include "actors/run/interrupt_watch.h"

#include "actors/view/output.h"
#include "runtime/base/process_limits.h"
#include "runtime/cli/cli.h"

#include <ctime>
#include <pthread.h>
#include <string_view>
#include <unistd.h>
#include <utility>

namespace tramontane {
namespace {

[[noreturn]] void leave() {
  constexpr std::string_view show_cursor = "\x1b[?25h\n";
  if (::isatty(STDOUT_FILENO) != 0 && cursor_moves())
    static_cast<void>(::write(STDOUT_FILENO, show_cursor.data(), show_cursor.size()));
  ::_exit(static_cast<int>(ExitStatus::interrupted));
}

}  // namespace

InterruptWatch::InterruptWatch() {
  sigemptyset(&signals_);
  sigaddset(&signals_, SIGINT);
  sigaddset(&signals_, SIGTERM);

  struct sigaction hangup {};

  ::sigaction(SIGHUP, nullptr, &hangup);
  if (hangup.sa_handler != SIG_IGN) sigaddset(&signals_, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
}

InterruptWatch::~InterruptWatch() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
  pthread_sigmask(SIG_UNBLOCK, &signals_, nullptr);
}

void InterruptWatch::start() {
  thread_ = start_thread("the thread that waits for Ctrl-C", [this] { watch(); });
}

void InterruptWatch::on_next(std::function<void()> first) {
  std::lock_guard lock(mutex_);
  next_ = std::move(first);
}

void InterruptWatch::watch() {
  while (!stopping_) {
    timespec wait{0, 100'000'000};
    if (sigtimedwait(&signals_, nullptr, &wait) < 0) continue;
    std::lock_guard lock(mutex_);
    if (!next_) leave();
    std::exchange(next_, nullptr)();
  }
}

}  // namespace tramontane
