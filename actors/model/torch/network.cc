#include "actors/model/torch/network.h"

#include "actors/model/footprint.h"
#include "actors/model/torch/network_weights.h"
#include "actors/model/torch/nodes.h"
#include "runtime/base/check.h"

#include <ATen/ops/from_blob.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/grad_mode.h>

#include <algorithm>
#include <utility>

namespace tramontane {

struct Network::Graph {
  explicit Graph(const ModelConfig& config)
      : rope(rope_table(config)), pass{.config = config, .sizes = Sizes(config)} {
    pass.rope_table = rope.data();
  }

  // The layer `number` for x (rows, width); of the last one, the rows that the loss is on.
  at::Tensor layer(NetworkWeights& weights, std::size_t number, const at::Tensor& x);

  std::vector<float> rope;
  nodes::Pass pass;
  at::Tensor log_probs;  // of the last forward()
};

at::Tensor Network::Graph::layer(NetworkWeights& weights, std::size_t index, const at::Tensor& x) {
  const ModelConfig& config = pass.config;
  const NetworkWeights::Layer& layer =
      weights.layer(index, pass.training ? Directions::both : Directions::forward);
  const PackedWeights::Layer& p = layer.packed;
  const LayerOffsets& o = weights.offsets(index);
  auto number = static_cast<std::int64_t>(index);
  auto [normed, residual] = nodes::norm_fork(pass, x, p.input_norm, o.input_norm);
  at::Tensor qkv = nodes::linear(pass, normed, layer.qkv);
  if (config.qk_norm) qkv = nodes::head_norm(pass, qkv, p, o.q_norm, o.k_norm);
  if (config.turns(number)) qkv = nodes::rope(pass, qkv);
  at::Tensor attended = nodes::attention(pass, qkv, config.window_of(number));
  // Behind the last attention only the rows of the loss matter.
  if (number + 1 == config.layers) {
    attended = nodes::gather(pass, attended);
    residual = nodes::gather(pass, residual);
  }
  at::Tensor y = nodes::linear_onto(pass, residual, attended, layer.o);
  auto [normed_again, residual_again] = nodes::norm_fork(pass, y, p.post_norm, o.post_norm);
  if (config.experts > 0)
    return nodes::experts_onto(
        pass, residual_again, normed_again, p, layer.router, layer.feed_forward);
  const nodes::FeedForward& dense = layer.feed_forward.front();
  at::Tensor activated = nodes::swiglu(pass, nodes::linear(pass, normed_again, dense.gate_up));
  return nodes::linear_onto(pass, residual_again, activated, dense.down);
}

Network::Network(const ModelConfig& config)
    : config_(config),
      manifest_(model_manifest(config)),
      parameters_(manifest_.bytes() / sizeof(float)),
      gradients_(parameters_.size()),
      weights_(std::make_unique<NetworkWeights>(config_, manifest_, parameters_.data())),
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

void Network::set_recompute(Recompute recompute) {
  recompute_ = recompute;
  weights_->set_recompute(recompute);
}

void Network::changed() {
  weights_->changed();
}

void Network::serve(std::span<std::byte> out) const {
  weights_->serve(out);
}

void Network::clear_gradients() {
  std::fill(gradients_.begin(), gradients_.end(), 0.0F);
}

Network::Outputs Network::forward(const Microbatch& batch, double temperature, bool training) {
  nodes::Pass& pass = graph_->pass;
  torch::autograd::AutoGradMode mode(training);
  graph_->log_probs.reset();
  pass.workspace.reset(activation_floats(config_, batch.rows(), recompute_));
  if (training) pass.buffers.reserve(gradient_floats(config_, batch.rows()));
  pass.batch = &batch;
  pass.training = training;
  float* embedded = pass.workspace.floats(batch.rows() * config_.width);
  weights_->embed(batch.ids.data(), batch.rows(), embedded);
  at::Tensor x = nodes::embed(pass, embedded, weights_->embed_offset());
  for (std::int64_t i = 0; i < config_.layers; ++i) {
    auto layer = [this, i](const at::Tensor& in) {
      return graph_->layer(*weights_, static_cast<std::size_t>(i), in);
    };
    if (recompute_ == Recompute::none)
      x = layer(x);
    else
      x = nodes::recomputed(
          pass, x, i + 1 == config_.layers ? batch.losses() : batch.rows(), layer);
  }
  at::Tensor normed = nodes::norm_fork(pass, x, weights_->norm(), weights_->norm_offset())[0];
  auto losses = static_cast<std::size_t>(batch.losses());
  float* entropy = pass.workspace.floats(batch.losses());
  const nodes::Linear& head = weights_->head(training ? Directions::both : Directions::forward);
  graph_->log_probs =
      nodes::head_log_probs(pass, normed, head, static_cast<float>(temperature), entropy);
  TRAM_CHECK(pass.workspace.pieces() == 1, "activations take more than was counted", batch.rows());
  return {.log_probs = {static_cast<const float*>(graph_->log_probs.const_data_ptr()), losses},
      .entropy = {entropy, losses}};
}

void Network::backward(std::span<const float> dlog_probs) {
  // Only read by the graph; from_blob wants it mutable.
  at::Tensor gradient = at::from_blob(const_cast<float*>(dlog_probs.data()),
      {static_cast<std::int64_t>(dlog_probs.size())}, at::TensorOptions().dtype(at::kFloat));
  torch::autograd::backward({graph_->log_probs}, {gradient});
  graph_->log_probs.reset();
  TRAM_CHECK(graph_->pass.workspace.pieces() == 1,
      "activations that are computed again take more than was counted", dlog_probs.size());
}

}  // namespace tramontane
