#pragma once
// What a trainer's backward pass computes again instead of keeping it.

#include <cstdint>

namespace tramontane {

// Results are the same bit for bit by either.
enum class Recompute : std::uint8_t {
  none,    // nothing: all activations are kept, and all matrices packed
  layers,  // of each layer its input is kept; its matrices are packed each time it is computed
};

}  // namespace tramontane
