#pragma once
// Random values and comparisons for the kernels' tests.

#include "tests/kernels/reference.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>
#include <span>

namespace tramontane {

using reference::Reals;
using reference::Values;

// Values of a fixed seed, so that a failure repeats.
class Source {
 public:
  explicit Source(std::uint32_t seed) : engine_(seed) {}

  Values normal(std::int64_t n, float scale = 1) {
    std::normal_distribution<float> normal(0, scale);
    Values values(static_cast<std::size_t>(n));
    for (float& v : values) v = normal(engine_);
    return values;
  }

  std::int64_t whole(std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(engine_);
  }

  float uniform() { return std::uniform_real_distribution<float>(0, 1)(engine_); }

 private:
  std::mt19937 engine_;
};

// The largest difference as a share of the largest expected magnitude; infinite for any NaN.
inline double gap(std::span<const float> actual, const Reals& expected) {
  if (actual.size() != expected.size()) return INFINITY;
  double largest = 1e-30;
  double difference = 0;
  for (std::size_t i = 0; i < actual.size(); ++i) {
    if (std::isnan(actual[i]) || std::isnan(expected[i])) return INFINITY;
    largest = std::max(largest, std::abs(expected[i]));
    difference = std::max(difference, std::abs(actual[i] - expected[i]));
  }
  return difference / largest;
}

inline bool same_bits(std::span<const float> a, std::span<const float> b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size_bytes()) == 0;
}

}  // namespace tramontane
