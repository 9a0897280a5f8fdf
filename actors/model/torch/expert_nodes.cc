// The mixture of experts, forward and backward.
#include "actors/model/torch/node_parts.h"

#include <cstring>
#include <memory>
#include <vector>

namespace tramontane::nodes {

namespace {

// Kept from the forward pass: everything that mix_experts() made. P places are (row, expert) pairs
// sorted by expert, see ExpertRows.
struct ExpertsNode final : Node {
  ExpertsNode(Pass& p, const Linear& r, std::span<const FeedForward> e)
      : pass(p), router(r), experts(e) {}

  variable_list apply(variable_list&& grads) override {
    const ModelConfig& c = pass.config;
    const float* dy = incoming(grads, 0);
    std::int64_t top = c.experts_per_token;
    std::int64_t choices = rows * top;
    douts.resize(static_cast<std::size_t>(choices * c.width));
    dweights.resize(static_cast<std::size_t>(choices));
    kernels::combine_backward(dy, room->outs, room->weights, places.places.data(), rows, top,
        c.width, douts.data(), dweights.data());
    dinputs.resize(douts.size());
    for (std::size_t e = 0; e < experts.size(); ++e) expert_backward(e);

    dlogits.resize(static_cast<std::size_t>(rows * c.experts));
    kernels::route_backward(dweights.data(), room->logits, chosen.data(), room->weights, rows,
        c.experts, top, c.normalise_experts, dlogits.data());
    linear_gradients(pass, router, dlogits.data(), x, rows);
    float* dx = pass.buffers.floats(rows * c.width);
    input_gradient(pass, router, dlogits.data(), rows, dx);
    kernels::combine(dinputs.data(), nullptr, places.places.data(), rows, top, c.width, dx);
    return {grads[0], view(dx, rows, c.width)};
  }

  // dinputs of the expert's places from their douts.
  void expert_backward(std::size_t e) {
    const ModelConfig& c = pass.config;
    std::int64_t f = c.feed_forward;
    std::int64_t first = places.starts[e];
    std::int64_t count = places.starts[e + 1] - first;
    if (count == 0) return;
    const float* dout = douts.data() + first * c.width;
    dactivated.resize(static_cast<std::size_t>(count * f));
    dgate_up.resize(2 * dactivated.size());
    linear_gradients(pass, experts[e].down, dout, room->activated + first * f, count);
    input_gradient(pass, experts[e].down, dout, count, dactivated.data());
    kernels::swiglu_backward(
        dactivated.data(), room->gate_up + first * 2 * f, count, f, dgate_up.data());
    linear_gradients(
        pass, experts[e].gate_up, dgate_up.data(), room->inputs + first * c.width, count);
    input_gradient(
        pass, experts[e].gate_up, dgate_up.data(), count, dinputs.data() + first * c.width);
  }

  Pass& pass;
  const Linear& router;
  std::span<const FeedForward> experts;
  const float* x = nullptr;
  std::int64_t rows = 0;
  std::unique_ptr<ExpertRoom> room;
  std::vector<std::int32_t> chosen;
  ExpertRows places;

  std::vector<float> douts, dweights, dlogits, dactivated, dgate_up, dinputs;
};

}  // namespace

at::Tensor experts_onto(Pass& pass, const at::Tensor& residual, const at::Tensor& x,
    const PackedWeights::Layer& layer, const Linear& router, std::span<const FeedForward> experts) {
  const ModelConfig& c = pass.config;
  std::int64_t rows = x.size(0);
  float* y = pass.workspace.floats(rows * c.width);
  std::memcpy(y, data(residual), static_cast<std::size_t>(rows * c.width) * sizeof(float));
  auto node = std::make_shared<ExpertsNode>(pass, router, experts);
  node->x = data(x);
  node->rows = rows;
  node->room =
      std::make_unique<ExpertRoom>(c, rows, pass.workspace.floats(ExpertRoom::floats(c, rows)));
  mix_experts(*pass.team, c, layer, node->x, rows, *node->room, node->chosen, node->places, y);
  at::Tensor result = view(y, rows, c.width);
  if (pass.training) record(node, {result}, {residual, x});
  return result;
}

}  // namespace tramontane::nodes
