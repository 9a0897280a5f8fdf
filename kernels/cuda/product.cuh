#pragma once
// What the kernels of the exact product share: its order of sums, and how results are stored.
//
// The order of sums. Depth is cut into 4 segments of equal length, a multiple of 64. Within a
// segment one float32 accumulator takes 16 depths an instruction (mma.sync m16n8k16), in rising
// order of 32, and each 32 as two halves that interleave: lane t of four holds the depths 8t..8t+7
// of both operands, and gives the first four of them to the first instruction, the others to the
// second. So every operand is 16 contiguous bytes, and no shuffle is needed. The segments are added
// in rising order. Activations are always the left operand (m), weights the right (n).

#include "kernels/cuda/hardware.cuh"
#include "kernels/cuda/rows/norm.h"

namespace tramontane::kernels::cuda {

constexpr int segments = 4;
constexpr int stage_depth = 64;

// Up to thin_rows rows; x may be normalised on the way.
void multiply_thin(const Multiply& m, Stream stream);

// Any number of rows; x as it is.
void multiply_wide(const Multiply& m, Stream stream);

// lane = group * 4 + pair
struct Position {
  int warp, group, pair;
};

__device__ __forceinline__ Position position() {
  const int lane = static_cast<int>(threadIdx.x) % warp_lanes;
  return {static_cast<int>(threadIdx.x) / warp_lanes, lane / 4, lane % 4};
}

__host__ __device__ constexpr std::int64_t segment_depth(std::int64_t depth) {
  return ((depth + segments - 1) / segments + stage_depth - 1) / stage_depth * stage_depth;
}

// c += a · b for rows group, group + 8 (low, high) and 16 of the depths that each lane holds.
__device__ __forceinline__ void multiply_tile(float (&c)[4], std::uint32_t low_a,
    std::uint32_t low_b, std::uint32_t high_a, std::uint32_t high_b, std::uint32_t w_a,
    std::uint32_t w_b) {
  asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, "
      "{%0,%1,%2,%3};"
      : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
      : "r"(low_a), "r"(high_a), "r"(low_b), "r"(high_b), "r"(w_a), "r"(w_b));
}

// Both halves of 32 depths.
__device__ __forceinline__ void multiply_chunk(
    float (&c)[4], const uint4& low, const uint4& high, const uint4& w) {
  multiply_tile(c, low.x, low.y, high.x, high.y, w.x, w.y);
  multiply_tile(c, low.z, low.w, high.z, high.w, w.z, w.w);
}

// As swiglu() computes it from what the plain product stores.
__device__ __forceinline__ float gated_product(float gate, float up) {
  const float rounded = to_float(to_bfloat16(gate));
  return rounded * sigmoid(rounded) * to_float(to_bfloat16(up));
}

// Stores a sum, on top of `before` where the product accumulates.
__device__ __forceinline__ void store_sum(
    const Multiply& m, std::int64_t row, std::int64_t column, float sum, float before) {
  if (m.bias) sum += to_float(m.bias[column]);
  const std::int64_t at = row * m.y_stride + column;
  if (m.y_float) {
    m.y_float[at] = sum;
  } else {
    m.y[at] = to_bfloat16(m.accumulate ? sum + before : sum);
  }
}

}  // namespace tramontane::kernels::cuda
