#pragma once
// Body of the step between the fused projection and attention: q/k norm, rotary embedding, and the
// store into the cache. A warp handles one head of one row; a lane the pairs (i, i + half).

#include "kernels/cuda/ops.h"
#include "kernels/cuda/rows/arithmetic.h"

namespace tramontane::kernels::cuda {

constexpr int rotary_threads = 128;

// The start of K of this row's kv head in its page; V begins kv_page * head_dim later.
TRAM_BODY Bfloat16* cache_at(
    const KvCache& cache, const Places& places, std::int64_t row, std::int64_t position) {
  const std::int64_t sequence = places.sequences ? places.sequences[row] : row;
  const std::int64_t page = places.pages[sequence * places.pages_stride + position / kv_page];
  return cache.base + page * cache.page_stride;
}

// Block (4 heads, row). Heads are those of q, then of k, then of v.
template <class Block>
TRAM_BODY void rotate_heads(Block& block, const Rotate& r) {
  constexpr int pairs_max = 4;
  const std::int64_t row = block.y();
  const std::int64_t head = block.x() * (block.threads() / warp_lanes) + warp_of(block);
  const std::int64_t kv_heads = r.cache.kv_heads;
  const std::int64_t position = r.places.positions[row];
  const std::int64_t head_dim = r.cache.head_dim;
  if (head >= r.heads + 2 * kv_heads || position < 0) return;
  Bfloat16* from = r.qkv + (row * (r.heads + 2 * kv_heads) + head) * head_dim;
  const int half = static_cast<int>(head_dim / 2);
  float low[pairs_max] = {};
  float high[pairs_max] = {};
  float squares = 0;
#pragma unroll
  for (int j = 0; j < pairs_max; ++j) {
    const int i = lane_of(block) + j * warp_lanes;
    if (i >= half) continue;
    low[j] = to_float(from[i]);
    high[j] = to_float(from[i + half]);
    squares = fused(low[j], low[j], squares);
    squares = fused(high[j], high[j], squares);
  }
  const bool is_q = head < r.heads;
  const bool is_v = head >= r.heads + kv_heads;
  const Bfloat16* weight = is_v ? nullptr : is_q ? r.q_norm : r.k_norm;
  squares = warp_sum(block, squares);
  const float scale = 1.0F / __builtin_sqrtf(squares / static_cast<float>(head_dim) + r.eps);
  Bfloat16* to = from;
  if (!is_q) {
    const std::int64_t kv_head = head - r.heads - (is_v ? kv_heads : 0);
    to = cache_at(r.cache, r.places, row, position) + kv_head * 2 * kv_page * head_dim +
         ((is_v ? kv_page : 0) + position % kv_page) * head_dim;
  }
  const float* angles = r.angles + position * head_dim;
#pragma unroll
  for (int j = 0; j < pairs_max; ++j) {
    const int i = lane_of(block) + j * warp_lanes;
    if (i >= half) continue;
    float a = low[j];
    float b = high[j];
    if (weight) {
      a = a * scale * to_float(weight[i]);
      b = b * scale * to_float(weight[i + half]);
    }
    const float cosine = is_v ? 1.0F : angles[i];
    const float sine = is_v ? 0.0F : angles[half + i];
    to[i] = to_bfloat16(is_v ? a : fused(a, cosine, -(b * sine)));
    to[i + half] = to_bfloat16(is_v ? b : fused(b, cosine, a * sine));
  }
}

}  // namespace tramontane::kernels::cuda
