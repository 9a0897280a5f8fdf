#pragma once
// A ProcessMark names a process so that no later one with the same number is taken for it.
//
//   write(mark_of_this_process());      // {pid 4711, started 812736, boot "6d3c…"}
//   if (is_running(read())) …           // by anybody on the same machine, later
//
// Linux; where the system does not say, nothing is known and nothing is running. Any thread.

#include <cstdint>
#include <string>

namespace tramontane {

struct ProcessMark {
  int pid = 0;
  std::uint64_t started = 0;  // in the kernel's ticks since the machine began
  std::string boot;           // which life of the machine

  bool operator==(const ProcessMark&) const = default;
};

ProcessMark mark_of_this_process();

// Whether that very process runs on this machine now. One that has ended but was not waited for
// does not.
bool is_running(const ProcessMark& mark);

}  // namespace tramontane
