// The head and the log-probabilities of the targets, as one node: logits exist for a part of the
// rows at a time, in one buffer, which the backward pass turns into their gradients in place. A
// vocabulary of 152k would otherwise take 0.6 MB a row, twice.
//
// Where all rows fit, the logits of the forward pass are still there in the backward one; else each
// part is computed again. Parts are whole blocks of the weight gradient's sum (kernels/ops.h), so
// that neither results nor gradients depend on how many there are.

#include "actors/model/footprint.h"
#include "actors/model/torch/node_parts.h"
#include "kernels/parallel.h"

#include <ATen/ops/from_blob.h>

#include <algorithm>
#include <cstring>
#include <memory>

namespace tramontane::nodes {
namespace {

struct HeadNode final : Node {
  HeadNode(Pass& p, const Linear& head) : pass(p), w(head) {}

  std::int64_t part() const { return std::min(rows, logit_rows(w.outputs)); }

  // Of rows first..first+count-1, into the buffer.
  float* logits(std::int64_t first, std::int64_t count) {
    kernels::multiply(*pass.team, {.x = x + first * w.inputs,
                                      .x_stride = w.inputs,
                                      .rows = count,
                                      .w = w.forward,
                                      .bias = nullptr,
                                      .y = pass.logits.data(),
                                      .y_stride = w.outputs});
    return pass.logits.data();
  }

  template <class Do>
  void each_part(Do&& act) {
    for (std::int64_t first = 0; first < rows; first += part())
      act(first, std::min(part(), rows - first));
  }

  variable_list apply(variable_list&& grads) override {
    const float* slopes = incoming(grads, 0);
    const std::int32_t* targets = pass.batch->targets.data();
    float* dx = pass.buffers.floats(rows * w.inputs);
    each_part([&](std::int64_t first, std::int64_t count) {
      float* d = part() == rows ? pass.logits.data() : logits(first, count);
      kernels::token_log_prob_backward(
          *pass.team, slopes + first, d, count, w.outputs, targets + first, temperature, d);
      linear_gradients(pass, w, d, x + first * w.inputs, count);
      input_gradient(pass, w, d, count, dx + first * w.inputs);
    });
    return {view(dx, rows, w.inputs)};
  }

  Pass& pass;
  const Linear& w;
  const float* x = nullptr;
  std::int64_t rows = 0;
  float temperature = 1;
};

}  // namespace

at::Tensor head_log_probs(
    Pass& pass, const at::Tensor& x, const Linear& head, float temperature, float* entropy) {
  auto node = std::make_shared<HeadNode>(pass, head);
  node->x = data(x);
  node->rows = x.size(0);
  node->temperature = temperature;
  auto needed = static_cast<std::size_t>(node->part() * head.outputs);
  if (pass.logits.size() < needed) pass.logits.resize(needed);
  float* y = pass.workspace.floats(node->rows);
  const std::int32_t* targets = pass.batch->targets.data();
  node->each_part([&](std::int64_t first, std::int64_t count) {
    kernels::token_log_prob(*pass.team, node->logits(first, count), count, head.outputs,
        targets + first, temperature, y + first, entropy + first);
  });
  at::Tensor result = at::from_blob(y, {node->rows}, at::TensorOptions().dtype(at::kFloat));
  if (pass.training) record(node, {result}, {x});
  return result;
}

}  // namespace tramontane::nodes
