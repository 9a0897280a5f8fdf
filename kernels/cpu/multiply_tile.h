#pragma once
// The tiles of a matrix product, for weights of one kind: float32 or bfloat16. One tile of the
// result, R rows by P panels of 16 columns, stays in registers while the depth goes by; tiles of
// every R up to the largest exist, so few rows cost little.
//
// Row-invariance: an element is one lane of one accumulator, started at bias and previous value
// and increased in rising order of depth. Neither R, P nor the blocking changes that; between
// blocks of depth it rests in y, which rounds nothing.
//
// bfloat16 weights are widened in registers, which is exact, and multiplied as float32: a product
// has the bits that the widened matrix gives. (AVX-512 BF16 has an instruction for pairs of
// products. It wants the rows in bfloat16 too, rounds once for two products and flushes denormals,
// so that its results would be no other instruction set's.)

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

// How a panel is read: 16 columns of each depth, `words` of 32 bits for K of them.
struct Float32Panel {
  static constexpr int depth_step = 1;

  TRAM_INLINE Floats weights(const float* panel, int k, int v) {
    return load(panel + k * 16 + v * lanes);
  }

  static constexpr std::int64_t words(std::int64_t depth) { return depth * 16; }
};

// Two depths lie side by side in each word, the even one below.
struct Bfloat16Panel {
  static constexpr int depth_step = 2;

  TRAM_INLINE Floats weights(const float* panel, int k, int v) {
    const Ints pair = as_ints(load(panel + k / 2 * 16 + v * lanes));
    return as_floats(k % 2 == 0 ? pair << 16 : pair & static_cast<std::int32_t>(0xffff0000U));
  }

  static constexpr std::int64_t words(std::int64_t depth) { return (depth + 1) / 2 * 16; }
};

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
template <class Panel, int R, int P, int K>
TRAM_INLINE void step(Floats (&sums)[R][P * slices], const float* (&rows)[(R + 3) / 4],
    std::int64_t stride, const float*& panel, std::int64_t panel_stride) {
#pragma GCC unroll 8
  for (int k = 0; k < K; ++k) {
    Floats w[P * slices];
#pragma GCC unroll 8
    for (int v = 0; v < P * slices; ++v)
      w[v] = Panel::weights(panel + v / slices * panel_stride, k, v % slices);
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
  panel += Panel::words(K);
  TRAM_PIN(panel);
}

template <class Panel, int R, int P, bool whole>
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
  for (; k >= 4; k -= 4) step<Panel, R, P, 4>(sums, rows, t.x_stride, panel, t.panel_stride);
  if constexpr (Panel::depth_step == 2)
    for (; k >= 2; k -= 2) step<Panel, R, P, 2>(sums, rows, t.x_stride, panel, t.panel_stride);
  for (; k > 0; --k) step<Panel, R, P, 1>(sums, rows, t.x_stride, panel, t.panel_stride);
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

template <class Panel, int R, int P>
constexpr void fill(Tiles& tiles) {
  if constexpr (P <= tile_panels(R)) {
    tiles.of[R - 1][P - 1][0] = multiply_tile<Panel, R, P, false>;
    tiles.of[R - 1][P - 1][1] = multiply_tile<Panel, R, P, true>;
    fill<Panel, R, P + 1>(tiles);
  } else if constexpr (R < tile_rows) {
    fill<Panel, R + 1, 1>(tiles);
  }
}

template <class Panel>
constexpr Tiles make_tiles() {
  Tiles tiles = {};
  fill<Panel, 1, 1>(tiles);
  return tiles;
}

template <class Panel>
constexpr Tiles tiles_of = make_tiles<Panel>();

// All columns of rows [row, row + R) for one block of depth.
template <class Panel>
void multiply_rows(const MultiplyArguments& m, std::int64_t row, std::int64_t rows,
    std::int64_t depth_begin, std::int64_t panel, std::int64_t panels) {
  const std::int64_t stride = (m.depth + Panel::depth_step - 1) / Panel::depth_step * 16;
  Tile t = {.x = m.x + row * m.x_stride + depth_begin,
      .x_stride = m.x_stride,
      .panel = m.panels + panel * stride + Panel::words(depth_begin),
      .panel_stride = stride,
      .depth = smaller(depth_block, m.depth - depth_begin),
      .bias = m.bias && depth_begin == 0 ? m.bias + panel * 16 : nullptr,
      .y = m.y + row * m.y_stride + panel * 16,
      .y_stride = m.y_stride,
      .columns = m.columns - panel * 16,
      .accumulate = m.accumulate || depth_begin > 0};
  tiles_of<Panel>.of[rows - 1][panels - 1][t.columns >= panels * 16](t);
}

template <class Panel>
void multiply_with(const MultiplyArguments& m) {
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
          multiply_rows<Panel>(m, row, smaller(widest, block_end - row), depth_begin, panel,
              smaller(step, panels - panel));
        }
      }
    }
    depth_begin += depth_block;
  } while (depth_begin < m.depth);
}

}  // namespace
}  // namespace tramontane::kernels::TRAM_KERNEL_ISA
