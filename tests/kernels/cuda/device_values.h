#pragma once
// Random bfloat16 values beside the same ones in float32, so that the CPU's kernels start from what
// a device starts from.

#include "kernels/cuda/bfloat16.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <span>
#include <vector>

namespace tramontane {

using kernels::cuda::Bfloat16;

// 16-byte aligned, as device memory is.
struct alignas(16) Aligned {
  std::byte bytes[16];
};

template <class T>
class DeviceValues {
 public:
  explicit DeviceValues(std::int64_t n, T fill = {})
      : size_(static_cast<std::size_t>(n)), storage_((size_ * sizeof(T) + 15) / 16) {
    std::fill_n(data(), size_, fill);
  }

  T* data() { return reinterpret_cast<T*>(storage_.data()); }

  T& operator[](std::int64_t i) { return data()[i]; }

  std::int64_t size() const { return static_cast<std::int64_t>(size_); }

 private:
  std::size_t size_;
  std::vector<Aligned> storage_;
};

class DeviceSource {
 public:
  explicit DeviceSource(std::uint32_t seed) : engine_(seed) {}

  DeviceValues<Bfloat16> halves(std::int64_t n, float scale = 1) {
    DeviceValues<Bfloat16> values(n);
    for (std::int64_t i = 0; i < n; ++i) values[i] = kernels::cuda::to_bfloat16(one(scale));
    return values;
  }

  DeviceValues<float> floats(std::int64_t n, float scale = 1) {
    DeviceValues<float> values(n);
    for (std::int64_t i = 0; i < n; ++i) values[i] = one(scale);
    return values;
  }

  std::int64_t whole(std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(engine_);
  }

  float uniform() { return std::uniform_real_distribution<float>(0, 1)(engine_); }

 private:
  float one(float scale) { return std::normal_distribution<float>(0, scale)(engine_); }

  std::mt19937 engine_;
};

inline std::vector<float> as_floats(DeviceValues<Bfloat16>& values) {
  std::vector<float> floats;
  for (std::int64_t i = 0; i < values.size(); ++i)
    floats.push_back(kernels::cuda::to_float(values[i]));
  return floats;
}

// The largest difference as a share of the largest expected magnitude; infinite for any NaN.
inline double difference(std::span<const float> actual, std::span<const float> expected) {
  if (actual.size() != expected.size()) return INFINITY;
  double largest = 1e-30;
  double gap = 0;
  for (std::size_t i = 0; i < actual.size(); ++i) {
    if (std::isnan(actual[i]) || std::isnan(expected[i])) return INFINITY;
    largest = std::max(largest, std::abs(static_cast<double>(expected[i])));
    gap = std::max(gap, std::abs(static_cast<double>(actual[i]) - expected[i]));
  }
  return gap / largest;
}

// Of a result that is rounded to bfloat16.
constexpr double rounding = 0.006;

}  // namespace tramontane
