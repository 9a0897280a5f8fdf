#pragma once
// Owners of what the driver gives: device memory, pinned host memory, streams, events, graphs.

#include "kernels/cuda/hardware.cuh"

#include <memory>

namespace tramontane::kernels::cuda {

struct FreeDevice {
  void operator()(void* at) const { cudaFree(at); }
};

struct FreePinned {
  void operator()(void* at) const { cudaFreeHost(at); }
};

struct DestroyStream {
  void operator()(cudaStream_t stream) const { cudaStreamDestroy(stream); }
};

struct DestroyGraph {
  void operator()(cudaGraphExec_t graph) const { cudaGraphExecDestroy(graph); }
};

template <class T>
using DeviceMemory = std::unique_ptr<T, FreeDevice>;
template <class T>
using PinnedMemory = std::unique_ptr<T, FreePinned>;
using OwnedStream = std::unique_ptr<CUstream_st, DestroyStream>;
using OwnedGraph = std::unique_ptr<CUgraphExec_st, DestroyGraph>;

// Zeroed.
template <class T>
DeviceMemory<T> device_memory(std::int64_t count) {
  void* at = nullptr;
  const std::size_t bytes = static_cast<std::size_t>(count) * sizeof(T);
  check(cudaMalloc(&at, bytes), "device memory");
  DeviceMemory<T> memory(static_cast<T*>(at));
  check(cudaMemset(at, 0, bytes), "device memory");
  return memory;
}

// Zeroed; the device reads and writes it at the same address.
template <class T>
PinnedMemory<T> pinned_memory(std::int64_t count) {
  void* at = nullptr;
  const std::size_t bytes = static_cast<std::size_t>(count) * sizeof(T);
  check(cudaHostAlloc(&at, bytes, cudaHostAllocMapped | cudaHostAllocPortable), "pinned memory");
  __builtin_memset(at, 0, bytes);
  return PinnedMemory<T>(static_cast<T*>(at));
}

}  // namespace tramontane::kernels::cuda
