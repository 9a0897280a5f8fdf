// Matrix products. One tile of the result, R rows by P panels of 16 columns, stays in registers
// while the depth goes by; tiles of every R up to the largest exist, so few rows cost little.
//
// Row-invariance: an element is one lane of one accumulator, started at bias and previous value
// and increased in rising order of depth. Neither R, P nor the blocking changes that; between
// blocks of depth it rests in y, which rounds nothing.

#include "kernels/cpu/kernels.h"

namespace tramontane::kernels::TRAM_KERNEL_ISA {
namespace {

#if defined(__AVX512F__)
constexpr int tile_rows = 14;  // 28 accumulators of 32 registers

constexpr int tile_panels(int rows) {
  return rows <= 2 ? 6 : rows <= 6 ? 4 : 2;
}
#elif defined(__AVX2__) && defined(__FMA__)
constexpr int tile_rows = 6;  // 12 accumulators of 16 registers

constexpr int tile_panels(int rows) {
  return rows == 1 ? 4 : rows <= 3 ? 2 : 1;
}
#elif defined(__aarch64__)
constexpr int tile_rows = 6;

constexpr int tile_panels(int rows) {
  return rows <= 3 ? 2 : 1;
}
#else
constexpr int tile_rows = 3;  // 12 accumulators of 16 registers

constexpr int tile_panels(int rows) {
  return rows == 1 ? 2 : 1;
}
#endif

constexpr std::int64_t depth_block = 256;

// A tile's surroundings. Elements of y start from zero, bias or y itself.
struct Tile {
  const float* x;
  std::int64_t x_stride;
  const float* panel;
  std::int64_t panel_stride;  // from panel to panel
  std::int64_t depth;
  const float* bias;
  float* y;
  std::int64_t y_stride;
  std::int64_t columns;  // that may be written
  bool accumulate;
};

// Adds the products of K steps of depth. Rows are addressed from every fourth one.
template <int R, int P, int K>
TRAM_INLINE void step(Floats (&sums)[R][P * slices], const float* (&rows)[(R + 3) / 4],
    std::int64_t stride, const float*& panel, std::int64_t panel_stride) {
#pragma GCC unroll 8
  for (int k = 0; k < K; ++k) {
    Floats w[P * slices];
#pragma GCC unroll 8
    for (int v = 0; v < P * slices; ++v)
      w[v] = load(panel + v / slices * panel_stride + k * 16 + v % slices * lanes);
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
      const Floats x = splat(rows[r / 4][r % 4 * stride + k]);
#pragma GCC unroll 8
      for (int v = 0; v < P * slices; ++v) sums[r][v] = fma(x, w[v], sums[r][v]);
    }
  }
#pragma GCC unroll 4
  for (const float*& row : rows) {
    row += K;
    TRAM_PIN(row);
  }
  panel += K * 16;
  TRAM_PIN(panel);
}

template <int R, int P, bool whole>
void multiply_tile(const Tile& t) {
  constexpr int vectors = P * slices;
  // Vector v of a row that begins at p, none of it past the last column.
  const auto left = [&](int v) { return whole ? lanes : t.columns - v * lanes; };
  Floats sums[R][vectors];
#pragma GCC unroll 8
  for (int v = 0; v < vectors; ++v) {
    Floats start = {};
    if (t.bias && left(v) > 0) start = load_up_to(t.bias + v * lanes, left(v));
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) sums[r][v] = start;
  }
  if (t.accumulate) {
#pragma GCC unroll 8
    for (int v = 0; v < vectors; ++v) {
      if (left(v) <= 0) continue;
#pragma GCC unroll 16
      for (int r = 0; r < R; ++r)
        sums[r][v] += load_up_to(t.y + r * t.y_stride + v * lanes, left(v));
    }
  }
  const float* rows[(R + 3) / 4];
#pragma GCC unroll 4
  for (int g = 0; g < (R + 3) / 4; ++g) rows[g] = t.x + g * 4 * t.x_stride;
  const float* panel = t.panel;
  std::int64_t k = t.depth;
  for (; k >= 4; k -= 4) step<R, P, 4>(sums, rows, t.x_stride, panel, t.panel_stride);
  for (; k > 0; --k) step<R, P, 1>(sums, rows, t.x_stride, panel, t.panel_stride);
#pragma GCC unroll 8
  for (int v = 0; v < vectors; ++v) {
    if (left(v) <= 0) continue;
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) store_up_to(t.y + r * t.y_stride + v * lanes, sums[r][v], left(v));
  }
}

using TileFunction = void (*)(const Tile&);

struct Tiles {
  TileFunction of[tile_rows][6][2];  // [R - 1][P - 1][whole]
};

template <int R, int P>
constexpr void fill(Tiles& tiles) {
  if constexpr (P <= tile_panels(R)) {
    tiles.of[R - 1][P - 1][0] = multiply_tile<R, P, false>;
    tiles.of[R - 1][P - 1][1] = multiply_tile<R, P, true>;
    fill<R, P + 1>(tiles);
  } else if constexpr (R < tile_rows) {
    fill<R + 1, 1>(tiles);
  }
}

constexpr Tiles make_tiles() {
  Tiles tiles = {};
  fill<1, 1>(tiles);
  return tiles;
}

constexpr Tiles tiles = make_tiles();

// All columns of rows [row, row + R) for one block of depth.
void multiply_rows(const MultiplyArguments& m, std::int64_t row, std::int64_t rows,
    std::int64_t depth_begin, std::int64_t panel, std::int64_t panels) {
  Tile t = {.x = m.x + row * m.x_stride + depth_begin,
      .x_stride = m.x_stride,
      .panel = m.panels + (panel * m.depth + depth_begin) * 16,
      .panel_stride = m.depth * 16,
      .depth = smaller(depth_block, m.depth - depth_begin),
      .bias = m.bias && depth_begin == 0 ? m.bias + panel * 16 : nullptr,
      .y = m.y + row * m.y_stride + panel * 16,
      .y_stride = m.y_stride,
      .columns = m.columns - panel * 16,
      .accumulate = m.accumulate || depth_begin > 0};
  tiles.of[rows - 1][panels - 1][t.columns >= panels * 16](t);
}

}  // namespace

void multiply(const MultiplyArguments& m) {
  const std::int64_t panels = (m.columns + 15) / 16;
  // Blocks of rows whose share of x stays in the cache while all panels go by.
  const std::int64_t row_block = depth_block / smaller(depth_block, larger(m.depth, 16)) * 24;
  std::int64_t depth_begin = 0;
  do {  // once even for depth 0, which leaves the starting values
    for (std::int64_t block = 0; block < m.rows; block += row_block) {
      const std::int64_t block_end = smaller(m.rows, block + row_block);
      // Even tiles: 16 rows as 8 + 8 rather than 14 + 2.
      const std::int64_t count = (block_end - block + tile_rows - 1) / tile_rows;
      const std::int64_t widest = (block_end - block + count - 1) / count;
      const int step = tile_panels(static_cast<int>(widest));
      for (std::int64_t panel = 0; panel < panels; panel += step) {
        for (std::int64_t row = block; row < block_end; row += widest) {
          multiply_rows(m, row, smaller(widest, block_end - row), depth_begin, panel,
              smaller(step, panels - panel));
        }
      }
    }
    depth_begin += depth_block;
  } while (depth_begin < m.depth);
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

void multiply_weight_gradient(
    const float* dy, const float* x, std::int64_t rows, std::int64_t n, std::int64_t k, float* dw) {
  if (n == 0) return;
  alignas(64) float packed[gradient_rows * gradient_columns];
  const std::int64_t count = (n + tile_rows - 1) / tile_rows;
  const std::int64_t tall = (n + count - 1) / count;
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
      for (std::int64_t i = 0; i < n; i += tall) {
        const std::int64_t r = smaller(tall, n - i);
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
