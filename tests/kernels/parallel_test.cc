#include "kernels/parallel.h"

#include "tests/kernels/compare.h"

#include <numeric>
#include <vector>

#include "tests/support/test.h"

namespace tramontane {
namespace {

constexpr unsigned teams[] = {1, 2, 3, 7};

// Whatever `compute` writes into so many floats is the same by one thread and by several.
template <class Compute>
void same_by_any(std::int64_t floats, const Compute& compute) {
  Values expected;
  for (unsigned threads : teams) {
    CAPTURE(threads);
    Team team(threads);
    Values out(static_cast<std::size_t>(floats), 0.5F);
    compute(team, out.data());
    if (expected.empty()) expected = out;
    CHECK(same_bits(out, expected));
  }
}

}  // namespace

TEST_CASE("products are the same bits by any number of threads") {
  Source source(11);
  for (int trial = 0; trial < 40; ++trial) {
    const std::int64_t rows = source.whole(1, 70), depth = source.whole(1, 300),
                       columns = source.whole(1, 260);
    CAPTURE(rows);
    CAPTURE(depth);
    CAPTURE(columns);
    const Values x = source.normal(rows * depth);
    const Values w = source.normal(columns * depth);
    const Values bias = source.normal(columns);
    const Values dy = source.normal(rows * columns);
    std::vector<kernels::Bfloat16> narrow(w.size());
    kernels::to_bfloat16(w.data(), columns * depth, narrow.data());
    const auto wide = kernels::PackedMatrix::transposed(w.data(), columns, depth);
    const auto half = kernels::PackedMatrix::transposed(narrow.data(), columns, depth);
    for (const auto* packed : {&wide, &half})
      same_by_any(rows * columns, [&](Team& team, float* out) {
        kernels::multiply(team, {.x = x.data(),
                                    .x_stride = depth,
                                    .rows = rows,
                                    .w = packed,
                                    .bias = bias.data(),
                                    .y = out,
                                    .y_stride = columns,
                                    .accumulate = trial % 2 == 0});
      });
    same_by_any(columns * depth, [&](Team& team, float* out) {
      kernels::multiply_weight_gradient(team, dy.data(), x.data(), rows, columns, depth, out);
    });
  }
}

TEST_CASE("attention and its gradient are the same bits by any number of threads") {
  Source source(12);
  for (int trial = 0; trial < 12; ++trial) {
    const std::int64_t kv_heads = source.whole(1, 2), heads = kv_heads * source.whole(1, 3),
                       head_dim = 2 * source.whole(2, 10);
    std::vector<std::int64_t> starts = {0};
    std::vector<std::int32_t> blocks;
    for (std::int64_t i = 0; i < source.whole(1, 5); ++i)
      starts.push_back(starts.back() + source.whole(1, 40));
    const std::int64_t rows = starts.back();
    blocks.resize(static_cast<std::size_t>(rows));
    std::iota(blocks.begin(), blocks.end(), 0);
    std::vector<kernels::KvRow> places;
    for (std::size_t s = 0; s + 1 < starts.size(); ++s)
      for (std::int64_t i = starts[s]; i < starts[s + 1]; ++i)
        places.push_back({blocks.data() + starts[s], static_cast<std::int32_t>(i - starts[s])});
    const std::int64_t stride = (heads + 2 * kv_heads) * head_dim;
    const Values qkv = source.normal(rows * stride);
    const float* k = qkv.data() + heads * head_dim;
    const float* v = k + kv_heads * head_dim;
    const std::int64_t block = 2 * kv_heads * head_dim * kernels::kv_block;
    Values cache(static_cast<std::size_t>(rows * block));
    const kernels::KvLayer kv{cache.data(), block, kv_heads, head_dim};
    kernels::kv_store(k, v, stride, places, kv);
    const std::int64_t window = trial % 3 == 0 ? 7 : 0;
    Values out(static_cast<std::size_t>(rows * heads * head_dim));
    Values log_sum(static_cast<std::size_t>(rows * heads));
    same_by_any(rows * heads * (head_dim + 1), [&](Team& team, float* to) {
      kernels::attend(team,
          {.q = qkv.data(),
              .q_stride = stride,
              .rows = places,
              .heads = heads,
              .scale = 0.3F,
              .window = window,
              .out = to,
              .log_sum = to + rows * heads * head_dim},
          kv);
      out.assign(to, to + rows * heads * head_dim);
      log_sum.assign(to + rows * heads * head_dim, to + rows * heads * (head_dim + 1));
    });
    const Values dout = source.normal(rows * heads * head_dim);
    same_by_any(rows * stride, [&](Team& team, float* d) {
      kernels::attend_backward(team, {.q = qkv.data(),
                                         .k = k,
                                         .v = v,
                                         .stride = stride,
                                         .out = out.data(),
                                         .dout = dout.data(),
                                         .log_sum = log_sum.data(),
                                         .starts = starts,
                                         .heads = heads,
                                         .kv_heads = kv_heads,
                                         .head_dim = head_dim,
                                         .scale = 0.3F,
                                         .window = window,
                                         .dq = d,
                                         .dk = d + heads * head_dim,
                                         .dv = d + (heads + kv_heads) * head_dim,
                                         .gradient_stride = stride});
    });
  }
}

TEST_CASE("what goes row by row or element by element is the same by any number of threads") {
  Source source(13);
  for (int trial = 0; trial < 20; ++trial) {
    const std::int64_t rows = source.whole(1, 60), width = source.whole(1, 90);
    const Values both = source.normal(rows * 2 * width);
    const Values dout = source.normal(rows * width);
    same_by_any(rows * width,
        [&](Team& team, float* out) { kernels::swiglu(team, both.data(), rows, width, out); });
    same_by_any(rows * 2 * width, [&](Team& team, float* out) {
      kernels::swiglu_backward(team, dout.data(), both.data(), rows, width, out);
    });
    std::vector<std::int32_t> targets(static_cast<std::size_t>(rows));
    for (auto& t : targets) t = static_cast<std::int32_t>(source.whole(0, width - 1));
    same_by_any(2 * rows, [&](Team& team, float* out) {
      kernels::token_log_prob(
          team, dout.data(), rows, width, targets.data(), 0.7F, out, out + rows);
    });
    same_by_any(rows * width, [&](Team& team, float* out) {
      kernels::token_log_prob_backward(
          team, both.data(), dout.data(), rows, width, targets.data(), 0.7F, out);
    });
    const std::int64_t n = source.whole(1, 20000);
    const Values gradients = source.normal(n);
    same_by_any(3 * n, [&](Team& team, float* out) {
      kernels::adamw(team, {.learning_rate = 0.1F, .weight_decay = 0.1F, .step = 3}, out,
          gradients.data(), out + n, out + 2 * n, n);
    });
  }
}

}  // namespace tramontane
