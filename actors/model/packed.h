#pragma once
// Where each tensor of a model lies in its block, and the weights packed for the kernels. The
// CPU's engine and the trainer both read weights through these, so that they multiply the same
// panels.
//
// A block is the content of an arena in words of 32 bits, or anything laid out like it (gradients).

#include "actors/model/arena.h"
#include "actors/model/model_config.h"
#include "actors/model/policy.h"
#include "kernels/ops.h"

#include <array>
#include <cstdint>
#include <memory_resource>
#include <vector>

namespace tramontane {

// Offsets are in words of 32 bits, floats, from the start of the block, whatever lies there: every
// tensor begins at a multiple of 64 bytes. -1: the model has no such tensor.
struct FeedForwardOffsets {
  std::array<std::int64_t, 2> gate_up{};  // (feed_forward, width) each
  std::int64_t down = -1;                 // (width, feed_forward)
  std::array<std::int64_t, 2> biases{};   // (feed_forward) each
  std::int64_t down_bias = -1;            // (width)
};

struct LayerOffsets {
  std::int64_t input_norm = -1;                  // (width)
  std::array<std::int64_t, 3> qkv{};             // (heads|kv_heads|kv_heads * head_dim, width) each
  std::array<std::int64_t, 3> biases{};          // (heads|kv_heads|kv_heads * head_dim) each
  std::int64_t q_norm = -1;                      // (head_dim)
  std::int64_t k_norm = -1;                      // (head_dim)
  std::int64_t o = -1;                           // (width, heads * head_dim)
  std::int64_t o_bias = -1;                      // (width)
  std::int64_t post_norm = -1;                   // (width)
  std::int64_t router = -1;                      // (experts, width)
  std::vector<FeedForwardOffsets> feed_forward;  // one, or one per expert
};

struct BlockOffsets {
  std::int64_t embed = -1;  // (vocabulary, width)
  std::vector<LayerOffsets> layers;
  std::int64_t norm = -1;  // (width)
  std::int64_t head = -1;  // (vocabulary, width); the embedding's where tied
  std::int64_t floats = 0;
};

// The manifest must be one of the config's.
BlockOffsets block_offsets(const ModelConfig& config, const Manifest& manifest);

// Error(bad_input) naming the first tensor by which a manifest is not the config's with matrices of
// that form.
void check_manifest(
    const ModelConfig& config, const Manifest& found, Dtype matrices = Dtype::float32);

// Sizes that both sides derive from the config.
struct Sizes {
  explicit Sizes(const ModelConfig& config);

  std::int64_t q = 0;    // heads * head_dim
  std::int64_t kv = 0;   // kv_heads * head_dim
  std::int64_t qkv = 0;  // one row of the fused projection: q, then k, then v
  float scale = 1;       // 1 / sqrt(head_dim)
};

// Several tensors as one: a pointer into the block where they lie end to end, else a copy kept in
// `storage`. Sizes in elements, of float or kernels::Bfloat16.
template <class T>
const T* joined(const float* block, std::span<const std::int64_t> offsets,
    std::span<const std::int64_t> sizes, std::vector<T>& storage);

// A block whose matrices are float32 or bfloat16, and what of it is packed.
struct MatrixBlock {
  const float* data = nullptr;
  std::int64_t begin = 0;  // the offset of what lies at `data`, where it is a part
  Dtype matrices = Dtype::float32;
  std::pmr::memory_resource* memory = std::pmr::get_default_resource();  // of what is packed

  const float* at(std::int64_t offset) const { return data + (offset - begin); }

  // The right-hand side of x·W^T for the rows of one or several matrices of `depth` columns end to
  // end, and the one of dy·W.
  kernels::PackedMatrix transposed(std::span<const std::int64_t> offsets,
      std::span<const std::int64_t> rows, std::int64_t depth) const;
  kernels::PackedMatrix plain(std::span<const std::int64_t> offsets,
      std::span<const std::int64_t> rows, std::int64_t depth) const;
};

// Plain pointers point into the block, which must outlive this.
struct PackedWeights {
  struct FeedForward {
    kernels::PackedMatrix gate_up;
    kernels::PackedMatrix down;
    std::vector<float> gate_up_bias;  // empty: none
    const float* down_bias = nullptr;

    const float* bias() const { return gate_up_bias.empty() ? nullptr : gate_up_bias.data(); }
  };

  struct Layer {
    const float* input_norm = nullptr;
    const float* post_norm = nullptr;
    const float* q_norm = nullptr;  // null: none
    const float* k_norm = nullptr;
    kernels::PackedMatrix qkv;    // q, k and v side by side
    std::vector<float> qkv_bias;  // empty: none
    kernels::PackedMatrix o;
    const float* o_bias = nullptr;
    kernels::PackedMatrix router;           // of a mixture of experts
    std::vector<FeedForward> feed_forward;  // one, or one per expert
  };

  // out (rows, width) = the embeddings of ids.
  void embed(const std::int32_t* ids, std::int64_t rows, float* out) const;

  const float* embedding = nullptr;  // (vocabulary, width), in the form of the block's matrices
  Dtype matrices = Dtype::float32;
  std::int64_t width = 0;
  std::vector<Layer> layers;
  const float* norm = nullptr;
  kernels::PackedMatrix head;
};

PackedWeights pack(
    const ModelConfig& config, const BlockOffsets& offsets, const MatrixBlock& block);
PackedWeights::Layer pack_layer(
    const ModelConfig& config, const LayerOffsets& offsets, const MatrixBlock& block);

// q/k norm: out (rows, qkv) = in with every head of q and k normalised and v as it is. rstd (rows,
// heads + kv_heads) may be null. Returns out.
float* norm_heads(const ModelConfig& config, const PackedWeights::Layer& layer, const float* in,
    std::int64_t rows, float* out, float* rstd);

}  // namespace tramontane
