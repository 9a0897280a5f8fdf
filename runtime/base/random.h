#pragma once
// Counter-based random numbers: Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy
// as 1, 2, 3", SC'11). A draw is a pure function of its key and counter, so that a rollout does
// not depend on its neighbours and can be replayed.
//
//   float u = uniform({.seed = 7, .stream = rollout_id, .position = 12});

#include <array>
#include <cstdint>

namespace tramontane {

// Names one draw. `lane` tells apart several draws at one position.
struct Draw {
  std::uint64_t seed = 0;
  std::uint64_t stream = 0;
  std::uint32_t position = 0;
  std::uint32_t lane = 0;
};

std::array<std::uint32_t, 4> philox(Draw draw);

// A seed for one purpose, from the seed of the whole: draws of different purposes never overlap,
// whatever their streams and positions.
std::uint64_t derived_seed(std::uint64_t seed, std::uint64_t purpose);

// Uniform in [0, 1) with 24 bits: exactly representable as float, never 1.
float uniform(Draw draw);

// Uniform in [0, bound); bound > 0. Bias below bound / 2^64.
std::uint64_t uniform_below(Draw draw, std::uint64_t bound);

// A stateful sequence over the same generator, for shuffles and simulations.
// Not thread-safe.
class Random {
 public:
  explicit Random(std::uint64_t seed, std::uint64_t stream = 0) : draw_{seed, stream, 0, 0} {}

  std::uint64_t below(std::uint64_t bound);
  float uniform();

  // Standard normal by Box-Muller.
  float normal();

 private:
  Draw next();

  Draw draw_;
};

// The `index`-th element of a permutation of [0, size) fixed by `seed`, in constant memory: a
// cycle-walking Feistel network over Philox. index < size.
std::uint64_t permuted(std::uint64_t index, std::uint64_t size, std::uint64_t seed);

}  // namespace tramontane
