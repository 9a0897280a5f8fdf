#include "kernels/ops.h"
#include "tests/kernels/compare.h"

#include <bit>
#include <cmath>
#include <utility>

#include "tests/support/test.h"

namespace tramontane {
namespace {

// float32 sums of up to 600 terms; relative to the largest element.
constexpr double tolerance = 1e-5;

Values product(
    const Values& x, const kernels::PackedMatrix& w, const Values& bias, std::int64_t rows) {
  Values y(static_cast<std::size_t>(rows * w.columns()), NAN);
  kernels::multiply({.x = x.data(),
      .x_stride = w.depth(),
      .rows = rows,
      .w = &w,
      .bias = bias.empty() ? nullptr : bias.data(),
      .y = y.data(),
      .y_stride = w.columns()});
  return y;
}

struct Shape {
  std::int64_t rows, depth, columns;
};

std::vector<Shape> shapes(Source& source) {
  std::vector<Shape> all = {{1, 1, 1}, {1, 64, 192}, {16, 64, 320}, {64, 160, 64}, {256, 64, 21},
      {2, 600, 33}, {40, 257, 48}, {15, 256, 16}, {13, 512, 100}};
  for (int i = 0; i < 30; ++i)
    all.push_back({source.whole(1, 70), source.whole(1, 300), source.whole(1, 120)});
  return all;
}

}  // namespace

TEST_CASE("products and their gradients agree with ATen over random shapes") {
  Source source(1);
  for (const auto& [rows, depth, columns] : shapes(source)) {
    CAPTURE(rows);
    CAPTURE(depth);
    CAPTURE(columns);
    const Values x = source.normal(rows * depth);
    const Values w = source.normal(columns * depth);
    const Values bias = source.whole(0, 1) ? source.normal(columns) : Values{};
    const Values dy = source.normal(rows * columns);
    const auto expected = reference::linear(x, w, bias, dy, rows, depth, columns);
    const auto packed = kernels::PackedMatrix::transposed(w.data(), columns, depth);
    CHECK(gap(product(x, packed, bias, rows), expected.y) < tolerance);

    const auto back = kernels::PackedMatrix::plain(w.data(), columns, depth, depth);
    CHECK(gap(product(dy, back, {}, rows), expected.dx) < tolerance);

    Values dw = source.normal(columns * depth);
    Reals expected_dw = expected.dw;
    for (std::size_t i = 0; i < dw.size(); ++i) expected_dw[i] += dw[i];
    kernels::multiply_weight_gradient(dy.data(), x.data(), rows, columns, depth, dw.data());
    CHECK(gap(dw, expected_dw) < tolerance);

    if (bias.empty()) continue;
    Values db(static_cast<std::size_t>(columns), 0.0F);
    kernels::sum_rows(dy.data(), rows, columns, db.data());
    CHECK(gap(db, expected.db) < tolerance);
  }
}

TEST_CASE("a weight gradient over many rows stays accurate") {
  Source source(2);
  const std::int64_t rows = 3000, n = 21, k = 40;
  const Values x = source.normal(rows * k);
  const Values w = source.normal(n * k);
  const Values dy = source.normal(rows * n);
  const auto expected = reference::linear(x, w, {}, dy, rows, k, n);
  Values dw(static_cast<std::size_t>(n * k), 0.0F);
  kernels::multiply_weight_gradient(dy.data(), x.data(), rows, n, k, dw.data());
  CHECK(gap(dw, expected.dw) < tolerance);
}

TEST_CASE("a product accumulates, and strides leave what lies between rows alone") {
  Source source(3);
  const std::int64_t rows = 19, depth = 300, columns = 37, x_stride = 311, y_stride = 50;
  const Values x = source.normal(rows * x_stride);
  const Values w = source.normal(columns * depth);
  const Values before = source.normal(rows * y_stride);
  const auto packed = kernels::PackedMatrix::transposed(w.data(), columns, depth);
  Values y = before;
  kernels::multiply({.x = x.data(),
      .x_stride = x_stride,
      .rows = rows,
      .w = &packed,
      .y = y.data(),
      .y_stride = y_stride,
      .accumulate = true});
  double worst = 0;
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t c = 0; c < y_stride; ++c) {
      const auto at = static_cast<std::size_t>(r * y_stride + c);
      if (c >= columns) {
        REQUIRE(y[at] == before[at]);
        continue;
      }
      double sum = before[at];
      for (std::int64_t k = 0; k < depth; ++k)
        sum += static_cast<double>(x[static_cast<std::size_t>(r * x_stride + k)]) *
               w[static_cast<std::size_t>(c * depth + k)];
      worst = std::max(worst, std::abs(sum - y[at]));
    }
  }
  CHECK(worst < 1e-4);
}

TEST_CASE("a row's product is the same bits alone and in any batch, offset and alignment") {
  Source source(4);
  for (const auto& [depth, columns] :
      {std::pair<std::int64_t, std::int64_t>{64, 192}, {160, 64}, {64, 21}, {700, 100}}) {
    CAPTURE(depth);
    CAPTURE(columns);
    const std::int64_t rows = 67;
    const Values x = source.normal(rows * depth);
    const Values bias = source.normal(columns);
    const Values w = source.normal(columns * depth);
    const auto packed = kernels::PackedMatrix::transposed(w.data(), columns, depth);
    Values alone;
    for (std::int64_t r = 0; r < rows; ++r) {
      const auto begin = x.begin() + r * depth;
      const Values y = product(Values(begin, begin + depth), packed, bias, 1);
      alone.insert(alone.end(), y.begin(), y.end());
    }
    for (int trial = 0; trial < 40; ++trial) {
      const std::int64_t first = source.whole(0, rows - 1);
      const std::int64_t count = source.whole(1, rows - first);
      const std::int64_t shift = source.whole(0, 15);
      Values moved(static_cast<std::size_t>(shift));
      moved.insert(moved.end(), x.begin() + first * depth, x.begin() + (first + count) * depth);
      Values y(static_cast<std::size_t>(count * columns + shift));
      kernels::multiply({.x = moved.data() + shift,
          .x_stride = depth,
          .rows = count,
          .w = &packed,
          .bias = bias.data(),
          .y = y.data() + shift,
          .y_stride = columns});
      CHECK(same_bits(std::span(y).subspan(static_cast<std::size_t>(shift)),
          std::span(alone).subspan(static_cast<std::size_t>(first * columns),
              static_cast<std::size_t>(count * columns))));
    }
  }
}

TEST_CASE("float32 becomes the nearest bfloat16, even where two are as near") {
  const auto rounded = [](std::uint32_t bits) {
    const auto value = std::bit_cast<float>(bits);
    kernels::Bfloat16 narrow;
    kernels::to_bfloat16(&value, 1, &narrow);
    return narrow.bits;
  };
  CHECK(rounded(0x3f808000U) == 0x3f80);  // as near to both: the even one
  CHECK(rounded(0x3f818000U) == 0x3f82);
  CHECK(rounded(0x3f808001U) == 0x3f81);
  CHECK(rounded(0x3f807fffU) == 0x3f80);
  CHECK(rounded(0x80000000U) == 0x8000);
  CHECK(rounded(0x7f7fffffU) == 0x7f80);  // beyond the largest
  CHECK(rounded(0xff800000U) == 0xff80);
  CHECK((rounded(0x7f800001U) & 0x7fffU) > 0x7f80U);  // NaN stays one
  CHECK(rounded(0x00000001U) == 0);                   // denormals round like any other
  CHECK(rounded(0x00018000U) == 2);
  Source source(5);
  for (const float value : source.normal(1000)) {
    kernels::Bfloat16 narrow;
    kernels::to_bfloat16(&value, 1, &narrow);
    float back = 0;
    kernels::to_float32(&narrow, 1, &back);
    CHECK(std::abs(back - value) <= std::ldexp(std::abs(value), -8));
  }
}

// Whatever the instruction set: bfloat16 is widened, never rounded again.
TEST_CASE("a product with a bfloat16 matrix has the bits of its float32 form") {
  Source source(6);
  for (const auto& [rows, depth, columns] : shapes(source)) {
    CAPTURE(rows);
    CAPTURE(depth);
    CAPTURE(columns);
    const Values x = source.normal(rows * depth);
    const Values bias = source.whole(0, 1) ? source.normal(columns) : Values{};
    const Values w = source.normal(columns * depth);
    std::vector<kernels::Bfloat16> narrow(w.size());
    kernels::to_bfloat16(w.data(), columns * depth, narrow.data());
    Values wide(w.size());
    kernels::to_float32(narrow.data(), columns * depth, wide.data());

    const auto packed = kernels::PackedMatrix::transposed(narrow.data(), columns, depth);
    REQUIRE(packed.bfloat16());
    CHECK(same_bits(product(x, packed, bias, rows),
        product(x, kernels::PackedMatrix::transposed(wide.data(), columns, depth), bias, rows)));

    const Values dy = source.normal(rows * columns);
    CHECK(same_bits(
        product(dy, kernels::PackedMatrix::plain(narrow.data(), columns, depth, depth), {}, rows),
        product(dy, kernels::PackedMatrix::plain(wide.data(), columns, depth, depth), {}, rows)));

    // A row alone, from the middle.
    const auto r = static_cast<std::ptrdiff_t>(rows / 2);
    const Values all = product(x, packed, bias, rows);
    const Values alone =
        product(Values(x.begin() + r * depth, x.begin() + (r + 1) * depth), packed, bias, 1);
    CHECK(same_bits(alone, std::span(all).subspan(static_cast<std::size_t>(r * columns),
                               static_cast<std::size_t>(columns))));
  }
}

TEST_CASE("no rows, no columns and no depth are products too") {
  const float* nothing = nullptr;
  const auto empty = kernels::PackedMatrix::transposed(nothing, 0, 8);
  kernels::multiply({.x_stride = 8, .rows = 3, .w = &empty});
  const auto flat = kernels::PackedMatrix::transposed(nothing, 5, 0);
  const Values bias = {1, 2, 3, 4, 5};
  Values y(10, NAN);
  kernels::multiply({.rows = 2, .w = &flat, .bias = bias.data(), .y = y.data(), .y_stride = 5});
  CHECK(y == Values{1, 2, 3, 4, 5, 1, 2, 3, 4, 5});
}

}  // namespace tramontane
