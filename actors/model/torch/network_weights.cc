#include "actors/model/torch/network_weights.h"

#include "runtime/base/check.h"

#include <cstring>
#include <numeric>
#include <string>
#include <utility>

namespace tramontane {

using kernels::PackedMatrix;
using nodes::Linear;

namespace {

nodes::Target one(std::int64_t offset, std::int64_t rows) {
  return {.offsets = {offset}, .rows = {rows}, .count = 1};
}

// Makes the linear layers over one block.
struct Maker {
  const MatrixBlock& block;
  Directions directions;

  // Rows of one matrix or of several end to end, which lie at `served` in the block; the gradient
  // goes to `target`.
  Linear linear(std::span<const std::int64_t> served, std::int64_t inputs,
      const PackedMatrix& forward, nodes::Target target) const {
    Linear l;
    std::span<const std::int64_t> rows(target.rows.data(), target.count);
    l.forward = &forward;
    if (directions == Directions::both) l.backward = block.plain(served, rows, inputs);
    l.outputs = std::accumulate(rows.begin(), rows.end(), std::int64_t{0});
    l.inputs = inputs;
    l.weight = target;
    return l;
  }

  Linear linear(std::int64_t served, std::int64_t inputs, const PackedMatrix& forward,
      nodes::Target target) const {
    return linear(std::span(&served, 1), inputs, forward, target);
  }

  nodes::FeedForward feed_forward(const ModelConfig& config, const FeedForwardOffsets& served,
      const FeedForwardOffsets& offsets, const PackedWeights::FeedForward& packed) const {
    std::int64_t w = config.width;
    std::int64_t f = config.feed_forward;
    nodes::Target gate_up{
        .offsets = {offsets.gate_up[0], offsets.gate_up[1]}, .rows = {f, f}, .count = 2};
    nodes::FeedForward made{linear(served.gate_up, w, packed.gate_up, gate_up),
        linear(served.down, f, packed.down, one(offsets.down, w))};
    if (!config.feed_forward_bias) return made;
    made.gate_up.bias = packed.bias();
    made.gate_up.biases = {
        .offsets = {offsets.biases[0], offsets.biases[1]}, .rows = {f, f}, .count = 2};
    made.down.bias = packed.down_bias;
    made.down.biases = one(offsets.down_bias, w);
    return made;
  }
};

}  // namespace

NetworkWeights::NetworkWeights(
    const ModelConfig& config, const Manifest& manifest, const float* parameters)
    : config_(config),
      manifest_(manifest),
      parameters_(parameters),
      sizes_(config),
      offsets_(block_offsets(config, manifest)),
      serving_manifest_(serving_manifest(config)),
      serving_offsets_(block_offsets(config, serving_manifest_)),
      ranges_(static_cast<std::size_t>(config.layers)),
      layers_(ranges_.size()) {
  const std::vector<TensorEntry>& tensors = manifest.tensors();
  std::size_t at = 0;
  for (std::size_t i = 0; i < ranges_.size(); ++i) {
    std::string prefix = str("model.layers.", i, ".");
    while (at < tensors.size() && !tensors[at].name.starts_with(prefix)) ++at;
    ranges_[i].first = at;
    while (at < tensors.size() && tensors[at].name.starts_with(prefix)) ++at;
    ranges_[i].last = at;
  }
}

void NetworkWeights::set_recompute(Recompute recompute) {
  recompute_ = recompute;
  changed();
  served_ = {};
}

void NetworkWeights::changed() {
  for (auto& layer : layers_) layer.reset();
  head_.reset();
  all_served_ = false;
}

void NetworkWeights::serve_range(Range range, std::byte* out) const {
  std::uint64_t begin = serving_manifest_.tensors()[range.first].offset;
  for (std::size_t i = range.first; i < range.last; ++i) {
    const TensorEntry& from = manifest_.tensors()[i];
    const TensorEntry& to = serving_manifest_.tensors()[i];
    const float* values = parameters_ + from.offset / sizeof(float);
    std::byte* at = out + (to.offset - begin);
    if (to.dtype == Dtype::bfloat16)
      kernels::to_bfloat16(values, static_cast<std::int64_t>(from.size / sizeof(float)),
          reinterpret_cast<kernels::Bfloat16*>(at));
    else
      std::memcpy(at, values, from.size);
  }
}

void NetworkWeights::serve(std::span<std::byte> out) const {
  TRAM_CHECK(out.size() == serving_manifest_.bytes(), "not as large as what is served", out.size());
  serve_range({0, manifest_.tensors().size()}, out.data());
}

MatrixBlock NetworkWeights::served(Range range, std::vector<float>& buffer) const {
  if (config_.serving == Dtype::float32) return {.data = parameters_, .matrices = config_.serving};
  const std::vector<TensorEntry>& tensors = serving_manifest_.tensors();
  std::uint64_t begin = tensors[range.first].offset;
  std::uint64_t end =
      range.last < tensors.size() ? tensors[range.last].offset : serving_manifest_.bytes();
  buffer.resize((end - begin) / sizeof(float));
  serve_range(range, reinterpret_cast<std::byte*>(buffer.data()));
  return {.data = buffer.data(),
      .begin = static_cast<std::int64_t>(begin / sizeof(float)),
      .matrices = config_.serving};
}

MatrixBlock NetworkWeights::whole() {
  if (!all_served_) served({0, manifest_.tensors().size()}, served_);
  all_served_ = true;
  return {.data = config_.serving == Dtype::float32 ? parameters_ : served_.data(),
      .matrices = config_.serving};
}

std::unique_ptr<NetworkWeights::Layer> NetworkWeights::make_layer(
    std::size_t number, const MatrixBlock& block, Directions directions) const {
  const LayerOffsets& o = offsets_.layers[number];
  const LayerOffsets& served = serving_offsets_.layers[number];
  const Sizes& s = sizes_;
  std::int64_t w = config_.width;
  Maker maker{block, directions};
  auto made = std::make_unique<Layer>();
  made->directions = directions;
  made->packed = pack_layer(config_, served, block);
  const PackedWeights::Layer& p = made->packed;
  nodes::Target qkv{.offsets = o.qkv, .rows = {s.q, s.kv, s.kv}, .count = 3};
  made->qkv = maker.linear(served.qkv, w, p.qkv, qkv);
  if (!p.qkv_bias.empty()) {
    made->qkv.bias = p.qkv_bias.data();
    made->qkv.biases = {.offsets = o.biases, .rows = qkv.rows, .count = 3};
  }
  made->o = maker.linear(served.o, s.q, p.o, one(o.o, w));
  if (p.o_bias != nullptr) {
    made->o.bias = p.o_bias;
    made->o.biases = one(o.o_bias, w);
  }
  if (config_.experts > 0)
    made->router = maker.linear(served.router, w, p.router, one(o.router, config_.experts));
  for (std::size_t e = 0; e < o.feed_forward.size(); ++e)
    made->feed_forward.push_back(
        maker.feed_forward(config_, served.feed_forward[e], o.feed_forward[e], p.feed_forward[e]));
  return made;
}

const NetworkWeights::Layer& NetworkWeights::layer(std::size_t number, Directions directions) {
  std::unique_ptr<Layer>& layer = layers_[number];
  if (recompute_ == Recompute::none) {
    if (layer == nullptr) layer = make_layer(number, whole(), Directions::both);
    return *layer;
  }
  if (directions == Directions::both) head_.reset();
  if (layer != nullptr && layer->directions >= directions) return *layer;
  for (auto& other : layers_) other.reset();  // the old before the new: never both in memory
  layer = make_layer(number, served(ranges_[number], served_), directions);
  return *layer;
}

std::unique_ptr<NetworkWeights::Head> NetworkWeights::make_head(
    const MatrixBlock& block, Directions directions) const {
  std::int64_t w = config_.width;
  std::int64_t rows = config_.vocabulary;
  auto made = std::make_unique<Head>();
  made->directions = directions;
  made->packed = block.transposed({&serving_offsets_.head, 1}, {&rows, 1}, w);
  made->linear = Maker{block, directions}.linear(
      serving_offsets_.head, w, made->packed, one(offsets_.head, rows));
  return made;
}

const nodes::Linear& NetworkWeights::head(Directions directions) {
  if (recompute_ == Recompute::none) {
    if (head_ == nullptr) head_ = make_head(whole(), Directions::both);
    return head_->linear;
  }
  if (head_ != nullptr && head_->directions >= directions) return head_->linear;
  for (auto& layer : layers_) layer.reset();
  served_ = {};
  head_.reset();
  const char* name = config_.tied_head ? "model.embed_tokens.weight" : "lm_head.weight";
  const TensorEntry* tensor = manifest_.find(name);
  TRAM_CHECK(tensor != nullptr, "a model without a head", name);
  auto at = static_cast<std::size_t>(tensor - manifest_.tensors().data());
  std::vector<float> buffer;
  head_ = make_head(served({at, at + 1}, buffer), directions);
  return head_->linear;
}

const float* NetworkWeights::norm() const {
  return parameters_ + offsets_.norm;
}

void NetworkWeights::embed(const std::int32_t* ids, std::int64_t rows, float* out) const {
  const float* from = parameters_ + offsets_.embed;
  kernels::embed(ids, rows, from, config_.width, out);
  if (config_.serving == Dtype::float32) return;
  std::vector<kernels::Bfloat16> rounded(static_cast<std::size_t>(config_.width));
  constexpr std::int32_t first = 0;
  for (std::int64_t r = 0; r < rows; ++r) {
    float* row = out + r * config_.width;
    kernels::to_bfloat16(row, config_.width, rounded.data());
    kernels::embed(&first, 1, rounded.data(), config_.width, row);
  }
}

}  // namespace tramontane
