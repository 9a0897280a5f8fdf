#pragma once
// What this process has of the machine's memory, and what it can still take. Linux; where the
// system does not say, nothing is known. Any thread.

#include <cstdint>
#include <optional>
#include <string>

namespace tramontane {

// Bytes that can still be taken without swapping: MemAvailable, or what the control groups of this
// process (version 1 or 2) leave, whichever is least. What a group holds of files that nobody uses
// counts as free, as in MemAvailable. (`ulimit -v` bounds addresses, of which a process has several
// times its memory.) `root` is put before /proc and /sys.
std::optional<std::uint64_t> memory_at_hand(const std::string& root = "");

struct ProcessMemory {
  std::uint64_t now = 0;   // resident bytes
  std::uint64_t peak = 0;  // the most that they were
};

std::optional<ProcessMemory> process_memory(const std::string& root = "");

}  // namespace tramontane
