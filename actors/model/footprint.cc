#include "actors/model/footprint.h"

#include "actors/model/experts.h"
#include "actors/model/packed.h"
#include "actors/model/policy.h"

#include <algorithm>

namespace tramontane {
namespace {

constexpr std::int64_t line = 16;  // floats of a cache line, at which every buffer begins

std::int64_t matrix_words(
    const ModelConfig& m, Packing packing, std::int64_t outputs, std::int64_t inputs) {
  bool backward = packing == Packing::backward;
  return kernels::PackedMatrix::words(
      backward ? outputs : inputs, backward ? inputs : outputs, m.serving == Dtype::bfloat16);
}

std::int64_t layer_packed_words(const ModelConfig& m, Packing packing) {
  Sizes s(m);
  auto matrix = [&](std::int64_t outputs, std::int64_t inputs) {
    return matrix_words(m, packing, outputs, inputs);
  };
  std::int64_t layer = matrix(s.qkv, m.width) + matrix(m.width, s.q);
  if (m.experts > 0) layer += matrix(m.experts, m.width);
  return layer +
         feed_forwards(m) * (matrix(2 * m.feed_forward, m.width) + matrix(m.width, m.feed_forward));
}

std::int64_t head_packed_words(const ModelConfig& m, Packing packing) {
  return matrix_words(m, packing, m.vocabulary, m.width);
}

}  // namespace

std::int64_t parameter_floats(const ModelConfig& config) {
  return static_cast<std::int64_t>(model_manifest(config).bytes() / sizeof(float));
}

std::int64_t serving_words(const ModelConfig& config) {
  return static_cast<std::int64_t>(serving_manifest(config).bytes() / sizeof(float));
}

std::int64_t packed_words(const ModelConfig& m, Packing packing) {
  return m.layers * layer_packed_words(m, packing) + head_packed_words(m, packing);
}

std::int64_t trainer_packed_words(const ModelConfig& m, Recompute recompute) {
  bool converts = m.serving != Dtype::float32;
  auto both = [&](auto words) { return words(m, Packing::forward) + words(m, Packing::backward); };
  if (recompute == Recompute::none) return both(packed_words);
  // The served form is about as large as what is packed of it in one direction.
  auto with_served = [&](auto words) {
    return both(words) + (converts ? words(m, Packing::forward) : 0);
  };
  return std::max(with_served(layer_packed_words), with_served(head_packed_words));
}

// In the order of Network::forward.
std::int64_t activation_floats(const ModelConfig& m, std::int64_t rows, Recompute recompute) {
  Sizes s(m);
  std::int64_t buffers = 10;  // of a layer
  std::int64_t layer = m.width + 1 + s.qkv + s.q + m.heads + m.width;
  if (m.qk_norm) layer += s.qkv + m.heads + m.kv_heads;
  layer += m.width + 1 + m.width;
  if (m.experts == 0) layer += 3 * m.feed_forward;
  std::int64_t mixed = m.experts > 0 ? ExpertRoom::floats(m, rows) : 0;
  std::int64_t whole = rows * layer + mixed + buffers * line;
  std::int64_t layers =
      recompute == Recompute::none ? m.layers * whole : m.layers * (rows * m.width + line) + whole;
  // Embedding; the rows of the loss, gathered twice; the last norm; log-probabilities, entropy.
  std::int64_t ends = m.width + (s.q + m.width) + (m.width + 1) + 2;
  return layers + rows * ends + 7 * line;
}

std::int64_t gradient_floats(const ModelConfig& m, std::int64_t rows) {
  return rows * std::max({Sizes(m).qkv, m.width, m.experts > 0 ? 0 : 2 * m.feed_forward});
}

std::int64_t logit_rows(std::int64_t vocabulary) {
  std::int64_t blocks = (64 << 20) / 4 / vocabulary / 256;
  return 256 * std::max<std::int64_t>(blocks, 1);
}

}  // namespace tramontane
