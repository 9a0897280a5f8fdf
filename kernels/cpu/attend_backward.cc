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

// target (16 positions along lanes): columns[d][j] = rows[j][d], zero from `count` on.
void transpose(Rows rows, std::int64_t count, std::int64_t head_dim, float* columns) {
  for (std::int64_t d = 0; d < head_dim; ++d) {
    for (std::int64_t j = 0; j < count; ++j) columns[d * tile + j] = rows.at[j * rows.stride + d];
    for (std::int64_t j = count; j < tile; ++j) columns[d * tile + j] = 0;
  }
}

// out[i] += sum over j < depth, rising, of square(i, j) * rows[j], for i < count. square(i, j)
// stands at i * i_stride + j * j_stride.
template <int R>
TRAM_INLINE void add_product(const float* square, std::int64_t i_stride, std::int64_t j_stride,
    std::int64_t depth, Rows rows, std::int64_t head_dim, float* out, std::int64_t out_stride) {
  for (std::int64_t d = 0; d < head_dim; d += lanes) {
    const std::int64_t left = head_dim - d;
    Floats sums[R];
    for (int i = 0; i < R; ++i) sums[i] = load_up_to(out + i * out_stride + d, left);
    for (std::int64_t j = 0; j < depth; ++j) {
      const Floats row = load_up_to(rows.at + j * rows.stride + d, left);
      for (int i = 0; i < R; ++i)
        sums[i] = fma(splat(square[i * i_stride + j * j_stride]), row, sums[i]);
    }
    for (int i = 0; i < R; ++i) store_up_to(out + i * out_stride + d, sums[i], left);
  }
}

void add_product(const float* square, std::int64_t i_stride, std::int64_t j_stride,
    std::int64_t count, std::int64_t depth, Rows rows, std::int64_t head_dim, float* out,
    std::int64_t out_stride) {
  std::int64_t i = 0;
  for (; i + 8 <= count; i += 8)
    add_product<8>(square + i * i_stride, i_stride, j_stride, depth, rows, head_dim,
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

// Fills P and dS for queries [i, i + queries) of a sequence and the keys packed in `scratch`,
// which stand at [j, j + 16). row is the first query's row, head its head.
void fill_squares(const AttentionBackward& a, Scratch& scratch, std::int64_t row, std::int64_t head,
    std::int64_t i, std::int64_t queries, std::int64_t j) {
  for (std::int64_t n = 0; n < queries; ++n) {
    const std::int64_t r = row + n;
    const float* q = a.q + r * a.stride + head * a.head_dim;
    const float* dout = a.dout + (r * a.heads + head) * a.head_dim;
    const float* out = a.out + (r * a.heads + head) * a.head_dim;
    Floats scores[slices] = {};
    Floats gradients[slices] = {};
    for (std::int64_t d = 0; d < a.head_dim; ++d) {
      for (int s = 0; s < slices; ++s) {
        const std::int64_t at = d * tile + s * lanes;
        scores[s] = fma(splat(q[d]), load(scratch.keys + at), scores[s]);
        gradients[s] = fma(splat(dout[d]), load(scratch.values + at), gradients[s]);
      }
    }
    Floats products = {};
    for (std::int64_t d = 0; d < a.head_dim; d += lanes)
      products =
          fma(load_up_to(dout + d, a.head_dim - d), load_up_to(out + d, a.head_dim - d), products);
    const float whole = sum(products);
    const float log_sum = a.log_sum[r * a.heads + head];
    const auto last = static_cast<std::int32_t>(i + n);
    const auto first = static_cast<std::int32_t>(a.window > 0 ? i + n - a.window + 1 : 0);
    for (int s = 0; s < slices; ++s) {
      const Ints at = iota() + static_cast<std::int32_t>(j + s * lanes);
      const Ints hidden = (at < first) | (at > last);
      const Floats share =
          hidden ? Floats{} : exponential(fma(scores[s], splat(a.scale), splat(-log_sum)));
      const Floats slope = share * (gradients[s] - whole) * a.scale;
      store(scratch.shares + n * tile + s * lanes, share);
      store(scratch.slopes + n * tile + s * lanes, slope);
    }
  }
}

// One kv head of one sequence of `length` rows from `begin`.
void backward_kv_head(const AttentionBackward& a, Scratch& scratch, std::int64_t begin,
    std::int64_t length, std::int64_t kv_head) {
  const std::int64_t group = a.heads / a.kv_heads;
  const std::int64_t offset = kv_head * a.head_dim;
  for (std::int64_t j = 0; j < length; j += tile) {
    const std::int64_t keys = smaller(tile, length - j);
    const Rows k = {a.k + (begin + j) * a.stride + offset, a.stride};
    transpose(k, keys, a.head_dim, scratch.keys);
    transpose({a.v + (begin + j) * a.stride + offset, a.stride}, keys, a.head_dim, scratch.values);
    float* dk = a.dk + (begin + j) * a.gradient_stride + offset;
    float* dv = a.dv + (begin + j) * a.gradient_stride + offset;
    // The last query that sees key j + keys - 1 under the window.
    const std::int64_t end = a.window > 0 ? smaller(length, j + keys - 1 + a.window) : length;
    for (std::int64_t head = kv_head * group; head < (kv_head + 1) * group; ++head) {
      const std::int64_t at = head * a.head_dim;
      for (std::int64_t i = j; i < end; i += tile) {
        const std::int64_t queries = smaller(tile, length - i);
        const std::int64_t row = begin + i;
        fill_squares(a, scratch, row, head, i, queries, j);
        add_product(scratch.shares, 1, tile, keys, queries,
            {a.dout + row * a.heads * a.head_dim + at, a.heads * a.head_dim}, a.head_dim, dv,
            a.gradient_stride);
        add_product(scratch.slopes, 1, tile, keys, queries, {a.q + row * a.stride + at, a.stride},
            a.head_dim, dk, a.gradient_stride);
        add_product(scratch.slopes, tile, 1, queries, keys, k, a.head_dim,
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
  for (std::int64_t s = 0; s < sequences; ++s) {
    const std::int64_t begin = starts[s];
    const std::int64_t length = starts[s + 1] - begin;
    clear(a.dq + begin * a.gradient_stride, a.gradient_stride, length, a.heads * a.head_dim);
    clear(a.dk + begin * a.gradient_stride, a.gradient_stride, length, a.kv_heads * a.head_dim);
    clear(a.dv + begin * a.gradient_stride, a.gradient_stride, length, a.kv_heads * a.head_dim);
    for (std::int64_t kv_head = 0; kv_head < a.kv_heads; ++kv_head)
      backward_kv_head(a, scratch, begin, length, kv_head);
  }
}

}  // namespace tramontane::kernels::TRAM_KERNEL_ISA
