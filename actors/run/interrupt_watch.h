#pragma once
// Ctrl-C once: finish the step. Twice: stop at once; the ledger has everything that matters. A
// terminal that goes away (SIGHUP) is Ctrl-C, unless whoever started us ignores that (nohup).
//
//   InterruptWatch interrupts;                 // before any other thread: all leave signals to it
//   interrupts.start();
//   interrupts.on_next([&] { pipeline.finish("interrupted"); });

#include <atomic>
#include <csignal>
#include <functional>
#include <mutex>
#include <thread>

namespace tramontane {

class InterruptWatch {
 public:
  InterruptWatch();
  ~InterruptWatch();
  InterruptWatch(const InterruptWatch&) = delete;
  InterruptWatch& operator=(const InterruptWatch&) = delete;

  void start();

  // What the next Ctrl-C does; the one after it stops at once, as does the next where `first` is
  // nothing. When this returns, what was set before is not running and will not run again.
  void on_next(std::function<void()> first);

 private:
  void watch();

  sigset_t signals_{};
  std::mutex mutex_;
  std::function<void()> next_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace tramontane
