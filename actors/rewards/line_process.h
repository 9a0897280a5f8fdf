#pragma once
// A LineProcess is a program that is kept running and spoken to in lines: one line in, one line
// out. It is started when first needed, killed when a line is late or too long, and started again.
//
//   LineProcess grader({"python3", "grade.py"});
//   std::string reply = grader.ask(line, 5s);
//
// What it writes to standard error is kept, its last lines in every failure's text. It has the
// whole environment (runtime/node/environment.h), and a process group of its own: what it has
// forked is killed with it, unless it has left that group. Both die with this process where its
// main() calls exec_child_if_asked(), however it ends.
//
// One thread at a time; ask() blocks up to its deadline.

#include "runtime/base/descriptor.h"
#include "runtime/base/result.h"
#include "runtime/node/child.h"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace tramontane {

class LineProcess {
 public:
  explicit LineProcess(std::vector<std::string> command);
  LineProcess(const LineProcess&) = delete;
  LineProcess& operator=(const LineProcess&) = delete;
  ~LineProcess();

  // The reply without its line end. `line` has none. Error(timeout) or Error(failed) says what
  // happened; the process is then gone, and the next ask() starts another.
  std::string ask(const std::string& line, std::chrono::milliseconds deadline);

  std::uint64_t started() const { return started_; }

 private:
  using Time = std::chrono::steady_clock::time_point;

  void start();
  void stop();
  [[noreturn]] void fail(Errc code, const std::string& what);
  void send(const std::string& line, Time deadline);
  std::string receive(Time deadline);
  // Waits until the process can be written to or read from; keeps what it says to standard error.
  short wait(short wanted, int descriptor, Time deadline);
  void keep_errors();

  std::vector<std::string> command_;
  std::optional<Child> child_;
  Descriptor in_;   // its standard input
  Descriptor out_;  // its standard output
  Descriptor err_;
  std::string read_;    // of its output, behind the last whole line
  std::string errors_;  // the end of its standard error
  std::uint64_t started_ = 0;
};

}  // namespace tramontane
