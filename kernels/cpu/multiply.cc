// Products with float32 matrices, and gradients of weights.
#include "kernels/cpu/multiply_tile.h"

namespace tramontane::kernels::TRAM_KERNEL_ISA {

void multiply(const MultiplyArguments& m) {
  multiply_with<Float32Panel>(m);
}

namespace {

// One block of rows of the weight gradient, summed in registers and then added to dw.
constexpr std::int64_t gradient_rows = 256;
#if defined(__AVX512F__)
constexpr int gradient_vectors = 2;
#elif defined(__AVX2__) && defined(__FMA__)
constexpr int gradient_vectors = 2;
#else
constexpr int gradient_vectors = 4;
#endif
constexpr std::int64_t gradient_columns = gradient_vectors * lanes;

// dw (R, columns) += dy (rows, R)^T · packed (rows, gradient_columns)
template <int R>
void gradient_tile(const float* dy, std::int64_t dy_stride, const float* packed, std::int64_t rows,
    float* dw, std::int64_t dw_stride, std::int64_t columns) {
  Floats sums[R][gradient_vectors] = {};
  for (std::int64_t row = 0; row < rows; ++row) {
    Floats x[gradient_vectors];
#pragma GCC unroll 4
    for (int v = 0; v < gradient_vectors; ++v) x[v] = load(packed + v * lanes);
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
      const Floats d = splat(dy[r]);
#pragma GCC unroll 4
      for (int v = 0; v < gradient_vectors; ++v) sums[r][v] = fma(d, x[v], sums[r][v]);
    }
    dy += dy_stride;
    packed += gradient_columns;
  }
#pragma GCC unroll 16
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 4
    for (int v = 0; v < gradient_vectors; ++v) {
      const std::int64_t left = smaller(lanes, columns - v * lanes);
      float* out = dw + r * dw_stride + v * lanes;
      if (left == lanes) {
        store(out, load(out) + sums[r][v]);
      } else if (left > 0) {
        store_first(out, load_first(out, left) + sums[r][v], left);
      }
    }
  }
}

using GradientFunction = void (*)(
    const float*, std::int64_t, const float*, std::int64_t, float*, std::int64_t, std::int64_t);

struct GradientTiles {
  GradientFunction of[tile_rows];
};

template <int R>
constexpr void fill(GradientTiles& gradient_tiles) {
  gradient_tiles.of[R - 1] = gradient_tile<R>;
  if constexpr (R < tile_rows) fill<R + 1>(gradient_tiles);
}

constexpr GradientTiles make_gradient_tiles() {
  GradientTiles gradient_tiles = {};
  fill<1>(gradient_tiles);
  return gradient_tiles;
}

constexpr GradientTiles gradient_tiles = make_gradient_tiles();

}  // namespace

void multiply_weight_gradient(const float* dy, const float* x, std::int64_t rows, std::int64_t n,
    std::int64_t k, float* dw, std::int64_t first, std::int64_t last) {
  if (first >= last) return;
  alignas(64) float packed[gradient_rows * gradient_columns];
  const std::int64_t count = (last - first + tile_rows - 1) / tile_rows;
  const std::int64_t tall = (last - first + count - 1) / count;
  for (std::int64_t begin = 0; begin < rows; begin += gradient_rows) {
    const std::int64_t block = smaller(gradient_rows, rows - begin);
    for (std::int64_t column = 0; column < k; column += gradient_columns) {
      const std::int64_t columns = smaller(gradient_columns, k - column);
      for (std::int64_t row = 0; row < block; ++row) {
        for (int v = 0; v < gradient_vectors; ++v) {
          const std::int64_t left = larger(0, smaller(lanes, columns - v * lanes));
          const float* from = x + (begin + row) * k + column + v * lanes;
          store(packed + row * gradient_columns + v * lanes,
              left == lanes ? load(from) : load_first(from, left));
        }
      }
      for (std::int64_t i = first; i < last; i += tall) {
        const std::int64_t r = smaller(tall, last - i);
        gradient_tiles.of[r - 1](
            dy + begin * n + i, n, packed, block, dw + i * k + column, k, columns);
      }
    }
  }
}

void sum_rows(const float* dy, std::int64_t rows, std::int64_t n, float* db) {
  for (std::int64_t begin = 0; begin < rows; begin += gradient_rows) {
    const std::int64_t end = smaller(rows, begin + gradient_rows);
    for (std::int64_t i = 0; i < n; i += lanes) {
      const std::int64_t left = smaller(lanes, n - i);
      Floats sums = {};
      for (std::int64_t row = begin; row < end; ++row) {
        const float* from = dy + row * n + i;
        sums += left == lanes ? load(from) : load_first(from, left);
      }
      store_first(db + i, load_first(db + i, left) + sums, left);
    }
  }
}

}  // namespace tramontane::kernels::TRAM_KERNEL_ISA
