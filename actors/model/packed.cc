#include "actors/model/packed.h"

#include "actors/model/experts.h"
#include "runtime/base/check.h"
#include "runtime/base/result.h"

#include <cmath>
#include <cstring>
#include <string_view>
#include <unordered_map>

namespace tramontane {

using kernels::PackedMatrix;

Sizes::Sizes(const ModelConfig& config)
    : q(config.heads * config.head_dim),
      kv(config.kv_heads * config.head_dim),
      qkv(q + 2 * kv),
      scale(1 / std::sqrt(static_cast<float>(config.head_dim))) {}

BlockOffsets block_offsets(const ModelConfig& config, const Manifest& manifest) {
  std::unordered_map<std::string_view, std::uint64_t> bytes;  // there may be thousands of experts
  for (const TensorEntry& tensor : manifest.tensors()) bytes[tensor.name] = tensor.offset;
  auto at = [&](const std::string& name) {
    auto found = bytes.find(name);
    TRAM_CHECK(found != bytes.end(), "the manifest is not the config's: no tensor", name);
    return static_cast<std::int64_t>(found->second / sizeof(float));
  };
  BlockOffsets offsets;
  offsets.embed = at("model.embed_tokens.weight");
  for (std::int64_t i = 0; i < config.layers; ++i) {
    std::string layer = str("model.layers.", i, ".");
    std::string attention = layer + "self_attn.";
    LayerOffsets o;
    o.input_norm = at(layer + "input_layernorm.weight");
    o.qkv = {at(attention + "q_proj.weight"), at(attention + "k_proj.weight"),
        at(attention + "v_proj.weight")};
    o.biases = {-1, -1, -1};
    if (config.attention_bias)
      o.biases = {at(attention + "q_proj.bias"), at(attention + "k_proj.bias"),
          at(attention + "v_proj.bias")};
    if (config.qk_norm) {
      o.q_norm = at(attention + "q_norm.weight");
      o.k_norm = at(attention + "k_norm.weight");
    }
    o.o = at(attention + "o_proj.weight");
    if (config.output_bias) o.o_bias = at(attention + "o_proj.bias");
    o.post_norm = at(layer + "post_attention_layernorm.weight");
    if (config.experts > 0) o.router = at(router_name(config, i));
    for (std::int64_t e = 0; e < feed_forwards(config); ++e) {
      FeedForwardNames names = feed_forward_names(config, i, e);
      FeedForwardOffsets ff{
          .gate_up = {at(names.gate), at(names.up)}, .down = at(names.down), .biases = {-1, -1}};
      if (config.feed_forward_bias) {
        ff.biases = {at(bias_name(names.gate)), at(bias_name(names.up))};
        ff.down_bias = at(bias_name(names.down));
      }
      o.feed_forward.push_back(ff);
    }
    offsets.layers.push_back(std::move(o));
  }
  offsets.norm = at("model.norm.weight");
  offsets.head = config.tied_head ? offsets.embed : at("lm_head.weight");
  offsets.floats = static_cast<std::int64_t>(manifest.bytes() / sizeof(float));
  return offsets;
}

template <class T>
const T* joined(const float* block, std::span<const std::int64_t> offsets,
    std::span<const std::int64_t> sizes, std::vector<T>& storage) {
  constexpr std::int64_t word_bytes = 4;
  constexpr auto of_word = word_bytes / static_cast<std::int64_t>(sizeof(T));
  const T* elements = reinterpret_cast<const T*>(block);
  bool adjacent = true;
  for (std::size_t i = 1; i < offsets.size(); ++i)
    adjacent = adjacent && offsets[i] * of_word == offsets[i - 1] * of_word + sizes[i - 1];
  if (adjacent) return elements + offsets[0] * of_word;
  storage.clear();
  for (std::size_t i = 0; i < offsets.size(); ++i) {
    const T* from = elements + offsets[i] * of_word;
    storage.insert(storage.end(), from, from + sizes[i]);
  }
  return storage.data();
}

template const float* joined(const float* block, std::span<const std::int64_t> offsets,
    std::span<const std::int64_t> sizes, std::vector<float>& storage);

namespace {

enum class Way : std::uint8_t { transposed, plain };

// Offsets from the start of what of the block is there.
std::vector<std::int64_t> within(const MatrixBlock& block, std::span<const std::int64_t> offsets) {
  std::vector<std::int64_t> result;
  for (std::int64_t offset : offsets) result.push_back(offset - block.begin);
  return result;
}

template <class T>
PackedMatrix pack_as(Way way, const MatrixBlock& block, std::span<const std::int64_t> offsets,
    std::span<const std::int64_t> rows, std::int64_t depth) {
  std::vector<T> storage;
  std::vector<std::int64_t> sizes;
  std::int64_t all = 0;
  for (std::int64_t count : rows) {
    sizes.push_back(count * depth);
    all += count;
  }
  const T* weights = joined(block.data, within(block, offsets), sizes, storage);
  return way == Way::transposed ? PackedMatrix::transposed(weights, all, depth, block.memory)
                                : PackedMatrix::plain(weights, all, depth, depth, block.memory);
}

PackedMatrix pack_matrix(Way way, const MatrixBlock& block, std::span<const std::int64_t> offsets,
    std::span<const std::int64_t> rows, std::int64_t depth) {
  return block.matrices == Dtype::bfloat16
             ? pack_as<kernels::Bfloat16>(way, block, offsets, rows, depth)
             : pack_as<float>(way, block, offsets, rows, depth);
}

}  // namespace

PackedMatrix MatrixBlock::transposed(std::span<const std::int64_t> offsets,
    std::span<const std::int64_t> rows, std::int64_t depth) const {
  return pack_matrix(Way::transposed, *this, offsets, rows, depth);
}

PackedMatrix MatrixBlock::plain(std::span<const std::int64_t> offsets,
    std::span<const std::int64_t> rows, std::int64_t depth) const {
  return pack_matrix(Way::plain, *this, offsets, rows, depth);
}

void PackedWeights::embed(const std::int32_t* ids, std::int64_t rows, float* out) const {
  if (matrices == Dtype::bfloat16)
    kernels::embed(ids, rows, reinterpret_cast<const kernels::Bfloat16*>(embedding), width, out);
  else
    kernels::embed(ids, rows, embedding, width, out);
}

PackedWeights::Layer pack_layer(
    const ModelConfig& config, const LayerOffsets& offsets, const MatrixBlock& block) {
  const LayerOffsets& o = offsets;
  Sizes sizes(config);
  std::vector<float> storage;
  std::int64_t w = config.width;
  std::int64_t f = config.feed_forward;
  auto matrix = [&](std::int64_t offset, std::int64_t rows, std::int64_t depth) {
    return block.transposed({&offset, 1}, {&rows, 1}, depth);
  };
  PackedWeights::Layer layer;
  layer.input_norm = block.at(o.input_norm);
  layer.post_norm = block.at(o.post_norm);
  if (config.qk_norm) {
    layer.q_norm = block.at(o.q_norm);
    layer.k_norm = block.at(o.k_norm);
  }
  if (config.attention_bias) {
    const float* bias = joined(
        block.data, within(block, o.biases), std::array{sizes.q, sizes.kv, sizes.kv}, storage);
    layer.qkv_bias.assign(bias, bias + sizes.qkv);
  }
  layer.qkv = block.transposed(o.qkv, std::array{sizes.q, sizes.kv, sizes.kv}, w);
  layer.o = matrix(o.o, w, sizes.q);
  if (config.output_bias) layer.o_bias = block.at(o.o_bias);
  if (config.experts > 0) layer.router = matrix(o.router, config.experts, w);
  for (const FeedForwardOffsets& ff : o.feed_forward) {
    PackedWeights::FeedForward made;
    made.gate_up = block.transposed(ff.gate_up, std::array{f, f}, w);
    made.down = matrix(ff.down, w, f);
    if (config.feed_forward_bias) {
      const float* bias = joined(block.data, within(block, ff.biases), std::array{f, f}, storage);
      made.gate_up_bias.assign(bias, bias + 2 * f);
      made.down_bias = block.at(ff.down_bias);
    }
    layer.feed_forward.push_back(std::move(made));
  }
  return layer;
}

PackedWeights pack(
    const ModelConfig& config, const BlockOffsets& offsets, const MatrixBlock& block) {
  PackedWeights packed;
  packed.embedding = block.at(offsets.embed);
  packed.matrices = block.matrices;
  packed.width = config.width;
  for (const LayerOffsets& layer : offsets.layers)
    packed.layers.push_back(pack_layer(config, layer, block));
  packed.norm = block.at(offsets.norm);
  std::int64_t rows = config.vocabulary;
  packed.head = block.transposed({&offsets.head, 1}, {&rows, 1}, config.width);
  return packed;
}

float* norm_heads(const ModelConfig& config, const PackedWeights::Layer& layer, const float* in,
    std::int64_t rows, float* out, float* rstd) {
  Sizes sizes(config);
  for (std::int64_t r = 0; r < rows; ++r) {
    const float* x = in + r * sizes.qkv;
    float* y = out + r * sizes.qkv;
    float* s = rstd == nullptr ? nullptr : rstd + r * (config.heads + config.kv_heads);
    kernels::rms_norm(x, layer.q_norm, config.norm_eps, config.heads, config.head_dim, y, s);
    kernels::rms_norm(x + sizes.q, layer.k_norm, config.norm_eps, config.kv_heads, config.head_dim,
        y + sizes.q, s == nullptr ? nullptr : s + config.heads);
    std::memcpy(y + sizes.q + sizes.kv, x + sizes.q + sizes.kv,
        static_cast<std::size_t>(sizes.kv) * sizeof(float));
  }
  return out;
}

}  // namespace tramontane
