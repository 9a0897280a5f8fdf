#pragma once
// What a process, and this machine, take and have, as /proc tells. Any thread.

#include <cstdint>
#include <optional>

namespace tramontane {

struct ProcessUse {
  bool running = false;
  std::optional<std::uint64_t> memory;  // bytes resident
  std::optional<double> cpu_seconds;
  std::optional<std::uint64_t> threads;
};

ProcessUse use_of_process(int pid);

struct MachineUse {
  std::optional<std::uint64_t> cores;
  std::optional<double> load;  // of the last minute
  std::optional<std::uint64_t> memory;
  std::optional<std::uint64_t> memory_available;
};

MachineUse use_of_machine();

}  // namespace tramontane
