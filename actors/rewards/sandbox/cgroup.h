#pragma once
// A Cgroup bounds the memory and the number of one tree of processes, and counts its memory kills.
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
  // How often the kernel killed for memory, ever.
  std::uint64_t memory_kills() const;

 private:
  std::string memory_;  // folders; empty: not to be had
  std::string pids_;
  bool unified_ = false;
};

}  // namespace tramontane::sandbox
