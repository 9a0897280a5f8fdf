// The exact product of up to 16 rows, as fast as the weights come: each of 4 warps takes a segment
// of the same few columns and streams the weights from memory to registers, once. The first of them
// are on their way before the kernel waits for what it multiplies.

#include "kernels/cuda/product.cuh"

namespace tramontane::kernels::cuda {
namespace {

constexpr int threads = segments * warp_lanes;

// Bytes from row to row of the normalised activations: 8 lanes at once read two rows, which must
// not meet in a bank.
__host__ __device__ constexpr std::int64_t row_bytes(std::int64_t depth) {
  return (depth * 2 + 127) / 128 * 128 + 64;
}

// Weights are read once: they need no place in the first cache.
__device__ __forceinline__ uint4 load_weights(const Bfloat16* at, bool there) {
  uint4 value = {0, 0, 0, 0};
  if (there)
    asm volatile("ld.global.nc.L1::no_allocate.v4.u32 {%0,%1,%2,%3}, [%4];"
                 : "=r"(value.x), "=r"(value.y), "=r"(value.z), "=r"(value.w)
                 : "l"(at));
  return value;
}

__device__ __forceinline__ void prefetch(const void* at) {
  asm volatile("prefetch.global.L2 [%0];" ::"l"(at));
}

// RMSNorm of all rows into shared memory, with the order of sums of rms_norm_row: what its warp w
// of norm_threads / warp_lanes does, a warp here does for several w.
__device__ __forceinline__ void normalise(const Multiply& m, std::byte* rows, float* squares) {
  constexpr int norm_warps = norm_threads / warp_lanes;
  HardwareBlock block;
  const int lane = lane_of(block);
  const auto at = [&](std::int64_t row, std::int64_t i) {
    return reinterpret_cast<Bfloat16x8*>(rows + row * row_bytes(m.depth) + i * 2);
  };
  const int count = static_cast<int>(m.rows) * norm_warps;
  for (int job = warp_of(block); job < count; job += segments) {
    const std::int64_t row = job / norm_warps;
    float sum = 0;
    for (std::int64_t i = (job % norm_warps * warp_lanes + lane) * 8; i < m.depth;
         i += norm_threads * 8) {
      const Bfloat16x8 values = load8(m.x + row * m.x_stride + i);
      *at(row, i) = values;
#pragma unroll
      for (int j = 0; j < 8; ++j) {
        const float v = to_float(values.at[j]);
        sum = fused(v, v, sum);
      }
    }
    sum = warp_sum(block, sum);
    if (lane == 0) squares[job] = sum;
  }
  __syncthreads();
  for (std::int64_t row = 0; row < m.rows; ++row) {
    float total = squares[row * norm_warps];
#pragma unroll
    for (int w = 1; w < norm_warps; ++w) total += squares[row * norm_warps + w];
    const float scale = 1.0F / __builtin_sqrtf(total / static_cast<float>(m.depth) + m.norm_eps);
    for (std::int64_t i = static_cast<std::int64_t>(threadIdx.x) * 8; i < m.depth;
         i += threads * 8) {
      Bfloat16x8 values = *at(row, i);
      const Bfloat16x8 weights = load8(m.norm + i);
#pragma unroll
      for (int j = 0; j < 8; ++j)
        values.at[j] = to_bfloat16(to_float(values.at[j]) * scale * to_float(weights.at[j]));
      *at(row, i) = values;
    }
  }
  __syncthreads();
}

// `Tiles` of 8 columns a block; `Ahead` chunks of 32 depths are loaded before they are needed.
// High: more than 8 rows. A gated product has the gates in tile 0 and their ups in tile 1.
template <int Tiles, int Ahead, bool High, bool Normed>
__global__ void __launch_bounds__(threads) thin_kernel(const Multiply m) {
  constexpr int rows = High ? 16 : 8;
  constexpr int batch = High ? 4 : Ahead < 8 ? Ahead : 8;  // chunks of activations at once
  constexpr int each = rows * Tiles * 8 / threads > 0 ? rows * Tiles * 8 / threads : 1;
  __shared__ float sums[segments][rows][Tiles * 8];
  __shared__ float squares[Normed ? thin_rows * norm_threads / warp_lanes : 1];
  release_next();
  const Position at = position();
  const std::int64_t length = segment_depth(m.depth);
  const std::int64_t begin = at.warp * length;
  const std::int64_t end = begin + length < m.depth ? begin + length : m.depth;
  const std::int64_t first = static_cast<std::int64_t>(blockIdx.x) * (m.gated ? 8 : Tiles * 8);
  const Bfloat16* from[Tiles];
  bool there[Tiles];
#pragma unroll
  for (int tile = 0; tile < Tiles; ++tile) {
    const std::int64_t column = first + at.group + (m.gated ? 0 : tile * 8);
    there[tile] = column < m.columns;
    from[tile] = m.w + (column + (m.gated ? tile * m.columns : 0)) * m.depth + at.pair * 8;
  }
  const auto weights = [&](std::int64_t k, int tile) {
    return load_weights(from[tile] + k, there[tile] && k + at.pair * 8 < end);
  };
  uint4 w[Ahead][Tiles];
#pragma unroll
  for (int u = 0; u < Ahead; ++u) {
#pragma unroll
    for (int tile = 0; tile < Tiles; ++tile) w[u][tile] = weights(begin + u * 32, tile);
  }
  if (Normed && static_cast<std::int64_t>(threadIdx.x) * 64 < m.depth)
    prefetch(m.norm + static_cast<std::int64_t>(threadIdx.x) * 64);
  await_previous();
  // Element i of the results of a thread is (row, column n).
  const auto row_of = [&](int i) {
    return (static_cast<int>(threadIdx.x) + i * threads) / (Tiles * 8);
  };
  const auto n_of = [&](int i) {
    return (static_cast<int>(threadIdx.x) + i * threads) % (Tiles * 8);
  };
  float before[each] = {};
#pragma unroll
  for (int i = 0; i < each; ++i) {
    if (m.accumulate && row_of(i) < m.rows && first + n_of(i) < m.columns)
      before[i] = to_float(m.y[row_of(i) * m.y_stride + first + n_of(i)]);
  }
  if constexpr (Normed) normalise(m, reinterpret_cast<std::byte*>(block_shared), squares);
  // Where there is no such row, the first one: nobody stores what comes of it, and the lanes of a
  // warp stay together.
  const auto place_of_row = [&](int row) {
    const std::int64_t there = row < m.rows ? row : 0;
    if constexpr (Normed)
      return static_cast<const std::byte*>(block_shared) + there * row_bytes(m.depth);
    return reinterpret_cast<const std::byte*>(m.x + there * m.x_stride);
  };
  const std::byte* const low_row = place_of_row(at.group);
  const std::byte* const high_row = place_of_row(at.group + 8);
  const auto activations = [&](const std::byte* row, std::int64_t k) {
    uint4 value = {0, 0, 0, 0};
    if (k < end) value = *reinterpret_cast<const uint4*>(row + k * 2);
    return value;
  };
  float c[Tiles][4] = {};
  for (std::int64_t k = begin; k < end; k += Ahead * 32) {
#pragma unroll
    for (int start = 0; start < Ahead; start += batch) {
      uint4 low[batch];
      uint4 high[batch];
#pragma unroll
      for (int u = 0; u < batch; ++u) {
        const std::int64_t depth = k + (start + u) * 32 + at.pair * 8;
        low[u] = activations(low_row, depth);
        high[u] = High ? activations(high_row, depth) : uint4{0, 0, 0, 0};
      }
#pragma unroll
      for (int u = 0; u < batch; ++u) {
#pragma unroll
        for (int tile = 0; tile < Tiles; ++tile) {
          multiply_chunk(c[tile], low[u], high[u], w[start + u][tile]);
          w[start + u][tile] = weights(k + (Ahead + start + u) * 32, tile);
        }
      }
    }
  }
#pragma unroll
  for (int tile = 0; tile < Tiles; ++tile) {
#pragma unroll
    for (int i = 0; i < (High ? 4 : 2); ++i)
      sums[at.warp][at.group + i / 2 * 8][tile * 8 + at.pair * 2 + i % 2] = c[tile][i];
  }
  __syncthreads();
#pragma unroll
  for (int i = 0; i < each; ++i) {
    const int row = row_of(i);
    const int n = n_of(i);
    if (row >= rows || row >= m.rows) continue;
    const auto sum = [&](int column) {
      return ((sums[0][row][column] + sums[1][row][column]) + sums[2][row][column]) +
             sums[3][row][column];
    };
    if (m.gated) {
      if (n < 8 && first + n < m.columns)
        m.y[row * m.y_stride + first + n] =
            to_bfloat16(gated_product(sum(n), sum(n + Tiles * 8 - 8)));
    } else if (first + n < m.columns) {
      store_sum(m, row, first + n, sum(n), before[i]);
    }
  }
}

template <int Tiles, int Ahead>
void launch_thin(const Multiply& m, Stream stream) {
  const dim3 grid(parts_of(m.columns, m.gated ? 8 : Tiles * 8));
  const bool high = m.rows > 8;
  if (m.norm == nullptr) {
    auto* kernel =
        high ? thin_kernel<Tiles, Ahead, true, false> : thin_kernel<Tiles, Ahead, false, false>;
    launch("multiply_exact (thin)", kernel, grid, threads, 0, stream, m);
    return;
  }
  auto* kernel =
      high ? thin_kernel<Tiles, Ahead, true, true> : thin_kernel<Tiles, Ahead, false, true>;
  const auto bytes = static_cast<std::size_t>(m.rows * row_bytes(m.depth));
  launch("multiply_exact (thin)", kernel, grid, threads, bytes, stream, m);
}

}  // namespace

void multiply_thin(const Multiply& m, Stream stream) {
  // 8 loads a thread: more would leave fewer warps, and these wait for activations as well.
  if (m.columns <= 4096 && !m.gated) {
    launch_thin<1, 8>(m, stream);
  } else {
    launch_thin<2, 4>(m, stream);
  }
}

}  // namespace tramontane::kernels::cuda
