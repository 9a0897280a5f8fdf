#pragma once
// Replays a recorded run from version 0 and compares everything bit for bit.

#include <cstdint>
#include <string>

namespace tramontane {

// Prints a line per step, and at the end how many of how many were equal. `steps` 0: all that were
// trained. Returns the exit status. Error(not_found) if there is nothing to replay.
int replay_run(const std::string& run, std::uint64_t steps, bool rewrite_rollouts);

}  // namespace tramontane
