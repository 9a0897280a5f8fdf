#pragma once
// A Child is another process that this program has started, and everything that must be right about
// starting one.
//
//   Child child = Child::start({.command = {"/proc/self/exe", "serve-something", "3"},
//       .descriptors = {{socket.get(), 3}}, .output = run + "/worker.log"});
//   if (auto end = child.wait(5s)) log(end->text());   // "killed by signal 9 (SIGKILL)"
//
// What a child has: the descriptors that are named and no others; /dev/null as its standard input
// unless 0 is named; every signal unblocked and as it is by default, whatever this process does
// with its own; the environment that its options say; a process group of its own, so that Ctrl-C at
// the terminal is for this program alone.
//
// It dies with this process, however that ends: `command` calls die_with_parent() (parent.h) first
// thing, or is `foreign`, and is then executed through this program. What it has forked itself dies
// with its group, if it has stayed in it: when this program kills the group or sees the end of the
// child, and, of a foreign one, also after kill -9 of this program (sweeper.h).
//
// Thread rule: start() from any thread; a Child belongs to one thread at a time. Its pidfd may be
// polled by any while it lives.

#include "runtime/base/clock.h"
#include "runtime/base/descriptor.h"

#include <cstdint>
#include <optional>
#include <string>
#include <sys/types.h>
#include <utility>
#include <vector>

namespace tramontane {

struct ChildOptions {
  // A program, looked for in PATH unless it has a slash, and its arguments.
  std::vector<std::string> command;
  // Of ours, by their numbers there. They stay ours: whoever wants an end of file closes his own.
  std::vector<std::pair<int, int>> descriptors = {};
  // The file that its standard output and standard error are appended to. Empty: they are ours.
  std::string output = {};
  // NAME=value; above what is passed on.
  std::vector<std::string> environment = {};
  // Names of variables to pass on beside those that always are (environment.h); A_* names many.
  std::vector<std::string> keep = {};
  // For programs of the user, which may need any: all but TRAM_TOKEN*.
  bool whole_environment = false;
  bool own_group = true;
  // A program that does not call die_with_parent(). It dies with this process if this program's
  // main() calls exec_child_if_asked(), else it is only killed by ~Child().
  bool foreign = false;
};

struct ChildEnd {
  int status = 0;  // as of wait4; -1 where the process ignores SIGCHLD, and the kernel kept none
  bool signalled = false;
  int signal = 0;
  int exit_code = 0;
  // The most that it, or a child that it waited for, had resident. The kernel counts what this
  // process itself had when it started the child, so that only more than that is told: 0 is less.
  std::uint64_t peak_memory_bytes = 0;
  double cpu_seconds = 0;  // of it and of the children that it waited for
  std::string
      instead;  // what is known of its end where nobody could see it: "was lost with node b"

  std::string text() const;  // "ended with status 3"
};

class Child {
 public:
  // Returns when the program is executing. Error(failed) names a program that cannot be executed
  // and says why, Error(io) the file or the limit that is in the way.
  static Child start(ChildOptions options);

  Child(Child&& other) noexcept;
  Child& operator=(Child&& other) noexcept;
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  // Kills its group, and waits until it is gone: as long as the kernel takes, which for a process
  // with much memory is seconds. Who must not stand still kills it and polls pidfd() first.
  ~Child();

  pid_t pid() const { return pid_; }

  int pidfd() const { return pidfd_.get(); }  // readable once it has ended

  // Sends the signal to the process; false if it has ended.
  bool kill(int signal);
  // Sends it to all of its group, where it has one of its own.
  void kill_group(int signal);

  // Its end, or nothing if it is still running after `limit`; zero only looks. What is left of its
  // group is killed. The end can be asked for again.
  std::optional<ChildEnd> wait(Duration limit);

 private:
  explicit Child(pid_t pid, bool own_group);

  void reap();
  void stop();

  pid_t pid_ = 0;
  Descriptor pidfd_;
  bool own_group_ = true;
  bool swept_ = false;
  std::uint64_t inherited_peak_ = 0;  // the least that the kernel will say of its memory
  std::optional<ChildEnd> end_;
};

}  // namespace tramontane
