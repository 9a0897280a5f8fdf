#pragma once
// Random models, weights and sequences for tests, fixed by a seed.

#include "actors/model/policy.h"
#include "kernels/ops.h"
#include "runtime/base/random.h"

#include <algorithm>
#include <memory>
#include <vector>

namespace tramontane {

// One that differs from the plain one in every number.
inline RopeScaling random_scaling(Random& random) {
  RopeScaling s;
  s.kind = static_cast<RopeKind>(random.below(5));
  if (s.kind == RopeKind::plain) return s;
  s.factor = 2 + 6 * random.uniform();
  if (s.kind == RopeKind::linear) return s;
  s.original = 16 + static_cast<std::int64_t>(random.below(32));
  if (s.kind == RopeKind::llama3) {
    s.low_frequency = 1 + random.uniform();
    s.high_frequency = s.low_frequency + 1 + 3 * random.uniform();
  } else if (s.kind == RopeKind::yarn) {
    s.beta_fast = 2 + 8 * random.uniform();
    s.beta_slow = 0.2F + random.uniform();
    s.attention = 1 + 0.3F * random.uniform();
    s.truncate = random.below(2) == 0;
  }
  return s;
}

// By layer; empty unless some are true, and not all.
inline std::vector<bool> random_layers(Random& random, std::int64_t layers) {
  std::vector<bool> flags;
  for (std::int64_t i = 0; i < layers; ++i) flags.push_back(random.below(2) == 0);
  auto set = std::count(flags.begin(), flags.end(), true);
  return set == 0 || set == layers ? std::vector<bool>() : flags;
}

// Small, and over the seeds of every kind: grouped queries, window, q/k norm, biases, tied head,
// head_dim that is no multiple of 16, widths that leave padding between tensors, experts, scaled
// rotary embeddings, layers that differ.
inline ModelConfig random_config(std::uint64_t seed) {
  Random random(seed, 101);
  auto pick = [&](std::initializer_list<std::int64_t> values) {
    return *(values.begin() + random.below(values.size()));
  };
  ModelConfig c;
  c.vocabulary = pick({7, 21, 33, 64});
  c.layers = pick({1, 2, 3});
  c.kv_heads = pick({1, 2});
  c.heads = c.kv_heads * pick({1, 2, 3});
  c.head_dim = pick({4, 8, 10, 16});
  c.width = pick({12, 16, 24, 40});
  c.feed_forward = pick({20, 32, 48});
  c.context = 96;
  c.rope_theta = pick({100, 1000, 10000});
  c.window = pick({0, 0, 5, 20});
  c.qk_norm = random.below(3) == 0;
  c.attention_bias = random.below(3) == 0;
  c.tied_head = random.below(3) == 0;
  if (random.below(2) == 0) {
    c.experts = pick({2, 4, 5, 17});
    c.experts_per_token = std::min(c.experts, pick({1, 2, 3}));
    c.normalise_experts = random.below(2) == 0;
    c.architecture = c.normalise_experts ? "MixtralForCausalLM" : "Qwen3MoeForCausalLM";
  }
  Random more(seed, 103);
  if (more.below(2) == 0) c.rope = random_scaling(more);
  if (c.window > 0) c.full_layers = random_layers(more, c.layers);
  if (more.below(2) == 0) c.unturned_layers = random_layers(more, c.layers);
  c.output_bias = more.below(3) == 0;
  c.feed_forward_bias = c.experts == 0 && more.below(2) == 0;
  return c;
}

// Larger weights than a fresh model's, so that the distributions are far from flat.
inline std::shared_ptr<const Arena> random_weights(
    const ModelConfig& config, std::uint64_t seed, Version version = 0) {
  auto arena = std::make_shared<Arena>(std::make_shared<const Manifest>(model_manifest(config)));
  Random random(seed, 102);
  for (const TensorEntry& tensor : arena->manifest().tensors())
    for (float& value : arena->floats(tensor.name))
      value = tensor.shape.size() == 1 && tensor.name.find("bias") == std::string::npos
                  ? 1 + 0.3F * random.normal()
                  : 0.35F * random.normal();
  arena->seal(version);
  return arena;
}

inline std::vector<Token> random_tokens(
    const ModelConfig& config, Random& random, std::uint64_t length) {
  std::vector<Token> tokens(length);
  for (Token& t : tokens)
    t = static_cast<Token>(random.below(static_cast<std::uint64_t>(config.vocabulary)));
  return tokens;
}

// Decodes `tokens` one at a time and returns the log-probability of each under the distribution
// that the generator would have sampled it from.
inline std::vector<float> decode_log_probs(Decoder& decoder, const ModelConfig& config,
    const ReadyWeights& weights, const std::vector<Token>& prompt, const std::vector<Token>& tokens,
    float temperature = 1) {
  auto id = *decoder.open(static_cast<std::int64_t>(prompt.size() + tokens.size()));
  std::vector<Decoder::Row> rows;
  for (Token t : prompt) rows.push_back({id, t, false});
  rows.back().wants_output = true;
  std::vector<float> result;
  for (Token t : tokens) {
    std::span<const float> logits = decoder.forward(rows, weights);
    float log_prob = 0;
    kernels::token_log_prob(
        logits.data(), 1, config.vocabulary, &t, temperature, &log_prob, nullptr);
    result.push_back(log_prob);
    rows = {{id, t, true}};
  }
  decoder.close(id);
  return result;
}

}  // namespace tramontane
