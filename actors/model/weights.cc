// The manifest of a model, and its fresh weights.
#include "actors/model/experts.h"
#include "actors/model/packed.h"
#include "runtime/base/check.h"
#include "runtime/base/random.h"
#include "runtime/base/result.h"

#include <cmath>

namespace tramontane {

namespace {

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

std::string shape_text(const std::vector<std::int64_t>& shape) {
  std::string text = "(";
  for (std::int64_t extent : shape) text += str(text.size() > 1 ? ", " : "", extent);
  return text + ")";
}

}  // namespace

namespace {

Manifest manifest_of(const ModelConfig& config, Dtype matrices) {
  Sizes sizes(config);
  std::int64_t w = config.width;
  std::vector<TensorEntry> tensors;
  auto tensor = [&](std::string name, std::vector<std::int64_t> shape) {
    Dtype dtype = shape.size() > 1 ? matrices : Dtype::float32;
    tensors.push_back({std::move(name), dtype, std::move(shape), 0, 0});
  };
  tensor("model.embed_tokens.weight", {config.vocabulary, w});
  for (std::int64_t i = 0; i < config.layers; ++i) {
    std::string layer = str("model.layers.", i, ".");
    std::string attention = layer + "self_attn.";
    tensor(layer + "input_layernorm.weight", {w});
    // Side by side, so that the fused projections are views of the block.
    tensor(attention + "q_proj.weight", {sizes.q, w});
    tensor(attention + "k_proj.weight", {sizes.kv, w});
    tensor(attention + "v_proj.weight", {sizes.kv, w});
    if (config.attention_bias) {
      tensor(attention + "q_proj.bias", {sizes.q});
      tensor(attention + "k_proj.bias", {sizes.kv});
      tensor(attention + "v_proj.bias", {sizes.kv});
    }
    if (config.qk_norm) {
      tensor(attention + "q_norm.weight", {config.head_dim});
      tensor(attention + "k_norm.weight", {config.head_dim});
    }
    tensor(attention + "o_proj.weight", {w, sizes.q});
    if (config.output_bias) tensor(attention + "o_proj.bias", {w});
    tensor(layer + "post_attention_layernorm.weight", {w});
    if (config.experts > 0) tensor(router_name(config, i), {config.experts, w});
    for (std::int64_t e = 0; e < feed_forwards(config); ++e) {
      FeedForwardNames names = feed_forward_names(config, i, e);
      tensor(names.gate, {config.feed_forward, w});
      tensor(names.up, {config.feed_forward, w});
      tensor(names.down, {w, config.feed_forward});
      if (!config.feed_forward_bias) continue;
      tensor(bias_name(names.gate), {config.feed_forward});
      tensor(bias_name(names.up), {config.feed_forward});
      tensor(bias_name(names.down), {w});
    }
  }
  tensor("model.norm.weight", {w});
  if (!config.tied_head) tensor("lm_head.weight", {config.vocabulary, w});
  return Manifest::lay_out(std::move(tensors));
}

}  // namespace

Manifest model_manifest(const ModelConfig& config) {
  return manifest_of(config, Dtype::float32);
}

Manifest serving_manifest(const ModelConfig& config) {
  return manifest_of(config, config.serving);
}

void check_manifest(const ModelConfig& config, const Manifest& found, Dtype matrices) {
  Manifest expected = manifest_of(config, matrices);
  if (expected == found) return;
  for (const TensorEntry& tensor : expected.tensors()) {
    const TensorEntry* other = found.find(tensor.name);
    if (other == nullptr)
      throw Error(Errc::bad_input, str("the weights lack tensor '", tensor.name, "'"));
    if (other->shape != tensor.shape || other->dtype != tensor.dtype)
      throw Error(
          Errc::bad_input, str("tensor '", tensor.name, "' has shape ", shape_text(other->shape),
                               " in ", name_of(other->dtype), "; the model's config wants ",
                               shape_text(tensor.shape), " in ", name_of(tensor.dtype)));
  }
  for (const TensorEntry& tensor : found.tensors())
    if (expected.find(tensor.name) == nullptr)
      throw Error(Errc::bad_input, str("the weights have tensor '", tensor.name,
                                       "', which the model's config does not know"));
  throw Error(Errc::bad_input, "the weights lie in another order than the model's manifest says");
}

void initialise(Arena& arena, const ModelConfig& config, std::uint64_t seed) {
  check_manifest(config, arena.manifest());
  double residual = 1 / std::sqrt(2.0 * static_cast<double>(config.layers));
  std::uint64_t stream = 0;
  for (const TensorEntry& tensor : arena.manifest().tensors()) {
    std::span<float> values = arena.floats(tensor.name);
    Random random(seed, stream++);
    if (tensor.shape.size() == 1) {
      std::fill(values.begin(), values.end(), ends_with(tensor.name, ".bias") ? 0.0F : 1.0F);
      continue;
    }
    double deviation = 0.5 / std::sqrt(static_cast<double>(tensor.shape[1]));
    if (tensor.name == "model.embed_tokens.weight") deviation = config.tied_head ? 0.05 : 0.5;
    if (tensor.name == "lm_head.weight") deviation = 0.05;
    if (ends_with(tensor.name, "o_proj.weight") || ends_with(tensor.name, "down_proj.weight") ||
        ends_with(tensor.name, ".w2.weight"))
      deviation *= residual;
    for (float& value : values) value = static_cast<float>(random.normal() * deviation);
  }
}

}  // namespace tramontane
