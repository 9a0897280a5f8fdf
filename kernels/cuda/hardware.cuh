#pragma once
// The Block of a device, and how kernels are launched.
//
// Every kernel calls begin() first: it lets the next kernel of the stream be placed on the device,
// then waits until everything before has finished. So a kernel runs alone, as always, but its
// blocks are there when it may start.

#include "kernels/cuda/ops.h"
#include "kernels/cuda/rows/block.h"

#include <cuda_runtime.h>
#include <optional>
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

  __device__ __forceinline__ std::uint64_t atomic_add(std::uint64_t* at, std::uint64_t value) {
    return atomicAdd(reinterpret_cast<unsigned long long*>(at), value);
  }

  __device__ __forceinline__ std::uint32_t atomic_add(std::uint32_t* at, std::uint32_t value) {
    return atomicAdd(at, value);
  }

  __device__ __forceinline__ bool arrive(std::uint32_t* counter, std::uint32_t count) {
    __shared__ bool last;
    __threadfence();
    __syncthreads();
    if (threadIdx.x == 0) {
      last = atomicAdd(counter, 1U) == count - 1;
      if (last) *counter = 0;
    }
    __syncthreads();
    if (last) __threadfence();
    return last;
  }

  __device__ __forceinline__ void copy16(void* to, const void* from, bool there) {
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(
                     static_cast<std::uint32_t>(__cvta_generic_to_shared(to))),
                 "l"(from), "r"(there ? 16 : 0)
                 : "memory");
  }

  __device__ __forceinline__ void end_group() {
    asm volatile("cp.async.commit_group;" ::: "memory");
  }

  template <int N>
  __device__ __forceinline__ void await_groups() {
    asm volatile("cp.async.wait_group %0;" ::"n"(N) : "memory");
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

// The stream in which this thread has enqueued somebody else's kernel last. What that one waits for
// is not known, so the next kernel is not placed early.
inline thread_local std::optional<Stream> foreign_stream;

// Starts a kernel whose blocks along z, where there are several, are a cluster; the driver places
// it early where it can.
template <class... Parameters, class... Arguments>
void launch_clusters(const char* name, void (*kernel)(Parameters...), dim3 grid, int threads,
    std::size_t shared_bytes, Stream stream, unsigned cluster, Arguments&&... arguments) {
  if (grid.x == 0 || grid.y == 0 || grid.z == 0) return;
  cudaLaunchAttribute attributes[2] = {};
  attributes[0].id = cudaLaunchAttributeProgrammaticStreamSerialization;
  attributes[0].val.programmaticStreamSerializationAllowed = foreign_stream == stream ? 0 : 1;
  attributes[1].id = cudaLaunchAttributeClusterDimension;
  attributes[1].val.clusterDim.x = 1;
  attributes[1].val.clusterDim.y = 1;
  attributes[1].val.clusterDim.z = cluster;
  cudaLaunchConfig_t config = {};
  config.gridDim = grid;
  config.blockDim = dim3(static_cast<unsigned>(threads));
  config.dynamicSmemBytes = shared_bytes;
  config.stream = stream;
  config.attrs = attributes;
  config.numAttrs = cluster > 1 ? 2 : 1;
  check(cudaLaunchKernelEx(&config, kernel, std::forward<Arguments>(arguments)...), name);
  if (foreign_stream == stream) foreign_stream.reset();
}

template <class... Parameters, class... Arguments>
void launch(const char* name, void (*kernel)(Parameters...), dim3 grid, int threads,
    std::size_t shared_bytes, Stream stream, Arguments&&... arguments) {
  launch_clusters(
      name, kernel, grid, threads, shared_bytes, stream, 1, std::forward<Arguments>(arguments)...);
}

// Lets a kernel have more shared memory than it gets unasked.
template <class... Parameters>
void allow_shared(void (*kernel)(Parameters...), std::size_t bytes) {
  check(cudaFuncSetAttribute(
            kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(bytes)),
      "shared memory");
}

inline unsigned parts_of(std::int64_t size, std::int64_t part) {
  return static_cast<unsigned>((size + part - 1) / part);
}

}  // namespace tramontane::kernels::cuda
