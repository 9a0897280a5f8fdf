#pragma once
// The Block of a device, and how kernels are launched.
//
// Every kernel calls begin() first: it lets the next kernel of the stream be placed on the device,
// then waits until everything before has finished. So a kernel runs alone, as always, but its
// blocks are there when it may start.

#include "kernels/cuda/ops.h"
#include "kernels/cuda/rows/block.h"

#include <cuda_runtime.h>
#include <string>
#include <utility>

namespace tramontane::kernels::cuda {

extern __shared__ std::byte block_shared[];

struct HardwareBlock {
  __device__ __forceinline__ int thread() const { return static_cast<int>(threadIdx.x); }

  __device__ __forceinline__ int threads() const { return static_cast<int>(blockDim.x); }

  __device__ __forceinline__ int x() const { return static_cast<int>(blockIdx.x); }

  __device__ __forceinline__ int y() const { return static_cast<int>(blockIdx.y); }

  __device__ __forceinline__ int z() const { return static_cast<int>(blockIdx.z); }

  __device__ __forceinline__ int grid_x() const { return static_cast<int>(gridDim.x); }

  __device__ __forceinline__ void barrier() { __syncthreads(); }

  template <class T>
  __device__ __forceinline__ T shuffle_xor(T value, int mask) {
    return __shfl_xor_sync(0xffffffffU, value, mask);
  }

  template <class T>
  __device__ __forceinline__ T shuffle_up(T value, int by) {
    return __shfl_up_sync(0xffffffffU, value, by);
  }

  __device__ __forceinline__ std::byte* shared() {
    return reinterpret_cast<std::byte*>(__builtin_assume_aligned(block_shared, 16));
  }

  __device__ __forceinline__ void atomic_add(std::uint64_t* at, std::uint64_t value) {
    atomicAdd(reinterpret_cast<unsigned long long*>(at), value);
  }

  __device__ __forceinline__ float exp2(float x) {
    float result;
    asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(result) : "f"(x));
    return result;
  }
};

// Lets the next kernel be placed.
__device__ __forceinline__ void release_next() {
#if __CUDA_ARCH__ >= 900
  asm volatile("griddepcontrol.launch_dependents;" ::: "memory");
#endif
}

// Waits for everything before in the stream.
__device__ __forceinline__ void await_previous() {
#if __CUDA_ARCH__ >= 900
  asm volatile("griddepcontrol.wait;" ::: "memory");
#endif
}

__device__ __forceinline__ void begin() {
  release_next();
  await_previous();
}

inline void check(cudaError_t status, const char* what) {
  if (status != cudaSuccess)
    throw DeviceError(std::string(what) + ": " + cudaGetErrorString(status));
}

// Starts a kernel; the driver places it early where it can.
template <class... Parameters, class... Arguments>
void launch(const char* name, void (*kernel)(Parameters...), dim3 grid, int threads,
    std::size_t shared_bytes, Stream stream, Arguments&&... arguments) {
  if (grid.x == 0 || grid.y == 0 || grid.z == 0) return;
  cudaLaunchAttribute early = {};
  early.id = cudaLaunchAttributeProgrammaticStreamSerialization;
  early.val.programmaticStreamSerializationAllowed = 1;
  cudaLaunchConfig_t config = {};
  config.gridDim = grid;
  config.blockDim = dim3(static_cast<unsigned>(threads));
  config.dynamicSmemBytes = shared_bytes;
  config.stream = stream;
  config.attrs = &early;
  config.numAttrs = 1;
  check(cudaLaunchKernelEx(&config, kernel, std::forward<Arguments>(arguments)...), name);
}

inline unsigned parts_of(std::int64_t size, std::int64_t part) {
  return static_cast<unsigned>((size + part - 1) / part);
}

}  // namespace tramontane::kernels::cuda
