#pragma once
// A jail is where one program runs: a process tree in new pid, mount and ipc namespaces, below an
// init of ours that reaps, reports how the program ended, and takes all the others with it.
//
//   server ── init (pid 1: privileged, so that the program cannot touch it)
//               └── program (pid 2: no privileges, filter, limits) ── its children

#include "actors/rewards/sandbox/program.h"
#include "actors/rewards/sandbox/room.h"
#include "runtime/base/descriptor.h"

#include <string>
#include <sys/types.h>

namespace tramontane::sandbox {

// Descriptors that the program gets; all at 10 or above, close-on-exec.
struct Ends {
  int input = -1;     // becomes 0
  int output = -1;    // 1
  int errors = -1;    // 2
  int link_in = -1;   // 3, or none
  int link_out = -1;  // 4, or none
};

// What init writes, once: the status of the program, or why it did not start.
struct Ended {
  std::int32_t failed = 0;  // errno of what could not be done; 0: the program was started
  std::int32_t status = 0;  // as of waitpid
  std::uint64_t cpu_us = 0;
  std::uint64_t peak_bytes = 0;
  char what[80] = {};  // that failed
};

struct JailPlan {
  const Program* program = nullptr;
  // Runs inside in the program's place, as the last step, and gives its exit code.
  int (*instead)() = nullptr;
  std::size_t lane = 0;
  int work = -1;  // Work::root
  Ends ends;
  int go = -1;      // the jail waits for one byte here
  int go_end = -1;  // the server's end of it, which the jail inherits and closes
  int report = -1;  // the jail writes Ended here
};

// The init's process, and its pidfd in `watch`; -1 with errno. SIGTERM makes init kill everything
// else and report; SIGKILL kills all at once.
pid_t open_jail(const Room& room, const JailPlan& plan, Descriptor& watch);

}  // namespace tramontane::sandbox
