// The gradient of causal attention over whole sequences. Tiles of 16 queries by 16 keys: the
// probabilities are made again from the stored log-sum-exp, held with the gradient of the scores
// in two small squares, and turned into dq, dk, dv by one square-times-rows product.
//
// With P the probabilities and D = dout·out per query: dS = P * (dout·vᵀ - D) * scale;
// dv = Pᵀ·dout, dk = dSᵀ·q, dq = dS·k. dk and dv sum over queries, dq over keys, in rising order.

#include "kernels/cpu/kernels.h"

namespace tramontane::kernels::TRAM_KERNEL_ISA {
namespace {

constexpr std::int64_t tile = 16;

// Up to 16 rows of one head.
struct Rows {
  const float* at;
  std::int64_t stride;
};

// The head's dimensions, known when compiling for the usual ones (D > 0).
template <int D>
TRAM_INLINE std::int64_t dimensions(const AttentionBackward& a) {
  return D > 0 ? D : a.head_dim;
}

using Four = float __attribute__((vector_size(16)));
using LooseFour = float __attribute__((vector_size(16), aligned(4), may_alias));

// columns[d][j] = rows[j][d], zero from `count` on; squares of 4 by 4 in registers.
TRAM_INLINE void transpose(Rows rows, std::int64_t count, std::int64_t head_dim, float* columns) {
  const std::int64_t whole = head_dim - head_dim % 4;
  for (std::int64_t j = 0; j < tile; j += 4) {
    const float* at = rows.at + j * rows.stride;
    for (std::int64_t d = 0; d < whole; d += 4) {
      Four r[4];
      for (int i = 0; i < 4; ++i) {
        r[i] = j + i < count ? *reinterpret_cast<const LooseFour*>(at + i * rows.stride + d)
                             : LooseFour{};
      }
      const Four a = __builtin_shufflevector(r[0], r[1], 0, 4, 1, 5);
      const Four b = __builtin_shufflevector(r[0], r[1], 2, 6, 3, 7);
      const Four c = __builtin_shufflevector(r[2], r[3], 0, 4, 1, 5);
      const Four e = __builtin_shufflevector(r[2], r[3], 2, 6, 3, 7);
      float* to = columns + d * tile + j;
      *reinterpret_cast<Four*>(to) = __builtin_shufflevector(a, c, 0, 1, 4, 5);
      *reinterpret_cast<Four*>(to + tile) = __builtin_shufflevector(a, c, 2, 3, 6, 7);
      *reinterpret_cast<Four*>(to + 2 * tile) = __builtin_shufflevector(b, e, 0, 1, 4, 5);
      *reinterpret_cast<Four*>(to + 3 * tile) = __builtin_shufflevector(b, e, 2, 3, 6, 7);
    }
    for (std::int64_t d = whole; d < head_dim; ++d) {
      for (int i = 0; i < 4; ++i)
        columns[d * tile + j + i] = j + i < count ? at[i * rows.stride + d] : 0.0F;
    }
  }
}

// out[i] += sum over j < depth, rising, of square(i, j) * rows[j], for R rows of out. square(i, j)
// stands at i * i_stride + j * j_stride.
template <int R>
TRAM_INLINE void add_product(const float* square, std::int64_t i_stride, std::int64_t j_stride,
    std::int64_t depth, Rows rows, std::int64_t head_dim, float* out, std::int64_t out_stride) {
  for (std::int64_t d = 0; d < head_dim; d += lanes) {
    const std::int64_t left = head_dim - d;
    Floats sums[R];
    for (int i = 0; i < R; ++i) sums[i] = load_up_to(out + i * out_stride + d, left);
    const float* weights = square;
    const float* row = rows.at + d;
    for (std::int64_t j = 0; j < depth; ++j) {
      const Floats values = load_up_to(row, left);
      for (int i = 0; i < R; ++i) sums[i] = fma(splat(weights[i * i_stride]), values, sums[i]);
      weights += j_stride;
      row += rows.stride;
    }
    for (int i = 0; i < R; ++i) store_up_to(out + i * out_stride + d, sums[i], left);
  }
}

template <int D>
void add_products(const float* square, std::int64_t i_stride, std::int64_t j_stride,
    std::int64_t count, std::int64_t depth, Rows rows, std::int64_t dimension, float* out,
    std::int64_t out_stride) {
  const std::int64_t head_dim = D > 0 ? D : dimension;
  std::int64_t i = 0;
  for (; i + 8 <= count; i += 8)
    add_product<8>(square + i * i_stride, i_stride, j_stride, depth, rows, head_dim,
        out + i * out_stride, out_stride);
  for (; i + 2 <= count; i += 2)
    add_product<2>(square + i * i_stride, i_stride, j_stride, depth, rows, head_dim,
        out + i * out_stride, out_stride);
  for (; i < count; ++i)
    add_product<1>(square + i * i_stride, i_stride, j_stride, depth, rows, head_dim,
        out + i * out_stride, out_stride);
}

struct Scratch {
  alignas(64) float keys[head_dim_max * tile];    // (head_dim, 16)
  alignas(64) float values[head_dim_max * tile];  // (head_dim, 16)
  alignas(64) float shares[tile * tile];          // P (query, key)
  alignas(64) float slopes[tile * tile];          // dS (query, key)
};

// A tile of queries against a tile of keys, of one head.
struct Tile {
  std::int64_t row;  // of the first query
  std::int64_t head;
  std::int64_t query;  // position of the first query
  std::int64_t key;    // position of the first key
};

// Fills P and dS of Q queries, the first being number n of the tile, against the packed keys.
template <int D, int Q>
TRAM_INLINE void fill_rows(
    const AttentionBackward& a, Scratch& scratch, const Tile& t, std::int64_t n) {
  const std::int64_t head_dim = dimensions<D>(a);
  const float* q = a.q + (t.row + n) * a.stride + t.head * head_dim;
  const std::int64_t out_stride = a.heads * head_dim;
  const std::int64_t out_at = (t.row + n) * out_stride + t.head * head_dim;
  const float* dout = a.dout + out_at;
  Floats scores[Q][slices] = {};
  Floats gradients[Q][slices] = {};
  for (std::int64_t d = 0; d < head_dim; ++d) {
    for (int s = 0; s < slices; ++s) {
      const Floats keys = load(scratch.keys + d * tile + s * lanes);
      const Floats values = load(scratch.values + d * tile + s * lanes);
      for (int i = 0; i < Q; ++i) {
        scores[i][s] = fma(splat(q[i * a.stride + d]), keys, scores[i][s]);
        gradients[i][s] = fma(splat(dout[i * out_stride + d]), values, gradients[i][s]);
      }
    }
  }
  for (int i = 0; i < Q; ++i) {
    Floats products = {};
    for (std::int64_t d = 0; d < head_dim; d += lanes) {
      const Floats out = load_up_to(a.out + out_at + i * out_stride + d, head_dim - d);
      products = fma(load_up_to(dout + i * out_stride + d, head_dim - d), out, products);
    }
    const Floats whole = splat(sum(products));
    const Floats log_sum = splat(-a.log_sum[(t.row + n + i) * a.heads + t.head]);
    const std::int64_t position = t.query + n + i;
    const auto last = static_cast<std::int32_t>(position);
    const auto first = static_cast<std::int32_t>(a.window > 0 ? position - a.window + 1 : 0);
    for (int s = 0; s < slices; ++s) {
      const Ints at = iota() + static_cast<std::int32_t>(t.key + s * lanes);
      const Ints hidden = (at < first) | (at > last);
      const Floats share = exponential(fma(scores[i][s], splat(a.scale), log_sum));
      const Floats seen = hidden ? Floats{} : share;
      store(scratch.shares + (n + i) * tile + s * lanes, seen);
      const Floats slope = share * (gradients[i][s] - whole) * a.scale;
      store(scratch.slopes + (n + i) * tile + s * lanes, hidden ? Floats{} : slope);
    }
  }
}

// One kv head of one sequence of `length` rows from `begin`.
template <int D>
void backward_kv_head(const AttentionBackward& a, Scratch& scratch, std::int64_t begin,
    std::int64_t length, std::int64_t kv_head) {
  const std::int64_t head_dim = dimensions<D>(a);
  const std::int64_t group = a.heads / a.kv_heads;
  const std::int64_t offset = kv_head * head_dim;
  for (std::int64_t j = 0; j < length; j += tile) {
    const std::int64_t keys = smaller(tile, length - j);
    const Rows k = {a.k + (begin + j) * a.stride + offset, a.stride};
    transpose(k, keys, head_dim, scratch.keys);
    transpose({a.v + (begin + j) * a.stride + offset, a.stride}, keys, head_dim, scratch.values);
    float* dk = a.dk + (begin + j) * a.gradient_stride + offset;
    float* dv = a.dv + (begin + j) * a.gradient_stride + offset;
    // The last query that sees key j + keys - 1 under the window.
    const std::int64_t end = a.window > 0 ? smaller(length, j + keys - 1 + a.window) : length;
    for (std::int64_t head = kv_head * group; head < (kv_head + 1) * group; ++head) {
      const std::int64_t at = head * head_dim;
      for (std::int64_t i = j; i < end; i += tile) {
        const std::int64_t queries = smaller(tile, length - i);
        const std::int64_t row = begin + i;
        const Tile t = {.row = row, .head = head, .query = i, .key = j};
        std::int64_t n = 0;
        for (; n + 2 <= queries; n += 2) fill_rows<D, 2>(a, scratch, t, n);
        for (; n < queries; ++n) fill_rows<D, 1>(a, scratch, t, n);
        add_products<D>(scratch.shares, 1, tile, keys, queries,
            {a.dout + row * a.heads * head_dim + at, a.heads * head_dim}, head_dim, dv,
            a.gradient_stride);
        add_products<D>(scratch.slopes, 1, tile, keys, queries,
            {a.q + row * a.stride + at, a.stride}, head_dim, dk, a.gradient_stride);
        add_products<D>(scratch.slopes, tile, 1, queries, keys, k, head_dim,
            a.dq + row * a.gradient_stride + at, a.gradient_stride);
      }
    }
  }
}

void clear(float* at, std::int64_t stride, std::int64_t rows, std::int64_t width) {
  for (std::int64_t row = 0; row < rows; ++row) {
    for (std::int64_t i = 0; i < width; i += lanes)
      store_up_to(at + row * stride + i, Floats{}, width - i);
  }
}

}  // namespace

void attend_backward(
    const AttentionBackward& a, const std::int64_t* starts, std::int64_t sequences) {
  Scratch scratch;
  const auto backward = a.head_dim == 16    ? backward_kv_head<16>
                        : a.head_dim == 32  ? backward_kv_head<32>
                        : a.head_dim == 64  ? backward_kv_head<64>
                        : a.head_dim == 128 ? backward_kv_head<128>
                                            : backward_kv_head<0>;
  for (std::int64_t s = 0; s < sequences; ++s) {
    const std::int64_t begin = starts[s];
    const std::int64_t length = starts[s + 1] - begin;
    clear(a.dq + begin * a.gradient_stride, a.gradient_stride, length, a.heads * a.head_dim);
    clear(a.dk + begin * a.gradient_stride, a.gradient_stride, length, a.kv_heads * a.head_dim);
    clear(a.dv + begin * a.gradient_stride, a.gradient_stride, length, a.kv_heads * a.head_dim);
    for (std::int64_t kv_head = 0; kv_head < a.kv_heads; ++kv_head)
      backward(a, scratch, begin, length, kv_head);
  }
}

}  // namespace tramontane::kernels::TRAM_KERNEL_ISA
