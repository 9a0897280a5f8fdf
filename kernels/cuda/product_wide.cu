// The exact product of many rows. A block holds a tile of rows by columns; activations and weights
// come through shared memory in stages of 64 depths, so that each weight is read from memory once
// where the rows fit into one tile.
//
// Where the tiles are too few to fill the device, the segments of one are split among a cluster of
// blocks, which add them up through each other's shared memory.

#include "kernels/cuda/product.cuh"

#include <cooperative_groups.h>

namespace tramontane::kernels::cuda {
namespace {

constexpr int threads = 256;
constexpr int chunks = stage_depth / 32;
constexpr int chunk_bytes = 64;  // of a row

template <int Rows, int Columns>
struct WideShape {
  // 8 warps, as a grid over the tile.
  static constexpr int row_warps = Columns < 128 ? 4 : Rows < 64 ? 1 : 2;
  static constexpr int column_warps = threads / warp_lanes / row_warps;
  static constexpr int row_tiles = Rows / row_warps / 16;  // of a warp
  static constexpr int column_tiles = Columns / column_warps / 8;
  static constexpr int stages = 4;
  static constexpr int stage_bytes = (Rows + Columns) * stage_depth * 2;
  static constexpr int blocks = Rows < 128 ? 2 : 1;  // of a multiprocessor
  static constexpr int pitch = Columns + 8;          // of the sums in shared memory
  static_assert(Rows * pitch * 4 <= stages * stage_bytes);
};

// Rows of a stage lie as (chunk, row, 32 depths), neighbours swapped in the second chunk: then 8
// lanes that write one row, or read two, meet in no bank.
__device__ __forceinline__ int place_of(int rows, int chunk, int row) {
  return chunk * rows * chunk_bytes + (row ^ chunk) * chunk_bytes;
}

// Copies of one thread: piece `part` of 8 of the rows lane / 8, + 32, ….
struct Source {
  const Bfloat16* from;
  int step;           // from copy to copy
  std::int64_t jump;  // further, from copy `jump_at` on
  int jump_at;
  std::uint32_t there;  // which copies there are, by bits
};

template <int Rows>
__device__ __forceinline__ void fetch(
    const Source& source, std::int64_t k, bool inside, std::byte* stage) {
  const int row = static_cast<int>(threadIdx.x) / 8;
  const int part = static_cast<int>(threadIdx.x) % 8;
#pragma unroll
  for (int i = 0; i < Rows / 32; ++i) {
    const Bfloat16* from =
        source.from + k + i * source.step + (i >= source.jump_at ? source.jump : 0);
    const auto to = static_cast<std::uint32_t>(
        __cvta_generic_to_shared(stage + place_of(Rows, part / 4, row + i * 32) + part % 4 * 16));
    const int size = inside && (source.there >> i & 1U) != 0 ? 16 : 0;
    asm volatile(
        "cp.async.cg.shared.global.L2::128B [%0], [%1], 16, %2;" ::"r"(to), "l"(from), "r"(size)
        : "memory");
  }
}

__device__ __forceinline__ void commit() {
  asm volatile("cp.async.commit_group;" ::: "memory");
}

template <int Rows, int Columns>
struct Sums {
  using Shape = WideShape<Rows, Columns>;
  float at[Shape::row_tiles][Shape::column_tiles][4];
};

template <int Rows, int Columns>
__device__ __forceinline__ Source activations_of(const Multiply& m, std::int64_t first) {
  const std::int64_t row = first + threadIdx.x / 8;
  Source source = {
      m.x + row * m.x_stride + threadIdx.x % 8 * 8, static_cast<int>(32 * m.x_stride), 0, 0, 0};
#pragma unroll
  for (int i = 0; i < Rows / 32; ++i)
    source.there |= static_cast<std::uint32_t>(row + i * 32 < m.rows) << i;
  return source;
}

// Of a gated product the second half of a tile are the ups of the first.
template <int Rows, int Columns>
__device__ __forceinline__ Source weights_of(const Multiply& m, std::int64_t first) {
  const int local = static_cast<int>(threadIdx.x) / 8;
  const int half = Columns / 2;
  const bool starts_up = m.gated && local >= half;  // of narrow tiles
  const std::int64_t ups = (m.columns - half) * m.depth;
  Source source = {m.w + (first + local) * m.depth + threadIdx.x % 8 * 8 + (starts_up ? ups : 0),
      static_cast<int>(32 * m.depth), m.gated ? ups : 0, Columns > 32 ? Columns / 64 : 1, 0};
#pragma unroll
  for (int i = 0; i < Columns / 32; ++i) {
    const int column = local + i * 32;
    source.there |= static_cast<std::uint32_t>(
                        first + (m.gated && column >= half ? column - half : column) < m.columns)
                    << i;
  }
  return source;
}

template <int Rows, int Columns>
__device__ __forceinline__ void multiply_stage(
    Sums<Rows, Columns>& sums, const Position& at, const std::byte* stage) {
  using Shape = WideShape<Rows, Columns>;
  const int first_row = at.warp / Shape::column_warps * Shape::row_tiles * 16 + at.group;
  const int first_column = at.warp % Shape::column_warps * Shape::column_tiles * 8 + at.group;
  const std::byte* weights = stage + Rows * stage_depth * 2;
#pragma unroll
  for (int chunk = 0; chunk < chunks; ++chunk) {
    uint4 low[Shape::row_tiles];
    uint4 high[Shape::row_tiles];
#pragma unroll
    for (int row = 0; row < Shape::row_tiles; ++row) {
      const std::byte* from = stage + place_of(Rows, chunk, first_row + row * 16) + at.pair * 16;
      low[row] = *reinterpret_cast<const uint4*>(from);
      high[row] = *reinterpret_cast<const uint4*>(from + 8 * chunk_bytes);
    }
#pragma unroll
    for (int tile = 0; tile < Shape::column_tiles; ++tile) {
      const uint4 w = *reinterpret_cast<const uint4*>(
          weights + place_of(Columns, chunk, first_column + tile * 8) + at.pair * 16);
#pragma unroll
      for (int row = 0; row < Shape::row_tiles; ++row)
        multiply_chunk(sums.at[row][tile], low[row], high[row], w);
    }
  }
}

template <int Rows, int Columns>
__device__ __forceinline__ void add_to(Sums<Rows, Columns>& total, Sums<Rows, Columns>& more) {
  constexpr int count = sizeof(Sums<Rows, Columns>) / sizeof(float);
#pragma unroll
  for (int i = 0; i < count; ++i) (&total.at[0][0][0])[i] += (&more.at[0][0][0])[i];
}

// Into shared memory as (row, column).
template <int Rows, int Columns>
__device__ __forceinline__ void spread(
    const Sums<Rows, Columns>& sums, const Position& at, float* tile) {
  using Shape = WideShape<Rows, Columns>;
  const int first_row = at.warp / Shape::column_warps * Shape::row_tiles * 16 + at.group;
  const int first_column = at.warp % Shape::column_warps * Shape::column_tiles * 8 + at.pair * 2;
#pragma unroll
  for (int row = 0; row < Shape::row_tiles; ++row) {
#pragma unroll
    for (int column = 0; column < Shape::column_tiles; ++column) {
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        float* to =
            tile + (first_row + row * 16 + half * 8) * Shape::pitch + first_column + column * 8;
        *reinterpret_cast<float2*>(to) = {
            sums.at[row][column][half * 2], sums.at[row][column][half * 2 + 1]};
      }
    }
  }
}

// Four neighbouring results of a row.
__device__ __forceinline__ void store_four(
    const Multiply& m, std::int64_t row, std::int64_t column, const float4& sums) {
  const float four[4] = {sums.x, sums.y, sums.z, sums.w};
  const std::int64_t at = row * m.y_stride + column;
  if (m.y_float == nullptr && m.y_stride % 4 == 0 && column + 4 <= m.columns) {
    struct alignas(8) Four {
      Bfloat16 at[4];
    };

    auto* to = reinterpret_cast<Four*>(m.y + at);
    Four values = {};
    if (m.accumulate) values = *to;
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      const float sum = m.bias ? four[i] + to_float(m.bias[column + i]) : four[i];
      values.at[i] = to_bfloat16(m.accumulate ? sum + to_float(values.at[i]) : sum);
    }
    *to = values;
    return;
  }
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    if (column + i < m.columns)
      store_sum(m, row, column + i, four[i], m.accumulate ? to_float(m.y[at + i]) : 0.0F);
  }
}

// Stores the tile's rows from `begin` to `end`, whose sums are those of `parts` tiles, in order.
template <int Columns, int Pitch, int Parts>
__device__ __forceinline__ void store_rows(const Multiply& m, const float* const (&parts)[Parts],
    int begin, int end, std::int64_t first_row, std::int64_t first_column) {
  const int width = m.gated ? Columns / 2 : Columns;
  const auto sum_at = [&](int row, int column) {
    float4 sum = *reinterpret_cast<const float4*>(parts[0] + row * Pitch + column);
#pragma unroll
    for (int p = 1; p < Parts; ++p) {
      const float4 more = *reinterpret_cast<const float4*>(parts[p] + row * Pitch + column);
      sum.x += more.x;
      sum.y += more.y;
      sum.z += more.z;
      sum.w += more.w;
    }
    return sum;
  };
  for (int i = static_cast<int>(threadIdx.x); i < (end - begin) * (width / 4); i += threads) {
    const int row = begin + i / (width / 4);
    const int column = i % (width / 4) * 4;
    if (first_row + row >= m.rows || first_column + column >= m.columns) continue;
    float4 sum = sum_at(row, column);
    if (m.gated) {
      const float4 up = sum_at(row, column + width);
      sum = {gated_product(sum.x, up.x), gated_product(sum.y, up.y), gated_product(sum.z, up.z),
          gated_product(sum.w, up.w)};
    }
    store_four(m, first_row + row, first_column + column, sum);
  }
}

// Block (tile of rows, tile of columns, segment where they are split).
template <int Rows, int Columns, bool Split>
__global__ void __launch_bounds__(threads, WideShape<Rows, Columns>::blocks)
    wide_kernel(const Multiply m) {
  using Shape = WideShape<Rows, Columns>;
  std::byte* memory = block_shared;
  release_next();
  const Position at = position();
  const std::int64_t length = segment_depth(m.depth);
  const std::int64_t first_row = static_cast<std::int64_t>(blockIdx.x) * Rows;
  const std::int64_t first_column =
      static_cast<std::int64_t>(blockIdx.y) * (m.gated ? Columns / 2 : Columns);
  const std::int64_t begin = Split ? blockIdx.z * length : 0;
  const std::int64_t end = Split && begin + length < m.depth ? begin + length : m.depth;
  const int count =
      end > begin ? static_cast<int>((end - begin + stage_depth - 1) / stage_depth) : 0;
  const int per_segment = static_cast<int>(length / stage_depth);
  const Source weights = weights_of<Rows, Columns>(m, first_column);
  const Source activations = activations_of<Rows, Columns>(m, first_row);
  const int part = static_cast<int>(threadIdx.x) % 8 * 8;
  const auto fetch_weights = [&](int stage) {
    const std::int64_t k = begin + static_cast<std::int64_t>(stage) * stage_depth;
    fetch<Columns>(weights, k, k + part < end,
        memory + stage % Shape::stages * Shape::stage_bytes + Rows * stage_depth * 2);
  };
  const auto fetch_activations = [&](int stage) {
    const std::int64_t k = begin + static_cast<std::int64_t>(stage) * stage_depth;
    fetch<Rows>(
        activations, k, k + part < end, memory + stage % Shape::stages * Shape::stage_bytes);
  };
#pragma unroll
  for (int stage = 0; stage < Shape::stages - 1; ++stage) fetch_weights(stage);
  await_previous();
#pragma unroll
  for (int stage = 0; stage < Shape::stages - 1; ++stage) {
    fetch_activations(stage);
    commit();
  }
  Sums<Rows, Columns> sums = {};
  Sums<Rows, Columns> total = {};
  int of_segment = 0;
  for (int stage = 0; stage < count; ++stage) {
    asm volatile("cp.async.wait_group %0;" ::"n"(Shape::stages - 2) : "memory");
    __syncthreads();
    fetch_weights(stage + Shape::stages - 1);
    fetch_activations(stage + Shape::stages - 1);
    commit();
    multiply_stage<Rows, Columns>(sums, at, memory + stage % Shape::stages * Shape::stage_bytes);
    if constexpr (!Split) {
      if (++of_segment < per_segment && stage + 1 < count) continue;
      of_segment = 0;
      add_to(total, sums);
      sums = {};
    }
  }
  asm volatile("cp.async.wait_all;" ::: "memory");
  __syncthreads();
  auto* tile = reinterpret_cast<float*>(memory);
  if constexpr (!Split) {
    spread<Rows, Columns>(total, at, tile);
    __syncthreads();
    const float* const parts[1] = {tile};
    store_rows<Columns, Shape::pitch, 1>(m, parts, 0, Rows, first_row, first_column);
  } else {
#if __CUDA_ARCH__ >= 900
    const auto cluster = cooperative_groups::this_cluster();
    spread<Rows, Columns>(sums, at, tile);
    cluster.sync();
    const float* parts[segments];
#pragma unroll
    for (int p = 0; p < segments; ++p)
      parts[p] = cluster.map_shared_rank(tile, static_cast<unsigned>(p));
    const int each = Rows / segments;
    const int own = static_cast<int>(blockIdx.z) * each;
    store_rows<Columns, Shape::pitch, segments>(m, parts, own, own + each, first_row, first_column);
    cluster.sync();  // the others may still read this block's tile
#endif
  }
}

// Whether blocks can be a cluster: found out once.
bool has_clusters() {
  static const bool found = [] {
    int device = 0;
    int major = 0;
    check(cudaGetDevice(&device), "device");
    check(cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device), "device");
    return major >= 9;
  }();
  return found;
}

template <int Rows, int Columns>
void launch_wide(const Multiply& m, Stream stream) {
  constexpr std::size_t tiles_wanted = Rows < 128 ? 100 : 66;
  using Shape = WideShape<Rows, Columns>;
  dim3 grid(parts_of(m.rows, Rows), parts_of(m.columns, m.gated ? Columns / 2 : Columns));
  const bool split = has_clusters() && static_cast<std::size_t>(grid.x) * grid.y < tiles_wanted;
  if (split) grid.z = segments;
  auto* kernel = split ? wide_kernel<Rows, Columns, true> : wide_kernel<Rows, Columns, false>;
  constexpr std::size_t bytes = Shape::stages * Shape::stage_bytes;
  allow_shared(kernel, bytes);
  launch_clusters("multiply_exact (wide)", kernel, grid, threads, bytes, stream, grid.z, m);
}

}  // namespace

void multiply_wide(const Multiply& m, Stream stream) {
  if (m.columns < 3072) {
    m.rows <= 64 ? launch_wide<64, 32>(m, stream) : launch_wide<128, 128>(m, stream);
  } else if (m.rows <= 32) {
    launch_wide<32, 128>(m, stream);
  } else if (m.rows <= 64) {
    launch_wide<64, 128>(m, stream);
  } else {
    launch_wide<128, 128>(m, stream);
  }
}

}  // namespace tramontane::kernels::cuda
