#include "kernels/ops.h"
#include "tests/kernels/compare.h"

#include <numeric>

#include "tests/support/test.h"

namespace tramontane {
namespace {

constexpr double tolerance = 1e-5;

std::size_t size(std::int64_t n) {
  return static_cast<std::size_t>(n);
}

// Sequences laid end to end with q, k, v fused in one row, and a cache whose blocks are scattered
// and whose memory starts as NaN.
struct Sequences {
  reference::AttentionShape shape;
  std::int64_t rows = 0;
  std::int64_t stride = 0;
  Values q, k, v, dout;
  Values fused;  // (rows, q | k | v)
  Values memory;
  kernels::KvLayer layer;
  std::vector<std::vector<std::int32_t>> blocks;
  std::vector<kernels::KvRow> cache_rows;

  Sequences(Source& source, const std::vector<std::int64_t>& lengths, std::int64_t heads,
      std::int64_t kv_heads, std::int64_t head_dim, std::int64_t window) {
    shape = {{0}, heads, kv_heads, head_dim, 1 / std::sqrt(static_cast<double>(head_dim)), window};
    for (const std::int64_t length : lengths) shape.starts.push_back(shape.starts.back() + length);
    rows = shape.starts.back();
    q = source.normal(rows * heads * head_dim, 1.5F);
    k = source.normal(rows * kv_heads * head_dim, 1.5F);
    v = source.normal(rows * kv_heads * head_dim);
    dout = source.normal(rows * heads * head_dim);
    stride = (heads + 2 * kv_heads) * head_dim;
    for (std::int64_t r = 0; r < rows; ++r) {
      append(q, r, heads * head_dim);
      append(k, r, kv_heads * head_dim);
      append(v, r, kv_heads * head_dim);
    }
    make_cache(source, lengths);
  }

  void append(const Values& from, std::int64_t row, std::int64_t width) {
    fused.insert(fused.end(), from.begin() + row * width, from.begin() + (row + 1) * width);
  }

  void make_cache(Source& source, const std::vector<std::int64_t>& lengths) {
    std::int64_t count = 0;
    for (const std::int64_t length : lengths) count += (length + 15) / 16;
    std::vector<std::int32_t> order(size(count));
    std::iota(order.begin(), order.end(), 0);
    for (std::size_t i = order.size(); i > 1; --i)
      std::swap(order[i - 1], order[size(source.whole(0, static_cast<std::int64_t>(i) - 1))]);
    const std::int64_t block_stride = shape.kv_heads * shape.head_dim * 32 + 3;
    memory.assign(size(count * block_stride), NAN);
    layer = {memory.data(), block_stride, shape.kv_heads, shape.head_dim};
    auto next = order.begin();
    for (const std::int64_t length : lengths) {
      blocks.emplace_back(next, next + (length + 15) / 16);
      next += (length + 15) / 16;
    }
    for (std::size_t s = 0; s < lengths.size(); ++s) {
      for (std::int32_t p = 0; p < lengths[s]; ++p) cache_rows.push_back({blocks[s].data(), p});
    }
  }

  const float* fused_k() const { return fused.data() + shape.heads * shape.head_dim; }

  const float* fused_v() const { return fused_k() + shape.kv_heads * shape.head_dim; }

  void store(std::int64_t first, std::int64_t count) {
    kernels::kv_store(fused_k() + first * stride, fused_v() + first * stride, stride,
        std::span(cache_rows).subspan(size(first), size(count)), layer);
  }

  void attend(std::int64_t first, std::int64_t count, float* out, float* log_sum) const {
    kernels::attend({.q = fused.data() + first * stride,
                        .q_stride = stride,
                        .rows = std::span(cache_rows).subspan(size(first), size(count)),
                        .heads = shape.heads,
                        .scale = static_cast<float>(shape.scale),
                        .window = shape.window,
                        .out = out + first * shape.heads * shape.head_dim,
                        .log_sum = log_sum ? log_sum + first * shape.heads : nullptr},
        layer);
  }
};

struct Case {
  std::vector<std::int64_t> lengths;
  std::int64_t heads, kv_heads, head_dim, window;
};

std::vector<Case> cases(Source& source) {
  std::vector<Case> all = {{{1}, 1, 1, 1, 0}, {{16}, 4, 4, 16, 0}, {{17, 15, 33}, 4, 4, 16, 0},
      {{300}, 2, 1, 64, 0}, {{140, 129}, 4, 2, 32, 20}, {{45}, 2, 2, 128, 16}, {{200}, 1, 1, 16, 1},
      {{260}, 2, 2, 24, 150}, {{20}, 6, 2, 80, 0}, {{9, 3}, 71, 1, 16, 0}};
  for (int i = 0; i < 20; ++i) {
    Case c;
    for (std::int64_t n = source.whole(1, 4); n > 0; --n) c.lengths.push_back(source.whole(1, 60));
    c.kv_heads = source.whole(1, 3);
    c.heads = c.kv_heads * source.whole(1, 3);
    c.head_dim = source.whole(1, 70);
    c.window = source.whole(0, 1) ? source.whole(1, 40) : 0;
    all.push_back(c);
  }
  return all;
}

kernels::AttentionBackward backward_of(
    const Sequences& s, const Values& out, const Values& log_sum, Values& gradients) {
  const std::int64_t q_width = s.shape.heads * s.shape.head_dim;
  const std::int64_t kv_width = s.shape.kv_heads * s.shape.head_dim;
  return {.q = s.fused.data(),
      .k = s.fused_k(),
      .v = s.fused_v(),
      .stride = s.stride,
      .out = out.data(),
      .dout = s.dout.data(),
      .log_sum = log_sum.data(),
      .starts = s.shape.starts,
      .heads = s.shape.heads,
      .kv_heads = s.shape.kv_heads,
      .head_dim = s.shape.head_dim,
      .scale = static_cast<float>(s.shape.scale),
      .window = s.shape.window,
      .dq = gradients.data(),
      .dk = gradients.data() + q_width,
      .dv = gradients.data() + q_width + kv_width,
      .gradient_stride = s.stride};
}

// Columns [first, first + width) of rows.
Values columns(const Values& from, std::int64_t stride, std::int64_t first, std::int64_t width) {
  Values result;
  for (std::int64_t r = 0; r * stride < static_cast<std::int64_t>(from.size()); ++r)
    result.insert(
        result.end(), from.begin() + r * stride + first, from.begin() + r * stride + first + width);
  return result;
}

}  // namespace

TEST_CASE("attention over a scattered cache and its gradients agree with ATen") {
  Source source(21);
  for (const Case& c : cases(source)) {
    CAPTURE(c.lengths.front());
    CAPTURE(c.heads);
    CAPTURE(c.head_dim);
    CAPTURE(c.window);
    Sequences s(source, c.lengths, c.heads, c.kv_heads, c.head_dim, c.window);
    const auto expected = reference::attention(s.q, s.k, s.v, s.dout, s.shape);
    Values out(s.q.size(), NAN), log_sum(size(s.rows * c.heads), NAN);
    s.store(0, s.rows);
    s.attend(0, s.rows, out.data(), log_sum.data());
    CHECK(gap(out, expected.out) < tolerance);
    CHECK(gap(log_sum, expected.log_sum) < tolerance);

    Values gradients(s.fused.size(), NAN);
    kernels::attend_backward(backward_of(s, out, log_sum, gradients));
    const std::int64_t q_width = c.heads * c.head_dim;
    const std::int64_t kv_width = c.kv_heads * c.head_dim;
    // Where keys are alone in their window dq and dk are rounding only: compare with a floor.
    const auto near = [&](const Values& actual, Reals wanted) {
      wanted.push_back(1);
      Values padded = actual;
      padded.push_back(1);
      return gap(padded, wanted) < tolerance;
    };
    CHECK(near(columns(gradients, s.stride, 0, q_width), expected.dq));
    CHECK(near(columns(gradients, s.stride, q_width, kv_width), expected.dk));
    CHECK(near(columns(gradients, s.stride, q_width + kv_width, kv_width), expected.dv));
  }
}

TEST_CASE("one row at a time, any split and the whole prompt at once give the same bits") {
  Source source(22);
  for (const Case& c : cases(source)) {
    CAPTURE(c.lengths.front());
    CAPTURE(c.head_dim);
    CAPTURE(c.window);
    Sequences s(source, c.lengths, c.heads, c.kv_heads, c.head_dim, c.window);
    Values stepwise(s.q.size()), step_sums(size(s.rows * c.heads));
    for (std::int64_t r = 0; r < s.rows; ++r) {
      s.store(r, 1);  // what is later in the block is still NaN
      s.attend(r, 1, stepwise.data(), step_sums.data());
    }
    Values whole(s.q.size()), whole_sums(size(s.rows * c.heads));
    s.attend(0, s.rows, whole.data(), whole_sums.data());
    CHECK(same_bits(whole, stepwise));
    CHECK(same_bits(whole_sums, step_sums));
    Values split(s.q.size());
    for (std::int64_t r = 0; r < s.rows;) {
      const std::int64_t count = source.whole(1, s.rows - r);
      s.attend(r, count, split.data(), nullptr);
      r += count;
    }
    CHECK(same_bits(split, whole));
  }
}

TEST_CASE("a long context agrees with ATen") {
  Source source(23);
  Sequences s(source, {1500}, 2, 1, 16, 0);
  const auto expected = reference::attention(s.q, s.k, s.v, s.dout, s.shape);
  Values out(s.q.size());
  s.store(0, s.rows);
  s.attend(0, s.rows, out.data(), nullptr);
  CHECK(gap(out, expected.out) < tolerance);
}

TEST_CASE("attention's gradient agrees with finite differences") {
  Source source(24);
  Sequences s(source, {5, 19}, 4, 2, 6, 7);
  Values out(s.q.size()), log_sum(size(s.rows * 4));
  const auto loss = [&] {
    s.store(0, s.rows);
    s.attend(0, s.rows, out.data(), log_sum.data());
    double total = 0;
    for (std::size_t i = 0; i < out.size(); ++i) total += static_cast<double>(out[i]) * s.dout[i];
    return total;
  };
  loss();
  Values gradients(s.fused.size());
  kernels::attend_backward(backward_of(s, out, log_sum, gradients));
  const float step = 1e-2F;
  for (int trial = 0; trial < 200; ++trial) {
    const std::size_t i = size(source.whole(0, static_cast<std::int64_t>(s.fused.size()) - 1));
    const float value = s.fused[i];
    s.fused[i] = value + step;
    const double above = loss();
    s.fused[i] = value - step;
    const double below = loss();
    s.fused[i] = value;
    CHECK(gradients[i] == doctest::Approx((above - below) / (2 * step)).epsilon(2e-3).scale(1));
  }
}

}  // namespace tramontane
