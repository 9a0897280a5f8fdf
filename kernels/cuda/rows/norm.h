#pragma once
// Bodies of the simplest row kernels: embedding, RMSNorm with residual, SwiGLU. A thread handles 8
// elements at a time.

#include "kernels/cuda/ops.h"
#include "kernels/cuda/rows/arithmetic.h"

namespace tramontane::kernels::cuda {

constexpr int norm_threads = 256;

TRAM_BODY Bfloat16x8 load8(const Bfloat16* at) {
  return *reinterpret_cast<const Bfloat16x8*>(at);
}

TRAM_BODY void store8(Bfloat16* at, const Bfloat16x8& value) {
  *reinterpret_cast<Bfloat16x8*>(at) = value;
}

// Block (row).
template <class Block>
TRAM_BODY void embed_row(Block& block, const Embed& e) {
  const std::int64_t row = block.x();
  const std::int32_t id = e.ids[row];
  for (std::int64_t i = block.thread() * 8; i < e.width; i += block.threads() * 8)
    store8(e.out + row * e.width + i, id < 0 ? Bfloat16x8{} : load8(e.table + id * e.width + i));
}

// Block (row) of norm_threads. Each thread sums its groups of 8 in rising order, then the block.
template <class Block>
TRAM_BODY void rms_norm_row(Block& block, const RmsNorm& n) {
  const std::int64_t row = block.x();
  Bfloat16* x = n.x + (n.picked ? n.picked[row] : row) * n.width;
  const std::int64_t step = block.threads() * 8;
  float squares = 0;
  for (std::int64_t i = block.thread() * 8; i < n.width; i += step) {
    Bfloat16x8 values = load8(x + i);
    if (n.addend) {
      const Bfloat16x8 more = load8(n.addend + row * n.width + i);
      for (int j = 0; j < 8; ++j)
        values.at[j] = to_bfloat16(to_float(values.at[j]) + to_float(more.at[j]));
      store8(x + i, values);
    }
    for (int j = 0; j < 8; ++j) {
      const float v = to_float(values.at[j]);
      squares = fused(v, v, squares);
    }
  }
  const float total = block_sum(block, squares, reinterpret_cast<float*>(block.shared()));
  const float scale = 1.0F / __builtin_sqrtf(total / static_cast<float>(n.width) + n.eps);
  if (n.rstd && block.thread() == 0) n.rstd[row] = scale;
  for (std::int64_t i = block.thread() * 8; i < n.width; i += step) {
    const Bfloat16x8 values = load8(x + i);  // this thread's own
    const Bfloat16x8 weights = load8(n.weight + i);
    Bfloat16x8 result;
    for (int j = 0; j < 8; ++j)
      result.at[j] = to_bfloat16(to_float(values.at[j]) * scale * to_float(weights.at[j]));
    store8(n.y + row * n.width + i, result);
  }
}

// Block (part of the width, row).
template <class Block>
TRAM_BODY void swiglu_row(Block& block, const Swiglu& s) {
  const std::int64_t row = block.y();
  const std::int64_t i = (block.x() * block.threads() + block.thread()) * 8;
  if (i >= s.width) return;
  const Bfloat16x8 gates = load8(s.gate_up + row * 2 * s.width + i);
  const Bfloat16x8 ups = load8(s.gate_up + row * 2 * s.width + s.width + i);
  Bfloat16x8 result;
  for (int j = 0; j < 8; ++j) {
    const float gate = to_float(gates.at[j]);
    result.at[j] = to_bfloat16(gate * sigmoid(gate) * to_float(ups.at[j]));
  }
  store8(s.out + row * s.width + i, result);
}

}  // namespace tramontane::kernels::cuda
