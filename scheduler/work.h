#pragma once
// What an actor does. Values: any thread.

#include <cstdint>

namespace tramontane {

// What a group does decides which nodes are good for it, unless it says more.
enum class Work : std::uint8_t {
  passes = 0,     // messages: any instruction set
  computes = 1,   // with the model's kernels: on the job's one instruction set
  generates = 2,  // computes, and is spread by default
};

}  // namespace tramontane
