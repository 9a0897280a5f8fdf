#pragma once
// A Cgroup bounds the memory and the number of one tree of processes, and counts what was killed
// for memory.
//
// Both versions: in version 1 the controllers `memory` and `pids` have a folder each, in version 2
// one folder has both. It is made below the server's own group, removed with the object, and used
// for one run after the other.

#include <cstdint>
#include <string>
#include <sys/types.h>
#include <vector>

namespace tramontane::sandbox {

class Cgroup {
 public:
  // Tries the kernel's versions; what cannot be had is appended to `missing` with the reason.
  Cgroup(const std::string& name, std::vector<std::string>& missing);
  ~Cgroup();

  Cgroup(const Cgroup&) = delete;
  Cgroup& operator=(const Cgroup&) = delete;

  bool limits_memory() const { return !memory_.empty(); }

  bool limits_processes() const { return !pids_.empty(); }

  // For the next run. Empty, or why not.
  std::string limit(std::uint64_t memory_bytes, std::uint32_t processes);
  std::string enter(pid_t pid);

  // Whether the kernel killed for want of memory since limit(): as the group was at its own limit,
  // or as the machine, or a group around this one, had none left.
  enum class Killed : std::uint8_t { no, at_limit, by_machine };
  Killed killed() const;

 private:
  std::string memory_;  // folders; empty: not to be had
  std::string pids_;
  bool unified_ = false;
  std::uint64_t memory_bytes_ = 0;  // of the run
  std::uint64_t kills_ = 0;         // before it
  std::uint64_t at_limit_ = 0;

  std::uint64_t event(const char* word) const;
};

}  // namespace tramontane::sandbox
