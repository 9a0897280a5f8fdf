// A part of the network of which only the input is kept. Its backward pass runs it again, this time
// with nodes, and sends the gradient through them.

#include "actors/model/torch/node_parts.h"

#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/grad_mode.h>

#include <cstring>
#include <memory>
#include <utility>

namespace tramontane::nodes {
namespace {

// Where the gradient of the part's input arrives.
struct InputNode final : Node {
  variable_list apply(variable_list&& grads) override {
    gradient = std::move(grads[0]);
    return {};
  }

  at::Tensor gradient;
};

struct RecomputedNode final : Node {
  RecomputedNode(Pass& p, Part r) : pass(p), run(std::move(r)) {}

  variable_list apply(variable_list&& grads) override {
    Workspace::Mark before = pass.workspace.mark();
    auto input = std::make_shared<InputNode>();
    {
      torch::autograd::AutoGradMode records(true);
      at::Tensor from = view(x, rows, pass.config.width);
      record(input, {from}, {});
      at::Tensor y = run(from);
      torch::autograd::backward({y}, {grads[0]});
    }
    pass.workspace.release(before);
    return {std::move(input->gradient)};
  }

  Pass& pass;
  Part run;
  float* x = nullptr;
  std::int64_t rows = 0;
};

// The same without nodes.
at::Tensor run_plainly(Pass& pass, const at::Tensor& x, const Part& run) {
  bool training = std::exchange(pass.training, false);
  torch::autograd::AutoGradMode records(false);
  at::Tensor y = run(x);
  pass.training = training;
  return y;
}

}  // namespace

at::Tensor recomputed(Pass& pass, const at::Tensor& x, std::int64_t out_rows, Part run) {
  std::int64_t width = pass.config.width;
  float* y = pass.workspace.floats(out_rows * width);
  Workspace::Mark before = pass.workspace.mark();
  at::Tensor made = run_plainly(pass, x, run);
  std::memcpy(y, data(made), static_cast<std::size_t>(out_rows * width) * sizeof(float));
  pass.workspace.release(before);
  at::Tensor result = view(y, out_rows, width);
  if (!pass.training) return result;
  auto node = std::make_shared<RecomputedNode>(pass, std::move(run));
  node->x = data(x);
  node->rows = x.size(0);
  record(node, {result}, {x});
  return result;
}

}  // namespace tramontane::nodes
