#include "actors/model/torch/network.h"

#include "actors/model/footprint.h"
#include "actors/model/torch/nodes.h"
#include "runtime/base/check.h"

#include <ATen/ops/from_blob.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/grad_mode.h>

#include <algorithm>
#include <cstring>
#include <numeric>
#include <utility>

namespace tramontane {

using kernels::PackedMatrix;
using nodes::Linear;

struct Network::Graph {
  struct Layer {
    Linear qkv;
    Linear o;
    Linear router;
    std::vector<nodes::FeedForward> feed_forward;
  };

  explicit Graph(const ModelConfig& config)
      : rope(rope_table(config)), pass{.config = config, .sizes = Sizes(config)} {
    pass.rope_table = rope.data();
  }

  std::vector<float> rope;
  nodes::Pass pass;
  PackedWeights packed;
  std::vector<Layer> layers;
  Linear head;
  at::Tensor log_probs;  // of the last forward()
};

namespace {

nodes::Target one(std::int64_t offset, std::int64_t rows) {
  return {.offsets = {offset}, .rows = {rows}, .count = 1};
}

// Rows of one matrix or of several end to end, which lie at `served` in the block; the gradient
// goes to `target`.
Linear linear_of(const MatrixBlock& block, std::span<const std::int64_t> served,
    std::int64_t inputs, const PackedMatrix& forward, nodes::Target target) {
  Linear l;
  std::span<const std::int64_t> rows(target.rows.data(), target.count);
  l.forward = &forward;
  l.backward = block.plain(served, rows, inputs);
  l.outputs = std::accumulate(rows.begin(), rows.end(), std::int64_t{0});
  l.inputs = inputs;
  l.weight = target;
  return l;
}

Linear linear_of(const MatrixBlock& block, std::int64_t served, std::int64_t inputs,
    const PackedMatrix& forward, nodes::Target target) {
  return linear_of(block, std::span(&served, 1), inputs, forward, target);
}

nodes::FeedForward feed_forward_of(const ModelConfig& config, const MatrixBlock& block,
    const FeedForwardOffsets& served, const FeedForwardOffsets& offsets,
    const PackedWeights::FeedForward& packed) {
  std::int64_t w = config.width;
  std::int64_t f = config.feed_forward;
  nodes::Target gate_up{
      .offsets = {offsets.gate_up[0], offsets.gate_up[1]}, .rows = {f, f}, .count = 2};
  nodes::FeedForward made{linear_of(block, served.gate_up, w, packed.gate_up, gate_up),
      linear_of(block, served.down, f, packed.down, one(offsets.down, w))};
  if (!config.feed_forward_bias) return made;
  made.gate_up.bias = packed.bias();
  made.gate_up.biases = {
      .offsets = {offsets.biases[0], offsets.biases[1]}, .rows = {f, f}, .count = 2};
  made.down.bias = packed.down_bias;
  made.down.biases = one(offsets.down_bias, w);
  return made;
}

}  // namespace

Network::Network(const ModelConfig& config)
    : config_(config),
      manifest_(model_manifest(config)),
      offsets_(block_offsets(config, manifest_)),
      serving_manifest_(tramontane::serving_manifest(config)),
      serving_offsets_(block_offsets(config, serving_manifest_)),
      parameters_(static_cast<std::size_t>(offsets_.floats)),
      serving_(
          serving_manifest_ == manifest_ ? 0 : static_cast<std::size_t>(serving_offsets_.floats)),
      gradients_(parameters_.size()),
      graph_(std::make_unique<Graph>(config_)) {
  graph_->pass.gradients = gradients_.data();
}

Network::~Network() = default;

Team& Network::team() {
  return *graph_->pass.team;
}

void Network::set_threads(unsigned threads) {
  if (team().threads() != threads) graph_->pass.team = std::make_unique<Team>(threads);
}

void Network::clear_gradients() {
  std::fill(gradients_.begin(), gradients_.end(), 0.0F);
}

void Network::serve(std::span<std::byte> out) const {
  TRAM_CHECK(out.size() == serving_manifest_.bytes(), "not as large as what is served", out.size());
  for (std::size_t i = 0; i < manifest_.tensors().size(); ++i) {
    const TensorEntry& from = manifest_.tensors()[i];
    const TensorEntry& to = serving_manifest_.tensors()[i];
    const float* values = parameters_.data() + from.offset / sizeof(float);
    std::byte* at = out.data() + to.offset;
    if (to.dtype == Dtype::bfloat16)
      kernels::to_bfloat16(values, static_cast<std::int64_t>(from.size / sizeof(float)),
          reinterpret_cast<kernels::Bfloat16*>(at));
    else
      std::memcpy(at, values, from.size);
  }
}

void Network::pack_weights() {
  Graph& g = *graph_;
  const Sizes& s = g.pass.sizes;
  std::int64_t w = config_.width;
  g.layers.clear();  // the old before the new: never both in memory
  g.head = {};
  g.packed = {};
  if (!serving_.empty()) serve(std::as_writable_bytes(std::span(serving_)));
  MatrixBlock block{
      .data = serving_.empty() ? parameters_.data() : serving_.data(), .matrices = config_.serving};
  g.packed = pack(config_, serving_offsets_, block);
  for (std::size_t i = 0; i < g.packed.layers.size(); ++i) {
    const LayerOffsets& o = offsets_.layers[i];
    const LayerOffsets& served = serving_offsets_.layers[i];
    const PackedWeights::Layer& p = g.packed.layers[i];
    Graph::Layer layer;
    nodes::Target qkv{.offsets = o.qkv, .rows = {s.q, s.kv, s.kv}, .count = 3};
    layer.qkv = linear_of(block, served.qkv, w, p.qkv, qkv);
    if (!p.qkv_bias.empty()) {
      layer.qkv.bias = p.qkv_bias.data();
      layer.qkv.biases = {.offsets = o.biases, .rows = qkv.rows, .count = 3};
    }
    layer.o = linear_of(block, served.o, s.q, p.o, one(o.o, w));
    if (p.o_bias != nullptr) {
      layer.o.bias = p.o_bias;
      layer.o.biases = one(o.o_bias, w);
    }
    if (config_.experts > 0)
      layer.router = linear_of(block, served.router, w, p.router, one(o.router, config_.experts));
    for (std::size_t e = 0; e < o.feed_forward.size(); ++e)
      layer.feed_forward.push_back(feed_forward_of(
          config_, block, served.feed_forward[e], o.feed_forward[e], p.feed_forward[e]));
    g.layers.push_back(std::move(layer));
  }
  g.head = linear_of(
      block, serving_offsets_.head, w, g.packed.head, one(offsets_.head, config_.vocabulary));
  packed_ = true;
}

Network::Outputs Network::forward(const Microbatch& batch, double temperature, bool training) {
  if (!packed_) pack_weights();
  Graph& g = *graph_;
  nodes::Pass& pass = g.pass;
  torch::autograd::AutoGradMode mode(training);
  g.log_probs.reset();
  pass.workspace.reset(activation_floats(config_, batch.rows()));
  if (training) pass.buffers.reserve(gradient_floats(config_, batch.rows()));
  pass.batch = &batch;
  pass.training = training;
  at::Tensor x = nodes::embed(pass, g.packed, offsets_.embed);
  for (std::size_t i = 0; i < g.layers.size(); ++i) {
    const PackedWeights::Layer& p = g.packed.layers[i];
    const Graph::Layer& layer = g.layers[i];
    const LayerOffsets& o = offsets_.layers[i];
    auto [normed, residual] = nodes::norm_fork(pass, x, p.input_norm, o.input_norm);
    at::Tensor qkv = nodes::linear(pass, normed, layer.qkv);
    if (config_.qk_norm) qkv = nodes::head_norm(pass, qkv, p, o.q_norm, o.k_norm);
    auto number = static_cast<std::int64_t>(i);
    if (config_.turns(number)) qkv = nodes::rope(pass, qkv);
    at::Tensor attended = nodes::attention(pass, qkv, config_.window_of(number));
    // Behind the last attention only the rows of the loss matter.
    if (i + 1 == g.layers.size()) {
      attended = nodes::gather(pass, attended);
      residual = nodes::gather(pass, residual);
    }
    x = nodes::linear_onto(pass, residual, attended, layer.o);
    auto [normed_again, residual_again] = nodes::norm_fork(pass, x, p.post_norm, o.post_norm);
    if (config_.experts > 0) {
      x = nodes::experts_onto(
          pass, residual_again, normed_again, p, layer.router, layer.feed_forward);
      continue;
    }
    const nodes::FeedForward& dense = layer.feed_forward.front();
    at::Tensor activated = nodes::swiglu(pass, nodes::linear(pass, normed_again, dense.gate_up));
    x = nodes::linear_onto(pass, residual_again, activated, dense.down);
  }
  at::Tensor normed = nodes::norm_fork(pass, x, g.packed.norm, offsets_.norm)[0];
  auto losses = static_cast<std::size_t>(batch.losses());
  float* entropy = pass.workspace.floats(batch.losses());
  g.log_probs =
      nodes::head_log_probs(pass, normed, g.head, static_cast<float>(temperature), entropy);
  TRAM_CHECK(pass.workspace.pieces() == 1, "activations take more than was counted", batch.rows());
  return {.log_probs = {static_cast<const float*>(g.log_probs.const_data_ptr()), losses},
      .entropy = {entropy, losses}};
}

void Network::backward(std::span<const float> dlog_probs) {
  // Only read by the graph; from_blob wants it mutable.
  at::Tensor gradient = at::from_blob(const_cast<float*>(dlog_probs.data()),
      {static_cast<std::int64_t>(dlog_probs.size())}, at::TensorOptions().dtype(at::kFloat));
  torch::autograd::backward({graph_->log_probs}, {gradient});
  graph_->log_probs.reset();
}

}  // namespace tramontane
