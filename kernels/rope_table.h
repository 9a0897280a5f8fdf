#pragma once
// The angles of rotary embeddings, the same numbers for kernels of the CPU and of devices.

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace tramontane::kernels {

// (positions, head_dim): of each position the cosines of its head_dim / 2 angles, then their sines
// (Su et al. 2021). head_dim is even.
inline std::vector<float> rope_angles(std::int64_t positions, std::int64_t head_dim, double theta) {
  const std::int64_t half = head_dim / 2;
  std::vector<float> angles(static_cast<std::size_t>(positions * head_dim));
  for (std::int64_t i = 0; i < half; ++i) {
    const double frequency =
        std::pow(theta, -2.0 * static_cast<double>(i) / static_cast<double>(head_dim));
    for (std::int64_t position = 0; position < positions; ++position) {
      const double angle = static_cast<double>(position) * frequency;
      float* row = angles.data() + position * head_dim;
      row[i] = static_cast<float>(std::cos(angle));
      row[half + i] = static_cast<float>(std::sin(angle));
    }
  }
  return angles;
}

}  // namespace tramontane::kernels
