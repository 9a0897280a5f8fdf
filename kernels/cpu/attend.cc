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

// The head's dimensions, known when compiling for the usual ones (D > 0).
template <int D>
TRAM_INLINE std::int64_t dimensions(const View& view) {
  return D > 0 ? D : view.head_dim;
}

// Scaled scores of the 16 positions of a block; four partial sums over the head's dimensions.
template <int D>
TRAM_INLINE void block_scores(
    const View& view, const float* q, float scale, std::int64_t block, Floats (&scores)[slices]) {
  constexpr int chains = 4 / slices;
  const std::int64_t head_dim = dimensions<D>(view);
  const float* keys = view.keys(block);
  Floats sums[slices][chains] = {};
  const std::int64_t whole = head_dim - head_dim % chains;
  for (std::int64_t d = 0; d < whole; d += chains) {
    for (int c = 0; c < chains; ++c) {
      const Floats x = splat(q[d + c]);
      for (int s = 0; s < slices; ++s)
        sums[s][c] = fma(x, load(keys + (d + c) * kv_block + s * lanes), sums[s][c]);
    }
  }
  for (std::int64_t d = whole; d < head_dim; ++d) {
    for (int s = 0; s < slices; ++s)
      sums[s][0] = fma(splat(q[d]), load(keys + d * kv_block + s * lanes), sums[s][0]);
  }
  for (int s = 0; s < slices; ++s) {
    Floats total = sums[s][0];
    if constexpr (chains == 2) total += sums[s][1];
    if constexpr (chains == 4) total = (total + sums[s][1]) + (sums[s][2] + sums[s][3]);
    const Ints at = iota() + static_cast<std::int32_t>(block * kv_block + s * lanes);
    const Ints hidden =
        (at < static_cast<std::int32_t>(view.first)) | (at > static_cast<std::int32_t>(view.last));
    scores[s] = hidden ? splat(-infinity) : total * scale;
  }
}

// out = out * keep + sum of weights[j] * values[j] over positions [begin, end), all in one chunk
// that starts at `origin`. V vectors from dimension `offset`, of which `left` floats are there;
// C partial sums, by position modulo C.
template <int V, int C>
TRAM_INLINE void add_values(const View& view, const float* weights, std::int64_t origin,
    std::int64_t begin, std::int64_t end, float keep, float* out, std::int64_t head_dim,
    std::int64_t offset, std::int64_t left) {
  Floats sums[C][V] = {};
  for (int v = 0; v < V; ++v)
    sums[0][v] = load_up_to(out + offset + v * lanes, left - v * lanes) * keep;
  for (std::int64_t b = begin / kv_block; b * kv_block < end; ++b) {
    const float* values = view.values(b) + offset;
    const float* share = weights + b * kv_block - origin;
    const auto add = [&](std::int64_t j, int c) __attribute__((always_inline)) {
      const Floats weight = splat(share[j]);
      for (int v = 0; v < V; ++v) {
        const Floats value = load_up_to(values + j * head_dim + v * lanes, left - v * lanes);
        sums[c][v] = fma(weight, value, sums[c][v]);
      }
    };
    const std::int64_t stop = smaller(kv_block, end - b * kv_block);
    std::int64_t j = larger(begin - b * kv_block, 0);
    for (; j % C != 0 && j < stop; ++j) {  // the window may begin inside a block
      for (int c = 1; c < C; ++c) {
        if (j % C == c) add(j, c);
      }
    }
    for (; j + C <= stop; j += C) {
      for (int c = 0; c < C; ++c) add(j + c, c);
    }
    for (int c = 0; c < C - 1; ++c) {
      if (j + c < stop) add(j + c, c);
    }
  }
  for (int v = 0; v < V; ++v) {
    Floats total = sums[0][v];
    if constexpr (C == 2) total += sums[1][v];
    if constexpr (C == 4) total = (total + sums[1][v]) + (sums[2][v] + sums[3][v]);
    store_up_to(out + offset + v * lanes, total, left - v * lanes);
  }
}

template <int D>
TRAM_INLINE void add_all_values(const View& view, const float* weights, std::int64_t origin,
    std::int64_t begin, std::int64_t end, float keep, float* out) {
  const std::int64_t head_dim = dimensions<D>(view);
  std::int64_t d = 0;
  for (; d + 4 * lanes <= head_dim; d += 4 * lanes)
    add_values<4, 1>(view, weights, origin, begin, end, keep, out, head_dim, d, 4 * lanes);
  if (d + 2 * lanes <= head_dim) {
    add_values<2, 2>(view, weights, origin, begin, end, keep, out, head_dim, d, 2 * lanes);
    d += 2 * lanes;
  }
  if (d + lanes <= head_dim) {
    add_values<1, 4>(view, weights, origin, begin, end, keep, out, head_dim, d, lanes);
    d += lanes;
  }
  if (d < head_dim)
    add_values<1, 4>(view, weights, origin, begin, end, keep, out, head_dim, d, head_dim - d);
}

// A run of query heads of one row, computed side by side: what one waits for, another fills.
struct Heads {
  std::int64_t first;      // of the run
  std::int64_t group;      // query heads to a kv head
  std::int64_t kv_stride;  // from kv head to kv head
  const float* q;          // of head 0
  float scale;
  float* out;      // of head 0
  float* highest;  // per head of the run: the largest score …
  float* totals;   // … and the sum of e^(score - highest)
};

TRAM_INLINE View of_head(View view, const Heads& heads, std::int64_t head) {
  view.base += head / heads.group * heads.kv_stride;
  return view;
}

// Query heads [head, head + H).
template <int D, int H>
void attend_heads(const View& view, const Heads& heads, std::int64_t head) {
  constexpr std::int64_t chunk_blocks = chunk_positions / kv_block;
  const std::int64_t head_dim = dimensions<D>(view);
  alignas(64) float scores[H][chunk_positions];
  alignas(64) float out[H][D > 0 ? D : head_dim_max];
  Floats weight_sums[H][slices] = {};
  float highest[H];
  float keep[H];
  for (int h = 0; h < H; ++h) {
    highest[h] = -infinity;
    for (std::int64_t d = 0; d < head_dim; d += lanes)
      store_up_to(out[h] + d, Floats{}, head_dim - d);
  }
  const std::int64_t last_block = view.last / kv_block;
  for (std::int64_t block = view.first / kv_block; block <= last_block; block += chunk_blocks) {
    const std::int64_t blocks = smaller(chunk_blocks, last_block + 1 - block);
    Floats tops[H];
    for (int h = 0; h < H; ++h) {
      const View of = of_head(view, heads, head + h);
      tops[h] = splat(highest[h]);
      for (std::int64_t b = 0; b < blocks; ++b) {
        Floats found[slices];
        block_scores<D>(of, heads.q + (head + h) * head_dim, heads.scale, block + b, found);
        for (int s = 0; s < slices; ++s) {
          store(scores[h] + b * kv_block + s * lanes, found[s]);
          tops[h] = maximum(found[s], tops[h]);
        }
      }
    }
    for (int h = 0; h < H; ++h) {
      const float top = largest(tops[h]);
      keep[h] = highest[h] == -infinity ? 0.0F : exponential(splat(highest[h] - top))[0];
      highest[h] = top;
    }
    for (std::int64_t b = 0; b < blocks; ++b) {
      for (int h = 0; h < H; ++h) {
        for (int s = 0; s < slices; ++s) {
          float* at = scores[h] + b * kv_block + s * lanes;
          const Floats weights = exponential(load(at) - highest[h]);
          const Floats before = weight_sums[h][s];
          weight_sums[h][s] = (b == 0 ? before * keep[h] : before) + weights;
          store(at, weights);
        }
      }
    }
    for (int h = 0; h < H; ++h) {
      add_all_values<D>(of_head(view, heads, head + h), scores[h], block * kv_block,
          larger(view.first, block * kv_block), smaller(view.last + 1, (block + blocks) * kv_block),
          keep[h], out[h]);
    }
  }
  for (int h = 0; h < H; ++h) {
    Floats folded = weight_sums[h][0];
    for (int s = 1; s < slices; ++s) folded += weight_sums[h][s];
    const float total = sum(folded);
    const Floats inverse = splat(1.0F / total);
    float* result = heads.out + (head + h) * head_dim;
    for (std::int64_t d = 0; d < head_dim; d += lanes)
      store_up_to(result + d, load_up_to(out[h] + d, head_dim - d) * inverse, head_dim - d);
    heads.highest[head - heads.first + h] = highest[h];
    heads.totals[head - heads.first + h] = total;
  }
}

constexpr std::int64_t heads_max = 64;  // that a row's scratch holds at once

// `count` heads of a row, at most heads_max.
template <int D>
void attend_run(const View& view, const Heads& heads, std::int64_t count, float* log_sum) {
  std::int64_t h = 0;
  for (; h + 4 <= count; h += 4) attend_heads<D, 4>(view, heads, heads.first + h);
  for (; h < count; ++h) attend_heads<D, 1>(view, heads, heads.first + h);
  if (!log_sum) return;
  for (h = 0; h < count; h += lanes) {
    const Floats total = load_up_to(heads.totals + h, count - h);
    store_up_to(log_sum + heads.first + h,
        load_up_to(heads.highest + h, count - h) + logarithm(total), count - h);
  }
}

}  // namespace

void attend(const Attention& a, const KvRow* rows, std::int64_t row_count, const KvLayer& kv) {
  const std::int64_t group = a.heads / kv.kv_heads;
  const auto run_of_dimension = kv.head_dim == 16    ? attend_run<16>
                                : kv.head_dim == 32  ? attend_run<32>
                                : kv.head_dim == 64  ? attend_run<64>
                                : kv.head_dim == 128 ? attend_run<128>
                                                     : attend_run<0>;
  float highest[heads_max];
  float totals[heads_max];
  for (std::int64_t row = 0; row < row_count; ++row) {
    const std::int64_t position = rows[row].position;
    const View view = {.base = kv.base,
        .block_stride = kv.block_stride,
        .blocks = rows[row].blocks,
        .head_dim = kv.head_dim,
        .first = a.window > 0 ? larger(0, position - a.window + 1) : 0,
        .last = position};
    Heads heads = {.first = 0,
        .group = group,
        .kv_stride = kv.head_dim * 2 * kv_block,
        .q = a.q + row * a.q_stride,
        .scale = a.scale,
        .out = a.out + row * a.heads * kv.head_dim,
        .highest = highest,
        .totals = totals};
    for (; heads.first < a.heads; heads.first += heads_max) {
      run_of_dimension(view, heads, smaller(heads_max, a.heads - heads.first),
          a.log_sum ? a.log_sum + row * a.heads : nullptr);
    }
  }
}

}  // namespace tramontane::kernels::TRAM_KERNEL_ISA
