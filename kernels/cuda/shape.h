#pragma once
// The shape of a dense decoder (Llama, Mistral, Qwen2, Qwen3), and where its tensors lie in a
// device arena: in the order of the model's manifest, each at a multiple of 64 bytes, so that q, k
// and v are one matrix, and gates and ups another.

#include "kernels/cuda/bfloat16.h"

#include <cstdint>
#include <vector>

namespace tramontane::kernels::cuda {

struct DecoderShape {
  std::int64_t vocabulary = 0;
  std::int64_t width = 0;
  std::int64_t layers = 0;
  std::int64_t heads = 0;
  std::int64_t kv_heads = 0;
  std::int64_t head_dim = 0;
  std::int64_t feed_forward = 0;
  double rope_theta = 10000;
  float norm_eps = 1e-5F;
  bool tied_head = false;
  bool attention_bias = false;
  bool qk_norm = false;
  std::int64_t window = 0;  // 0: none

  std::int64_t q() const { return heads * head_dim; }

  std::int64_t kv() const { return kv_heads * head_dim; }

  std::int64_t qkv() const { return q() + 2 * kv(); }
};

// In elements from the start of the arena; -1: the model has no such tensor.
struct DecoderOffsets {
  struct Layer {
    std::int64_t input_norm = -1;  // (width)
    std::int64_t qkv = -1;         // (qkv, width)
    std::int64_t qkv_bias = -1;    // (qkv)
    std::int64_t q_norm = -1;      // (head_dim)
    std::int64_t k_norm = -1;      // (head_dim)
    std::int64_t o = -1;           // (width, q)
    std::int64_t post_norm = -1;   // (width)
    std::int64_t gate_up = -1;     // (2 * feed_forward, width)
    std::int64_t down = -1;        // (width, feed_forward)
  };

  std::int64_t embed = -1;  // (vocabulary, width)
  std::vector<Layer> layers;
  std::int64_t norm = -1;  // (width)
  std::int64_t head = -1;  // (vocabulary, width); the embedding's where tied
  std::int64_t elements = 0;
};

// Throws DeviceError where fused matrices would have gaps: a shape whose matrices are no multiples
// of 64 bytes.
DecoderOffsets lay_out(const DecoderShape& shape);

}  // namespace tramontane::kernels::cuda
