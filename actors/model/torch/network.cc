#include "actors/model/torch/network.h"

#include "actors/model/footprint.h"
#include "actors/model/torch/nodes.h"
#include "runtime/base/check.h"

#include <ATen/ops/from_blob.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/grad_mode.h>

#include <algorithm>

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

// `weight` (outputs, inputs) may be several matrices end to end.
Linear linear_of(const float* weight, std::int64_t outputs, std::int64_t inputs,
    const PackedMatrix& forward, nodes::Target target) {
  Linear l;
  l.forward = &forward;
  l.backward = PackedMatrix::plain(weight, outputs, inputs, inputs);
  l.outputs = outputs;
  l.inputs = inputs;
  l.weight = target;
  return l;
}

nodes::Target one(std::int64_t offset, std::int64_t rows) {
  return {.offsets = {offset}, .rows = {rows}, .count = 1};
}

nodes::FeedForward feed_forward_of(const ModelConfig& config, const float* block,
    const FeedForwardOffsets& offsets, const PackedWeights::FeedForward& packed,
    std::vector<float>& storage) {
  std::int64_t w = config.width;
  std::int64_t f = config.feed_forward;
  nodes::Target gate_up{
      .offsets = {offsets.gate_up[0], offsets.gate_up[1]}, .rows = {f, f}, .count = 2};
  const float* joint = joined(block, offsets.gate_up, std::array{f * w, f * w}, storage);
  nodes::FeedForward made{linear_of(joint, 2 * f, w, packed.gate_up, gate_up),
      linear_of(block + offsets.down, w, f, packed.down, one(offsets.down, w))};
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
      parameters_(static_cast<std::size_t>(offsets_.floats)),
      gradients_(parameters_.size()),
      graph_(std::make_unique<Graph>(config_)) {
  graph_->pass.gradients = gradients_.data();
}

Network::~Network() = default;

void Network::clear_gradients() {
  std::fill(gradients_.begin(), gradients_.end(), 0.0F);
}

void Network::pack_weights() {
  Graph& g = *graph_;
  const Sizes& s = g.pass.sizes;
  std::int64_t w = config_.width;
  const float* block = parameters_.data();
  std::vector<float> storage;
  g.layers.clear();  // the old before the new: never both in memory
  g.head = {};
  g.packed = {};
  g.packed = pack(config_, offsets_, block);
  for (std::size_t i = 0; i < g.packed.layers.size(); ++i) {
    const LayerOffsets& o = offsets_.layers[i];
    const PackedWeights::Layer& p = g.packed.layers[i];
    Graph::Layer layer;
    nodes::Target qkv{.offsets = o.qkv, .rows = {s.q, s.kv, s.kv}, .count = 3};
    layer.qkv = linear_of(joined(block, o.qkv, std::array{s.q * w, s.kv * w, s.kv * w}, storage),
        s.qkv, w, p.qkv, qkv);
    if (!p.qkv_bias.empty()) {
      layer.qkv.bias = p.qkv_bias.data();
      layer.qkv.biases = {.offsets = o.biases, .rows = qkv.rows, .count = 3};
    }
    layer.o = linear_of(block + o.o, w, s.q, p.o, one(o.o, w));
    if (p.o_bias != nullptr) {
      layer.o.bias = p.o_bias;
      layer.o.biases = one(o.o_bias, w);
    }
    if (config_.experts > 0)
      layer.router =
          linear_of(block + o.router, config_.experts, w, p.router, one(o.router, config_.experts));
    for (std::size_t e = 0; e < o.feed_forward.size(); ++e)
      layer.feed_forward.push_back(
          feed_forward_of(config_, block, o.feed_forward[e], p.feed_forward[e], storage));
    g.layers.push_back(std::move(layer));
  }
  g.head = linear_of(block + offsets_.head, config_.vocabulary, w, g.packed.head,
      one(offsets_.head, config_.vocabulary));
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
  at::Tensor x = nodes::embed(pass, g.packed.embed, offsets_.embed);
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
