#pragma once
// Processes that go on behind a command: heads and nodes.
//
//   Background background;                   // before any thread: the command's process forks here
//   …                                        // in the process that goes on
//   background.ready("head: 127.0.0.1:7700");
//
// What the process that goes on says by ready() is printed by the one that the user started, which
// then ends with status 0; if it ends before that, it prints why, as any command does, and its
// status is the command's. Thread rule: one thread.

#include <csignal>
#include <string>

namespace tramontane {

class Background {
 public:
  // Its standard output and error go to the end of `log` once it is ready. Error(io).
  explicit Background(std::string log);
  ~Background();
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;

  void ready(const std::string& text);

 private:
  const std::string log_;
  int report_ = -1;
};

// Waits for SIGTERM or SIGINT, which must be blocked in all threads: block_end_signals() before any
// is started. The second of them ends the process at once.
void block_end_signals();
void wait_for_end_signal();
// From now on, they end the process as usual.
void let_end_signals_through();

}  // namespace tramontane
