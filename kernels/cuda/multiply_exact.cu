// The exact product: bfloat16 tensor cores (mma.sync m16n8k16), the same bits for a row whatever
// the number of rows.
//
// The order of sums. Depth is cut into 8 segments of equal length, a multiple of 64. Within a
// segment one float32 accumulator takes 16 depths an instruction, in rising order of 32, and each
// 32 as two halves that interleave: lane t of four holds the depths 8t..8t+7 of both operands, and
// gives the first four of them to the first instruction, the others to the second. So every operand
// is 16 contiguous bytes, and no shuffle is needed. The segments are added as a tree:
// ((0+1)+(2+3))+((4+5)+(6+7)). Activations are always the left operand (m), weights the right (n).
//
// Two kernels keep that order. `thin`, up to 16 rows: each of 8 warps takes a segment of the same
// few columns and streams the weights from memory to registers, once. `wide`: 64 rows by 128
// columns a block; activations go through shared memory, weights straight to registers; a block
// takes all segments of its tile, or several blocks share them, the last of which adds them up.

#include "kernels/cuda/hardware.cuh"

namespace tramontane::kernels::cuda {
namespace {

constexpr int threads = 256;
constexpr int warps = threads / warp_lanes;
constexpr int segments = 8;
constexpr int thin_rows = 16;
constexpr int wide_rows = 64;
constexpr int wide_columns = 128;
constexpr std::size_t counters = 4096;  // at the start of the scratch
constexpr int stage_depth = 64;
constexpr int stage_bytes = wide_rows * stage_depth * 2;

struct Position {
  int warp, group, pair;  // lane = group * 4 + pair
};

__device__ __forceinline__ Position position() {
  const int lane = static_cast<int>(threadIdx.x) % warp_lanes;
  return {static_cast<int>(threadIdx.x) / warp_lanes, lane / 4, lane % 4};
}

__host__ __device__ constexpr std::int64_t segment_depth(std::int64_t depth) {
  return ((depth + segments - 1) / segments + stage_depth - 1) / stage_depth * stage_depth;
}

// c += a · b for rows group, group + 8 (low, high) and 16 of the depths that each lane holds.
__device__ __forceinline__ void multiply_tile(float (&c)[4], std::uint32_t low_a,
    std::uint32_t low_b, std::uint32_t high_a, std::uint32_t high_b, std::uint32_t w_a,
    std::uint32_t w_b) {
  asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, "
      "{%0,%1,%2,%3};"
      : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
      : "r"(low_a), "r"(high_a), "r"(low_b), "r"(high_b), "r"(w_a), "r"(w_b));
}

// Both halves of 32 depths.
__device__ __forceinline__ void multiply_chunk(
    float (&c)[4], const uint4& low, const uint4& high, const uint4& w) {
  multiply_tile(c, low.x, low.y, high.x, high.y, w.x, w.y);
  multiply_tile(c, low.z, low.w, high.z, high.w, w.z, w.w);
}

// Weights are read once: they need no place in the first cache.
__device__ __forceinline__ uint4 load_weights(
    const Multiply& m, std::int64_t column, std::int64_t k, std::int64_t end) {
  uint4 value = {0, 0, 0, 0};
  if (column < m.columns && k < end)
    asm volatile("ld.global.nc.L1::no_allocate.v4.u32 {%0,%1,%2,%3}, [%4];"
                 : "=r"(value.x), "=r"(value.y), "=r"(value.z), "=r"(value.w)
                 : "l"(m.w + column * m.depth + k));
  return value;
}

__device__ __forceinline__ uint4 load_activations(
    const Multiply& m, std::int64_t row, std::int64_t k, std::int64_t end) {
  uint4 value = {0, 0, 0, 0};
  if (row < m.rows && k < end) value = *reinterpret_cast<const uint4*>(m.x + row * m.x_stride + k);
  return value;
}

__device__ __forceinline__ void finish(
    const Multiply& m, std::int64_t row, std::int64_t column, float sum) {
  if (row >= m.rows || column >= m.columns) return;
  if (m.bias) sum += to_float(m.bias[column]);
  const std::int64_t at = row * m.y_stride + column;
  if (m.y_float) {
    m.y_float[at] = sum;
  } else {
    m.y[at] = to_bfloat16(m.accumulate ? sum + to_float(m.y[at]) : sum);
  }
}

// `Tiles` of 8 columns a block; `Ahead` chunks of 32 depths are loaded before they are needed.
template <int Tiles, int Ahead, bool High>
__global__ void __launch_bounds__(threads) thin_kernel(const Multiply m) {
  __shared__ float sums[segments][thin_rows][Tiles * 8];
  release_next();
  const Position at = position();
  const std::int64_t length = segment_depth(m.depth);
  const std::int64_t begin = at.warp * length;
  const std::int64_t end = begin + length < m.depth ? begin + length : m.depth;
  const std::int64_t column = static_cast<std::int64_t>(blockIdx.x) * Tiles * 8;
  const auto weights = [&](std::int64_t k, int tile) {
    return load_weights(m, column + tile * 8 + at.group, k + at.pair * 8, end);
  };
  uint4 w[Ahead][Tiles];
#pragma unroll
  for (int u = 0; u < Ahead; ++u) {
#pragma unroll
    for (int tile = 0; tile < Tiles; ++tile) w[u][tile] = weights(begin + u * 32, tile);
  }
  await_previous();
  float c[Tiles][4] = {};
  for (std::int64_t k = begin; k < end; k += Ahead * 32) {
    uint4 low[Ahead];
    uint4 high[Ahead];
#pragma unroll
    for (int u = 0; u < Ahead; ++u) {
      const std::int64_t depth = k + u * 32 + at.pair * 8;
      low[u] = load_activations(m, at.group, depth, end);
      high[u] = High ? load_activations(m, at.group + 8, depth, end) : uint4{0, 0, 0, 0};
    }
#pragma unroll
    for (int u = 0; u < Ahead; ++u) {
#pragma unroll
      for (int tile = 0; tile < Tiles; ++tile) {
        multiply_chunk(c[tile], low[u], high[u], w[u][tile]);
        w[u][tile] = weights(k + (Ahead + u) * 32, tile);
      }
    }
  }
#pragma unroll
  for (int tile = 0; tile < Tiles; ++tile) {
#pragma unroll
    for (int i = 0; i < 4; ++i)
      sums[at.warp][at.group + i / 2 * 8][tile * 8 + at.pair * 2 + i % 2] = c[tile][i];
  }
  __syncthreads();
  for (int i = static_cast<int>(threadIdx.x); i < thin_rows * Tiles * 8; i += threads) {
    const int row = i / (Tiles * 8);
    const int n = i % (Tiles * 8);
    const auto s = [&](int segment) { return sums[segment][row][n]; };
    finish(m, row, column + n, ((s(0) + s(1)) + (s(2) + s(3))) + ((s(4) + s(5)) + (s(6) + s(7))));
  }
}

// ---- wide --------------------------------------------------------------------------------------

constexpr int row_tiles = wide_rows / 16;
constexpr int column_tiles = wide_columns / warps / 8;  // of a warp
constexpr int chunks = stage_depth / 32;

struct Sums {
  float at[row_tiles][column_tiles][4];
};

constexpr int sums_each = row_tiles * column_tiles * 4;

__device__ __forceinline__ void add_to(Sums& sums, const Sums& more) {
#pragma unroll
  for (int i = 0; i < sums_each; ++i) (&sums.at[0][0][0])[i] += (&more.at[0][0][0])[i];
}

// Sums of 2^n segments so far, as a binary counter counts: a segment joins its left neighbour. Two
// levels wait in registers; a third, which is used once, in shared memory.
template <int Levels>
struct Parked {
  static constexpr int in_registers = Levels > 2 ? 2 : Levels;

  Sums at[in_registers > 0 ? in_registers : 1];

  // Takes the sums of segment `number`; after the last, they are the tree's. `rest` is this
  // thread's place in shared memory, sums_each floats `threads` apart.
  __device__ __forceinline__ void take(Sums& sums, int number, float* rest) {
    bool joins = true;
#pragma unroll
    for (int level = 0; level < in_registers; ++level) {
      if (!joins) continue;
      joins = (number >> level & 1) != 0;
      if (joins) {
        add_to(sums, at[level]);
      } else {
        at[level] = sums;
      }
    }
    if constexpr (Levels > in_registers) {
      if (!joins) return;
#pragma unroll
      for (int i = 0; i < sums_each; ++i) {
        float& own = (&sums.at[0][0][0])[i];
        if ((number >> in_registers & 1) != 0) {
          own += rest[i * threads];
        } else {
          rest[i * threads] = own;
        }
      }
    }
  }
};

// The activations of a stage, into shared memory as (chunk, row, 32 depths).
__device__ __forceinline__ void fetch_stage(
    const Multiply& m, std::int64_t first_row, std::int64_t k, std::int64_t end, std::byte* stage) {
#pragma unroll
  for (int i = 0; i < stage_bytes / 16 / threads; ++i) {
    const int piece = static_cast<int>(threadIdx.x) + i * threads;
    const int row = piece / 8;
    const int part = piece % 8;
    const bool there = first_row + row < m.rows && k + part * 8 < end;
    const Bfloat16* from = there ? m.x + (first_row + row) * m.x_stride + k + part * 8 : m.x;
    const auto to = static_cast<std::uint32_t>(
        __cvta_generic_to_shared(stage + part / 4 * (wide_rows * 64) + row * 64 + part % 4 * 16));
    asm volatile(
        "cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(to), "l"(from), "r"(there ? 16 : 0)
        : "memory");
  }
}

__device__ __forceinline__ void commit_stage() {
  asm volatile("cp.async.commit_group;" ::: "memory");
}

struct StageWeights {
  uint4 at[chunks][column_tiles];
};

__device__ __forceinline__ StageWeights fetch_weights(
    const Multiply& m, const Position& at, std::int64_t column, std::int64_t k, std::int64_t end) {
  StageWeights w;
#pragma unroll
  for (int chunk = 0; chunk < chunks; ++chunk) {
#pragma unroll
    for (int tile = 0; tile < column_tiles; ++tile)
      w.at[chunk][tile] =
          load_weights(m, column + tile * 8 + at.group, k + chunk * 32 + at.pair * 8, end);
  }
  return w;
}

__device__ __forceinline__ void multiply_stage(
    Sums& sums, const Position& at, const std::byte* stage, const StageWeights& w) {
#pragma unroll
  for (int chunk = 0; chunk < chunks; ++chunk) {
#pragma unroll
    for (int row = 0; row < row_tiles; ++row) {
      const std::byte* from =
          stage + chunk * (wide_rows * 64) + (row * 16 + at.group) * 64 + at.pair * 16;
      const uint4 low = *reinterpret_cast<const uint4*>(from);
      const uint4 high = *reinterpret_cast<const uint4*>(from + 8 * 64);
#pragma unroll
      for (int tile = 0; tile < column_tiles; ++tile)
        multiply_chunk(sums.at[row][tile], low, high, w.at[chunk][tile]);
    }
  }
}

// Where this block's sums wait for those of the blocks that share its tile.
__device__ __forceinline__ float* shared_sums(const Multiply& m, std::int64_t tile, unsigned part) {
  auto* base = reinterpret_cast<float*>(static_cast<std::uint32_t*>(m.scratch.base) + counters);
  return base + (tile * gridDim.z + part) * sums_each * threads + threadIdx.x;
}

// Adds up the sums of all blocks of a tile, in the last of them to arrive; false in the others.
template <int Parts>
__device__ bool join(const Multiply& m, Sums& sums) {
  __shared__ bool last;
  const std::int64_t tile = static_cast<std::int64_t>(blockIdx.y) * gridDim.x + blockIdx.x;
  float* own = shared_sums(m, tile, blockIdx.z);
#pragma unroll
  for (int i = 0; i < sums_each; ++i) __stcg(own + i * threads, (&sums.at[0][0][0])[i]);
  __threadfence();
  __syncthreads();
  if (threadIdx.x == 0) {
    std::uint32_t* counter = static_cast<std::uint32_t*>(m.scratch.base) + tile;
    last = atomicAdd(counter, 1U) == Parts - 1;
    if (last) *counter = 0;
  }
  __syncthreads();
  if (!last) return false;
  __threadfence();
#pragma unroll
  for (int i = 0; i < sums_each; ++i) {
    float parts[Parts];
#pragma unroll
    for (int p = 0; p < Parts; ++p) parts[p] = __ldcg(shared_sums(m, tile, p) + i * threads);
#pragma unroll
    for (int width = 1; width < Parts; width *= 2) {
#pragma unroll
      for (int p = 0; p + width < Parts; p += 2 * width) parts[p] += parts[p + width];
    }
    (&sums.at[0][0][0])[i] = parts[0];
  }
  return true;
}

constexpr int levels_of(int count) {
  return count <= 1 ? 0 : 1 + levels_of(count / 2);
}

// Block (tile of rows, tile of columns, part of the segments). `Own` segments a block.
template <int Own>
__global__ void __launch_bounds__(threads) wide_kernel(const Multiply m) {
  constexpr int ahead = Own <= 2 ? 4 : Own == 4 ? 2 : 1;  // stages of weights in registers
  constexpr int stages = Own == 8 ? 2 : 4;                // of activations in shared memory
  constexpr int parked_bytes = Own == 8 ? sums_each * threads * 4 : 0;
  __shared__ alignas(16) std::byte memory[stages * stage_bytes + parked_bytes];
  auto* rest = reinterpret_cast<float*>(memory + stages * stage_bytes) + threadIdx.x;
  release_next();
  const Position at = position();
  const std::int64_t per_segment = segment_depth(m.depth) / stage_depth;
  const std::int64_t first_row = static_cast<std::int64_t>(blockIdx.x) * wide_rows;
  const std::int64_t column =
      static_cast<std::int64_t>(blockIdx.y) * wide_columns + at.warp * (wide_columns / warps);
  const std::int64_t begin = blockIdx.z * Own * per_segment * stage_depth;
  const std::int64_t count = Own * per_segment;
  const auto depth_of = [&](std::int64_t stage) { return begin + stage * stage_depth; };
  const std::int64_t end =
      depth_of(count) < m.depth ? depth_of(count) : m.depth;  // nothing is read from here on
  StageWeights w[ahead];
#pragma unroll
  for (int u = 0; u < ahead; ++u) w[u] = fetch_weights(m, at, column, depth_of(u), end);
  await_previous();
#pragma unroll
  for (int s = 0; s < stages - 1; ++s) {
    fetch_stage(m, first_row, depth_of(s), end, memory + s * stage_bytes);
    commit_stage();
  }
  Sums sums = {};
  Parked<levels_of(Own)> parked;
  int segment = 0;
  std::int64_t of_segment = 0;
  for (std::int64_t base = 0; base < count; base += ahead) {
#pragma unroll
    for (int u = 0; u < ahead; ++u) {
      const std::int64_t stage = base + u;
      if (stage >= count) continue;
      asm volatile("cp.async.wait_group %0;" ::"n"(stages - 2) : "memory");
      __syncthreads();
      fetch_stage(m, first_row, depth_of(stage + stages - 1), end,
          memory + (stage + stages - 1) % stages * stage_bytes);
      commit_stage();
      multiply_stage(sums, at, memory + stage % stages * stage_bytes, w[u]);
      w[u] = fetch_weights(m, at, column, depth_of(stage + ahead), end);
      if (++of_segment < per_segment) continue;
      of_segment = 0;
      parked.take(sums, segment++, rest);
      if (segment < Own) sums = {};
    }
  }
  asm volatile("cp.async.wait_all;" ::: "memory");
  if constexpr (Own < segments) {
    if (!join<segments / Own>(m, sums)) return;
  }
#pragma unroll
  for (int row = 0; row < row_tiles; ++row) {
#pragma unroll
    for (int tile = 0; tile < column_tiles; ++tile) {
#pragma unroll
      for (int i = 0; i < 4; ++i)
        finish(m, first_row + row * 16 + at.group + i / 2 * 8,
            column + tile * 8 + at.pair * 2 + i % 2, sums.at[row][tile][i]);
    }
  }
}

template <int Tiles, int Ahead>
void launch_thin(const Multiply& m, Stream stream) {
  const dim3 grid(parts_of(m.columns, Tiles * 8));
  auto* kernel = m.rows > 8 ? thin_kernel<Tiles, Ahead, true> : thin_kernel<Tiles, Ahead, false>;
  launch("multiply_exact (thin)", kernel, grid, threads, 0, stream, m);
}

// As many blocks to a tile as still fit side by side on a large device.
void launch_wide(const Multiply& m, Stream stream) {
  constexpr std::size_t blocks_wanted = 264;
  dim3 grid(parts_of(m.rows, wide_rows), parts_of(m.columns, wide_columns));
  const std::size_t tiles = static_cast<std::size_t>(grid.x) * grid.y;
  unsigned parts = 1;
  const std::size_t room = m.scratch.bytes < counters * 4 ? 0 : m.scratch.bytes - counters * 4;
  const auto fits = [&](unsigned p) {
    return tiles <= counters && tiles * p <= blocks_wanted &&
           tiles * p * sums_each * threads * sizeof(float) <= room;
  };
  while (parts < segments && fits(parts * 2)) parts *= 2;
  grid.z = parts;
  auto* kernel = parts == 1   ? wide_kernel<8>
                 : parts == 2 ? wide_kernel<4>
                 : parts == 4 ? wide_kernel<2>
                              : wide_kernel<1>;
  launch("multiply_exact (wide)", kernel, grid, threads, 0, stream, m);
}

}  // namespace

void multiply_exact(const Multiply& m, Stream stream) {
  if (m.rows == 0) return;
  if (m.depth % 8 != 0 || m.x_stride % 8 != 0)
    throw DeviceError("multiply_exact: depth and stride are multiples of 8");
  if (m.rows > thin_rows) {
    launch_wide(m, stream);
  } else if (m.columns <= 4096) {
    launch_thin<1, 8>(m, stream);
  } else {
    launch_thin<2, 4>(m, stream);
  }
}

}  // namespace tramontane::kernels::cuda
