// Passes over all parameters: AdamW with the cast into the arena, the norm, the fingerprint.
// Bodies: rows/optimizer.h, rows/hash.h.

#include "kernels/cuda/hardware.cuh"
#include "kernels/cuda/rows/hash.h"
#include "kernels/cuda/rows/optimizer.h"

#include <cmath>

namespace tramontane::kernels::cuda {
namespace {

__global__ void __launch_bounds__(optimizer_threads)
    adamw_kernel(const AdamW a, const AdamWFactors factors) {
  begin();
  HardwareBlock block;
  adamw_part(block, a, factors);
}

__global__ void square_kernel(const float* x, std::int64_t n, double* sums) {
  begin();
  HardwareBlock block;
  square_part(block, x, n, sums);
}

__global__ void root_kernel(const double* sums, std::int64_t parts, double* result) {
  begin();
  HardwareBlock block;
  root_of_parts(block, sums, parts, result);
}

__global__ void __launch_bounds__(fingerprint_threads)
    leaf_kernel(const std::byte* data, std::int64_t bytes, std::uint64_t* leaves) {
  begin();
  HardwareBlock block;
  hash_leaf(block, data, bytes, leaves);
}

__global__ void hash_root_kernel(
    std::int64_t bytes, const std::uint64_t* leaves, std::uint64_t* result) {
  begin();
  HardwareBlock block;
  hash_root(block, bytes, leaves, result);
}

AdamWFactors factors_of(const AdamW& a) {
  const double steps = static_cast<double>(a.step);
  const double mean_bias = 1 - std::pow(static_cast<double>(a.beta1), steps);
  const double square_bias = 1 - std::pow(static_cast<double>(a.beta2), steps);
  return {.beta1 = a.beta1,
      .beta2 = a.beta2,
      .rest1 = static_cast<float>(1 - static_cast<double>(a.beta1)),
      .rest2 = static_cast<float>(1 - static_cast<double>(a.beta2)),
      .decay = static_cast<float>(1 - static_cast<double>(a.learning_rate) * a.weight_decay),
      .step = static_cast<float>(-a.learning_rate / mean_bias),
      .root = static_cast<float>(1 / std::sqrt(square_bias)),
      .eps = a.eps,
      .scale = a.gradient_scale};
}

}  // namespace

void adamw(const AdamW& a, Stream stream) {
  launch("adamw", adamw_kernel, dim3(parts_of(a.n, optimizer_threads * 4)), optimizer_threads, 0,
      stream, a, factors_of(a));
}

void norm(const float* x, std::int64_t n, double* sums, double* result, Stream stream) {
  launch("norm", square_kernel, dim3(parts_of(n, norm_part)), optimizer_threads, 256, stream, x, n,
      sums);
  launch("norm (root)", root_kernel, dim3(1), optimizer_threads, 256, stream,
      static_cast<const double*>(sums), norm_parts(n), result);
}

void fingerprint(const void* data, std::int64_t bytes, std::uint64_t* leaves, std::uint64_t* result,
    Stream stream) {
  if (bytes % 16 != 0) throw DeviceError("fingerprint: a size that is no multiple of 16 bytes");
  launch("fingerprint", leaf_kernel,
      dim3(parts_of(fingerprint_words(bytes), fingerprint_threads / warp_lanes)),
      fingerprint_threads, 0, stream, static_cast<const std::byte*>(data), bytes, leaves);
  launch("fingerprint (root)", hash_root_kernel, dim3(1), warp_lanes, 0, stream, bytes,
      static_cast<const std::uint64_t*>(leaves), result);
}

}  // namespace tramontane::kernels::cuda
