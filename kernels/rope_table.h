#pragma once
// The angles of rotary embeddings, the same numbers for kernels of the CPU and of devices.
// Frequencies and angles are rounded to float32 where the implementations that models are trained
// with round them: at position 10⁵ that is more than the sines' own precision.

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace tramontane::kernels {

// (head_dim / 2): theta^(-2i / head_dim), in radians per position (Su et al. 2021). head_dim is
// even.
inline std::vector<float> rope_frequencies(std::int64_t head_dim, double theta) {
  std::vector<float> frequencies(static_cast<std::size_t>(head_dim / 2));
  for (std::size_t i = 0; i < frequencies.size(); ++i) {
    const float exponent = static_cast<float>(2 * i) / static_cast<float>(head_dim);
    frequencies[i] = 1.0F / static_cast<float>(
                                std::pow(static_cast<float>(theta), static_cast<double>(exponent)));
  }
  return frequencies;
}

// (positions, head_dim): of each position the cosines of its head_dim / 2 angles, then their sines,
// all times `factor`.
inline std::vector<float> rope_angles(
    std::int64_t positions, std::span<const float> frequencies, float factor) {
  const std::size_t half = frequencies.size();
  std::vector<float> angles(static_cast<std::size_t>(positions) * 2 * half);
  float* row = angles.data();
  for (std::int64_t position = 0; position < positions; ++position) {
    for (std::size_t i = 0; i < half; ++i) {
      const float rounded = static_cast<float>(position) * frequencies[i];
      const auto angle = static_cast<double>(rounded);
      row[i] = static_cast<float>(std::cos(angle)) * factor;
      row[half + i] = static_cast<float>(std::sin(angle)) * factor;
    }
    row += 2 * half;
  }
  return angles;
}

}  // namespace tramontane::kernels
