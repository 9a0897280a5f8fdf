#pragma once
// The state of a DeviceDecoder: what decoder.cu makes and decoder_pass.cu enqueues kernels on.

#include "kernels/cuda/decoder.h"
#include "kernels/cuda/memory.cuh"

#include <algorithm>
#include <array>
#include <map>
#include <utility>
#include <vector>

namespace tramontane::kernels::cuda {

constexpr int decoder_arenas = 2;

// Rows of a step's graph, for so many that are wanted.
inline std::int64_t bucket_of(std::int64_t rows) {
  std::int64_t bucket = 1;
  while (bucket < rows) bucket = bucket < 8 ? bucket * 2 : bucket + 8;
  return bucket;
}

// The rows of one pass: device arrays.
struct Rows {
  std::int64_t count = 0;
  const std::int32_t* ids = nullptr;
  Places places;
};

struct DeviceDecoder::State {
  State(const DecoderShape& shape, const Options& options);

  bool is_exact(std::int64_t rows) const;
  void product(const Multiply& m) const;
  void product_of_norm(const Multiply& m, const Bfloat16* norm) const;
  void attention(const DecoderOffsets::Layer& at, const Bfloat16* weights, std::int64_t number,
      const Rows& rows) const;
  void feed_forward(
      const DecoderOffsets::Layer& at, const Bfloat16* weights, std::int64_t rows) const;
  void forward(const Bfloat16* weights, const Rows& rows) const;
  void head(const Bfloat16* weights, std::int64_t rows) const;
  Logits distribution(std::int64_t rows) const;
  void enqueue_step(const Bfloat16* weights, std::int64_t rows) const;
  cudaGraphExec_t graph(int which, std::int64_t rows);
  Rows upload(std::int64_t slot, std::span<const std::int32_t> tokens, std::int32_t first);

  const Bfloat16* in_use() const { return arena[static_cast<std::size_t>(current)].get(); }

  template <class T>
  void copy(T* to, const T* from, std::int64_t count) const {
    check(cudaMemcpyAsync(to, from, static_cast<std::size_t>(count) * sizeof(T), cudaMemcpyDefault,
              stream.get()),
        "copy");
  }

  DecoderShape shape;
  Options options;
  DecoderOffsets offsets;
  std::int64_t rows_max = 0;
  std::int64_t pages_each = 0;  // of a slot
  std::int64_t cache_elements = 0;
  int current = 0;
  OwnedStream stream;
  std::array<DeviceMemory<Bfloat16>, decoder_arenas> arena;
  DeviceMemory<float> angles;
  DeviceMemory<Bfloat16> cache;
  DeviceMemory<std::byte> scratch;
  DeviceMemory<Bfloat16> x, normed, qkv, attended, gate_up, activated;
  DeviceMemory<float> parts_out, parts_sum, logits, tops, row_log_probs;
  DeviceMemory<double> masses;
  DeviceMemory<std::int32_t> pages, tokens;
  DeviceMemory<std::uint32_t> arrived;
  DeviceMemory<std::uint64_t> cut;
  // Of the slots.
  DeviceMemory<std::int32_t> ids, positions, draws;
  DeviceMemory<std::uint64_t> seeds, streams;
  // Of a prefill.
  DeviceMemory<std::int32_t> prefill_ids, prefill_positions, prefill_slots, targets;
  PinnedMemory<std::int32_t> host_tokens;
  PinnedMemory<float> host_log_probs;
  std::map<std::pair<int, std::int64_t>, OwnedGraph> graphs;
};

}  // namespace tramontane::kernels::cuda
