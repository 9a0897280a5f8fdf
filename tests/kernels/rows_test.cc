#include "kernels/ops.h"
#include "tests/kernels/compare.h"

#include "tests/support/test.h"

namespace tramontane {
namespace {

constexpr double tolerance = 2e-6;

constexpr std::int64_t widths[] = {1, 3, 8, 15, 16, 17, 64, 100, 160, 255, 512};

std::size_t size(std::int64_t n) {
  return static_cast<std::size_t>(n);
}

}  // namespace

TEST_CASE("the root-mean-square norm and its gradients agree with ATen") {
  Source source(11);
  for (const std::int64_t width : widths) {
    CAPTURE(width);
    const std::int64_t rows = source.whole(1, 40);
    const Values x = source.normal(rows * width, 3);
    const Values w = source.normal(width);
    const Values dy = source.normal(rows * width);
    const auto expected = reference::rms_norm(x, w, 1e-5F, dy, rows, width);
    Values y(size(rows * width)), rstd(size(rows)), dx(size(rows * width)), dw(size(width), 0.0F);
    kernels::rms_norm(x.data(), w.data(), 1e-5F, rows, width, y.data(), rstd.data());
    CHECK(gap(y, expected.y) < tolerance);
    kernels::rms_norm_backward(
        dy.data(), x.data(), w.data(), rstd.data(), rows, width, dx.data(), dw.data());
    // The norm of a single number is its sign: no gradient but rounding.
    if (width > 1) CHECK(gap(dx, expected.dx) < 10 * tolerance);
    CHECK(gap(dw, expected.dw) < 10 * tolerance);
    Values again(size(rows * width));
    kernels::rms_norm(x.data(), w.data(), 1e-5F, rows, width, again.data(), nullptr);
    CHECK(same_bits(again, y));
    for (std::int64_t r = 0; r < rows; ++r) {
      Values alone(size(width));
      kernels::rms_norm(x.data() + r * width, w.data(), 1e-5F, 1, width, alone.data(), nullptr);
      REQUIRE(same_bits(alone, std::span(y).subspan(size(r * width), size(width))));
    }
  }
}

TEST_CASE("the gated unit and its gradient agree with ATen, row by row the same bits") {
  Source source(12);
  for (const std::int64_t width : widths) {
    CAPTURE(width);
    const std::int64_t rows = source.whole(1, 30);
    const Values x = source.normal(rows * 2 * width, 4);
    const Values dout = source.normal(rows * width);
    const auto expected = reference::swiglu(x, dout, rows, width);
    Values out(size(rows * width)), dx(size(rows * 2 * width));
    kernels::swiglu(x.data(), rows, width, out.data());
    kernels::swiglu_backward(dout.data(), x.data(), rows, width, dx.data());
    CHECK(gap(out, expected.y) < tolerance);
    CHECK(gap(dx, expected.dx) < tolerance);
    for (std::int64_t r = 0; r < rows; ++r) {
      Values alone(size(width));
      kernels::swiglu(x.data() + r * 2 * width, 1, width, alone.data());
      REQUIRE(same_bits(alone, std::span(out).subspan(size(r * width), size(width))));
    }
  }
}

TEST_CASE("the gated unit takes extreme gates") {
  const Values x = {-200, 200, 0, -INFINITY, 88, -88, 2, 2, 2, 2, 2, 2};
  Values out(6);
  kernels::swiglu(x.data(), 1, 6, out.data());
  CHECK(std::abs(out[0]) < 1e-30);
  CHECK(out[1] == 400);
  CHECK(out[2] == 0);
  CHECK(std::isnan(out[3]));
  CHECK(out[4] == 176);
  CHECK(out[5] == doctest::Approx(-88 * std::exp(-88.0) * 2).epsilon(1e-4));
}

TEST_CASE("rotary embedding agrees with complex rotation, inverts, and ignores the batch") {
  Source source(13);
  for (const std::int64_t head_dim : {2, 4, 8, 10, 16, 32, 64, 128}) {
    CAPTURE(head_dim);
    const std::int64_t rows = 23, heads = 3, stride = heads * head_dim + 5;
    std::vector<std::int32_t> positions;
    for (std::int64_t r = 0; r < rows; ++r)
      positions.push_back(static_cast<std::int32_t>(source.whole(0, 999)));
    const auto table = kernels::rope_table(1000, head_dim, 10000);
    const Values packed = source.normal(rows * heads * head_dim);
    Values x(size(rows * stride), 7.0F);
    for (std::int64_t r = 0; r < rows; ++r)
      std::copy_n(packed.begin() + r * heads * head_dim, heads * head_dim, x.begin() + r * stride);
    const Values before = x;
    kernels::rope(x.data(), stride, positions.data(), rows, heads, head_dim, table.data(), false);
    Values turned;
    for (std::int64_t r = 0; r < rows; ++r) {
      const auto row = x.begin() + r * stride;
      turned.insert(turned.end(), row, row + heads * head_dim);
      CHECK(std::all_of(row + heads * head_dim, row + stride, [](float v) { return v == 7; }));
      Values alone(before.begin() + r * stride, before.begin() + (r + 1) * stride);
      kernels::rope(
          alone.data(), stride, &positions[size(r)], 1, heads, head_dim, table.data(), false);
      CHECK(same_bits(alone, std::span(x).subspan(size(r * stride), size(stride))));
    }
    CHECK(gap(turned, reference::rope(packed, positions, heads, head_dim, 10000)) < tolerance);
    kernels::rope(x.data(), stride, positions.data(), rows, heads, head_dim, table.data(), true);
    CHECK(gap(x, Reals(before.begin(), before.end())) < tolerance);
  }
}

TEST_CASE("embedding copies rows and its gradient adds them up") {
  Source source(14);
  const std::int64_t width = 37;
  const Values table = source.normal(5 * width);
  const std::vector<std::int32_t> ids = {4, 0, 4, 2, 4};
  Values out(size(5 * width));
  kernels::embed(ids.data(), 5, table.data(), width, out.data());
  Reals expected(size(5 * width), 1.0);
  for (std::size_t r = 0; r < 5; ++r) {
    for (std::size_t i = 0; i < size(width); ++i) {
      REQUIRE(out[r * size(width) + i] == table[size(ids[r]) * size(width) + i]);
      expected[size(ids[r]) * size(width) + i] += out[r * size(width) + i];
    }
  }
  Values gradient(size(5 * width), 1.0F);
  kernels::embed_backward(ids.data(), 5, out.data(), width, gradient.data());
  CHECK(gap(gradient, expected) < tolerance);
}

TEST_CASE("addition may be in place") {
  Values x = {1, 2, 3, 4, 5};
  const Values z = {10, 20, 30, 40, 50};
  kernels::add(x.data(), z.data(), 5, x.data());
  CHECK(x == Values{11, 22, 33, 44, 55});
}

}  // namespace tramontane
