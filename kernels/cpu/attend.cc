// Causal attention of one query row over a paged cache, 16 positions (one block) at a time.
//
// A chunk is 8 blocks, counted from the first block in the window. Within a chunk the softmax is
// exact in two passes; from chunk to chunk the running sums are rescaled to the new maximum. All
// of it depends on the row's position and window only, so one row at a time, a whole prompt at
// once and any batch give the same bits. Positions outside the window, and lanes of the last block
// past the row's own position, may hold anything, NaN included: their scores are replaced before
// use and their values are never read.

#include "kernels/cpu/kernels.h"

namespace tramontane::kernels::TRAM_KERNEL_ISA {
namespace {

constexpr std::int64_t chunk_positions = 128;
constexpr float infinity = __builtin_inff();

// What one query head looks at: positions first..last of one kv head.
struct View {
  const float* base;  // of the kv head in block 0
  std::int64_t block_stride;
  const std::int32_t* blocks;
  std::int64_t head_dim;
  std::int64_t first;
  std::int64_t last;

  [[gnu::always_inline]] const float* keys(std::int64_t block) const {
    return base + blocks[block] * block_stride;
  }

  [[gnu::always_inline]] const float* values(std::int64_t block) const {
    return keys(block) + head_dim * kv_block;
  }
};

// Scaled scores of the 16 positions of a block; four partial sums over the head's dimensions.
TRAM_INLINE void block_scores(
    const View& view, const float* q, float scale, std::int64_t block, float* scores) {
  constexpr int chains = 4 / slices;
  const float* keys = view.keys(block);
  Floats sums[slices][chains] = {};
  std::int64_t d = 0;
  for (; d + chains <= view.head_dim; d += chains) {
    for (int c = 0; c < chains; ++c) {
      const Floats x = splat(q[d + c]);
      for (int s = 0; s < slices; ++s)
        sums[s][c] = fma(x, load(keys + (d + c) * kv_block + s * lanes), sums[s][c]);
    }
  }
  for (; d < view.head_dim; ++d) {
    for (int s = 0; s < slices; ++s)
      sums[s][0] = fma(splat(q[d]), load(keys + d * kv_block + s * lanes), sums[s][0]);
  }
  for (int s = 0; s < slices; ++s) {
    Floats total = sums[s][0];
    if constexpr (chains == 2) total += sums[s][1];
    if constexpr (chains == 4) total = (total + sums[s][1]) + (sums[s][2] + sums[s][3]);
    const auto position = static_cast<std::int32_t>(block * kv_block + s * lanes);
    const Ints at = iota() + position;
    const Ints hidden =
        (at < static_cast<std::int32_t>(view.first)) | (at > static_cast<std::int32_t>(view.last));
    store(scores + s * lanes, hidden ? splat(-infinity) : total * scale);
  }
}

// out[0, V vectors) = out * keep + sum of weights[j] * values[j] over positions [begin, end), all
// in one chunk that starts at block `block`. C partial sums, by position modulo C.
template <int V, int C>
TRAM_INLINE void add_values(const View& view, const float* weights, std::int64_t block,
    std::int64_t begin, std::int64_t end, float keep, float* out, std::int64_t offset,
    std::int64_t left) {
  Floats sums[C][V] = {};
  for (int v = 0; v < V; ++v) sums[0][v] = load_up_to(out + v * lanes, left - v * lanes) * keep;
  const std::int64_t origin = block * kv_block;
  for (std::int64_t b = begin / kv_block; b * kv_block < end; ++b) {
    const float* values = view.values(b) + offset;
    std::int64_t j = larger(begin - b * kv_block, 0);
    const std::int64_t stop = smaller(kv_block, end - b * kv_block);
    const float* share = weights + b * kv_block - origin;
    for (; j % C != 0 && j < stop; ++j) {
      for (int v = 0; v < V; ++v) {
        Floats& at = sums[j % C][v];
        at = fma(splat(share[j]),
            load_up_to(values + j * view.head_dim + v * lanes, left - v * lanes), at);
      }
    }
    for (; j + C <= stop; j += C) {
      for (int c = 0; c < C; ++c) {
        for (int v = 0; v < V; ++v)
          sums[c][v] = fma(splat(share[j + c]),
              load_up_to(values + (j + c) * view.head_dim + v * lanes, left - v * lanes),
              sums[c][v]);
      }
    }
    for (int c = 0; c < C - 1; ++c) {
      if (j + c >= stop) break;
      for (int v = 0; v < V; ++v)
        sums[c][v] = fma(splat(share[j + c]),
            load_up_to(values + (j + c) * view.head_dim + v * lanes, left - v * lanes), sums[c][v]);
    }
  }
  for (int v = 0; v < V; ++v) {
    Floats total = sums[0][v];
    if constexpr (C == 2) total += sums[1][v];
    if constexpr (C == 4) total = (total + sums[1][v]) + (sums[2][v] + sums[3][v]);
    store_up_to(out + v * lanes, total, left - v * lanes);
  }
}

void add_all_values(const View& view, const float* weights, std::int64_t block, std::int64_t begin,
    std::int64_t end, float keep, float* out) {
  std::int64_t d = 0;
  while (d < view.head_dim) {
    const std::int64_t left = view.head_dim - d;
    if (left >= 4 * lanes) {
      add_values<4, 1>(view, weights, block, begin, end, keep, out + d, d, 4 * lanes);
      d += 4 * lanes;
    } else if (left >= 2 * lanes) {
      add_values<2, 2>(view, weights, block, begin, end, keep, out + d, d, 2 * lanes);
      d += 2 * lanes;
    } else if (left >= lanes) {
      add_values<1, 4>(view, weights, block, begin, end, keep, out + d, d, lanes);
      d += lanes;
    } else {
      add_values<1, 4>(view, weights, block, begin, end, keep, out + d, d, left);
      d = view.head_dim;
    }
  }
}

// One query head; returns log-sum-exp of its scores.
float attend_head(const View& view, const float* q, float scale, float* result) {
  alignas(64) float scores[chunk_positions];
  alignas(64) float out[head_dim_max];
  for (std::int64_t d = 0; d < view.head_dim; ++d) out[d] = 0;
  Floats weight_sums[slices] = {};
  float highest = -infinity;
  const std::int64_t last_block = view.last / kv_block;
  for (std::int64_t block = view.first / kv_block; block <= last_block;
       block += chunk_positions / kv_block) {
    const std::int64_t blocks = smaller(chunk_positions / kv_block, last_block + 1 - block);
    Floats tops = splat(highest);
    for (std::int64_t b = 0; b < blocks; ++b) {
      block_scores(view, q, scale, block + b, scores + b * kv_block);
      for (int s = 0; s < slices; ++s)
        tops = maximum(load(scores + b * kv_block + s * lanes), tops);
    }
    const float top = largest(tops);
    const float keep = highest == top ? 1.0F : exponential(splat(highest - top))[0];
    highest = top;
    for (Floats& w : weight_sums) w *= keep;
    for (std::int64_t b = 0; b < blocks; ++b) {
      for (int s = 0; s < slices; ++s) {
        float* at = scores + b * kv_block + s * lanes;
        const Floats weights = exponential(load(at) - top);
        weight_sums[s] += weights;
        store(at, weights);
      }
    }
    add_all_values(view, scores, block, larger(view.first, block * kv_block),
        smaller(view.last + 1, (block + blocks) * kv_block), keep, out);
  }
  Floats folded = weight_sums[0];
  for (int s = 1; s < slices; ++s) folded += weight_sums[s];
  const float total = sum(folded);
  const Floats inverse = splat(1.0F / total);
  for (std::int64_t d = 0; d < view.head_dim; d += lanes)
    store_up_to(result + d, load_up_to(out + d, view.head_dim - d) * inverse, view.head_dim - d);
  return highest + logarithm(total);
}

}  // namespace

void attend(const Attention& a, const KvRow* rows, std::int64_t row_count, const KvLayer& kv) {
  const std::int64_t group = a.heads / kv.kv_heads;
  for (std::int64_t row = 0; row < row_count; ++row) {
    const std::int64_t position = rows[row].position;
    for (std::int64_t head = 0; head < a.heads; ++head) {
      const View view = {.base = kv.base + head / group * kv.head_dim * 2 * kv_block,
          .block_stride = kv.block_stride,
          .blocks = rows[row].blocks,
          .head_dim = kv.head_dim,
          .first = a.window > 0 ? larger(0, position - a.window + 1) : 0,
          .last = position};
      const float log_sum = attend_head(view, a.q + row * a.q_stride + head * kv.head_dim, a.scale,
          a.out + (row * a.heads + head) * kv.head_dim);
      if (a.log_sum) a.log_sum[row * a.heads + head] = log_sum;
    }
  }
}

}  // namespace tramontane::kernels::TRAM_KERNEL_ISA
