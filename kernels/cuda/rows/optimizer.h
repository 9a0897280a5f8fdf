#pragma once
// Bodies of the optimizer's passes over all parameters.

#include "kernels/cuda/rows/output.h"

namespace tramontane::kernels::cuda {

constexpr int optimizer_threads = 256;

// The factors of a step, worked out once on the host, as in kernels/cpu/optimizer.cc.
struct AdamWFactors {
  float beta1, beta2, rest1, rest2, decay, step, root, eps, scale;
};

TRAM_BODY void adamw_element(const AdamW& a, const AdamWFactors& f, float scale, std::int64_t i) {
  const float g = a.gradients[i] * scale;
  const float m = fused(a.mean[i], f.beta1, g * f.rest1);
  const float s = fused(a.square[i], f.beta2, g * g * f.rest2);
  const float p = a.parameters[i] * f.decay;
  const float denominator = fused(__builtin_sqrtf(s), f.root, f.eps);
  const float updated = fused(f.step, m / denominator, p);
  a.mean[i] = m;
  a.square[i] = s;
  a.parameters[i] = updated;
  if (a.arena) a.arena[i] = to_bfloat16(updated);
}

struct alignas(8) Bfloat16x4 {
  Bfloat16 at[4];
};

// Four neighbours at once, each by the arithmetic of adamw_element.
TRAM_BODY void adamw_vector(const AdamW& a, const AdamWFactors& f, float scale, std::int64_t i) {
  Float4 g = *reinterpret_cast<const Float4*>(a.gradients + i);
  Float4 m = *reinterpret_cast<const Float4*>(a.mean + i);
  Float4 s = *reinterpret_cast<const Float4*>(a.square + i);
  Float4 p = *reinterpret_cast<const Float4*>(a.parameters + i);
  Bfloat16x4 cast;
  AdamW one = a;
  one.gradients = g.at;
  one.mean = m.at;
  one.square = s.at;
  one.parameters = p.at;
  one.arena = cast.at;
#pragma unroll
  for (int j = 0; j < 4; ++j) adamw_element(one, f, scale, j);
  *reinterpret_cast<Float4*>(a.mean + i) = m;
  *reinterpret_cast<Float4*>(a.square + i) = s;
  *reinterpret_cast<Float4*>(a.parameters + i) = p;
  if (a.arena) *reinterpret_cast<Bfloat16x4*>(a.arena + i) = cast;
}

// Block (part of the parameters).
template <class Block>
TRAM_BODY void adamw_part(Block& block, const AdamW& a, const AdamWFactors& f) {
  const float scale = a.device_scale ? f.scale * *a.device_scale : f.scale;
  const std::int64_t i =
      (static_cast<std::int64_t>(block.x()) * block.threads() + block.thread()) * 4;
  if (i + 4 <= a.n) {
    adamw_vector(a, f, scale, i);
    return;
  }
  for (std::int64_t j = i; j < a.n; ++j) adamw_element(a, f, scale, j);
}

// Block (part of norm_part elements): sums of squares.
template <class Block>
TRAM_BODY void square_part(Block& block, const float* x, std::int64_t n, double* sums) {
  const std::int64_t begin = block.x() * norm_part;
  const std::int64_t end = begin + norm_part < n ? begin + norm_part : n;
  double sum = 0;
  std::int64_t i = begin + block.thread() * 4;
  for (; i + 4 <= end; i += block.threads() * 4) {
    const Float4 v = *reinterpret_cast<const Float4*>(x + i);
#pragma unroll
    for (int j = 0; j < 4; ++j) sum += static_cast<double>(v.at[j]) * static_cast<double>(v.at[j]);
  }
  for (; i < end; ++i) sum += static_cast<double>(x[i]) * static_cast<double>(x[i]);
  sum = block_sum(block, sum, reinterpret_cast<double*>(block.shared()));
  if (block.thread() == 0) sums[block.x()] = sum;
}

// One block: the root of the sum of the parts.
template <class Block>
TRAM_BODY void root_of_parts(Block& block, const double* sums, std::int64_t parts, double* result) {
  double sum = 0;
  for (std::int64_t i = block.thread(); i < parts; i += block.threads()) sum += sums[i];
  sum = block_sum(block, sum, reinterpret_cast<double*>(block.shared()));
  if (block.thread() == 0) *result = __builtin_sqrt(sum);
}

}  // namespace tramontane::kernels::cuda
