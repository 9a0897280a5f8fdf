#include "actors/model/torch/node_parts.h"

#include "kernels/parallel.h"

#include <ATen/ops/from_blob.h>
#include <torch/csrc/autograd/functions/utils.h>
#include <torch/csrc/autograd/variable.h>

#include <cstring>
#include <memory>

namespace tramontane::nodes {

namespace {

void add_to(float* to, const float* from, std::int64_t n) {
  for (std::int64_t i = 0; i < n; ++i) to[i] += from[i];
}

bool adjacent(const Target& target, std::int64_t row_floats) {
  for (std::size_t i = 1; i < target.count; ++i)
    if (target.offsets[i] != target.offsets[i - 1] + target.rows[i - 1] * row_floats) return false;
  return true;
}

// Calls `accumulate` with a place for all rows of the target, end to end.
template <class Accumulate>
void accumulate_into(
    Pass& pass, const Target& target, std::int64_t row_floats, Accumulate accumulate) {
  if (adjacent(target, row_floats)) {
    accumulate(pass.gradients + target.offsets[0]);
    return;
  }
  std::int64_t rows = 0;
  for (std::size_t i = 0; i < target.count; ++i) rows += target.rows[i];
  pass.scratch.assign(static_cast<std::size_t>(rows * row_floats), 0);
  accumulate(pass.scratch.data());
  const float* from = pass.scratch.data();
  for (std::size_t i = 0; i < target.count; ++i) {
    add_to(pass.gradients + target.offsets[i], from, target.rows[i] * row_floats);
    from += target.rows[i] * row_floats;
  }
}

// The residual's gradient, where there is one, is the output's own.
struct LinearNode final : Node {
  LinearNode(Pass& p, const Linear& l) : pass(p), w(l) {}

  variable_list apply(variable_list&& grads) override {
    const float* dy = incoming(grads, 0);
    linear_gradients(pass, w, dy, x, rows);
    float* to = pass.buffers.floats(rows * w.inputs);
    input_gradient(pass, w, dy, rows, to);
    at::Tensor dx = view(to, rows, w.inputs);
    if (residual) return {grads[0], dx};
    return {dx};
  }

  Pass& pass;
  const Linear& w;
  const float* x = nullptr;
  std::int64_t rows = 0;
  bool residual = false;
};

at::Tensor run_linear(
    Pass& pass, const at::Tensor* residual, const at::Tensor& x, const Linear& w) {
  std::int64_t rows = x.size(0);
  float* y = pass.workspace.floats(rows * w.outputs);
  if (residual != nullptr)
    std::memcpy(y, data(*residual), static_cast<std::size_t>(rows * w.outputs) * sizeof(float));
  kernels::multiply(*pass.team, {.x = data(x),
                                    .x_stride = w.inputs,
                                    .rows = rows,
                                    .w = w.forward,
                                    .bias = w.bias,
                                    .y = y,
                                    .y_stride = w.outputs,
                                    .accumulate = residual != nullptr});
  at::Tensor result = view(y, rows, w.outputs);
  if (!pass.training) return result;
  auto node = std::make_shared<LinearNode>(pass, w);
  node->x = data(x);
  node->rows = rows;
  node->residual = residual != nullptr;
  if (residual != nullptr)
    record(node, {result}, {*residual, x});
  else
    record(node, {result}, {x});
  return result;
}

}  // namespace

at::Tensor view(float* data, std::int64_t rows, std::int64_t width) {
  return at::from_blob(data, {rows, width}, at::TensorOptions().dtype(at::kFloat));
}

float* data(const at::Tensor& tensor) {
  return static_cast<float*>(tensor.unsafeGetTensorImpl()->mutable_data());
}

const float* incoming(const variable_list& grads, std::size_t i) {
  TORCH_CHECK(grads[i].defined() && grads[i].is_contiguous(), "a gradient of another making");
  return static_cast<const float*>(grads[i].const_data_ptr());
}

void record(const std::shared_ptr<Node>& node, std::initializer_list<at::Tensor> outputs,
    std::initializer_list<at::Tensor> inputs) {
  variable_list sources = inputs;
  if (!sources.empty()) node->set_next_edges(torch::autograd::collect_next_edges(sources));
  for (const at::Tensor& output : outputs) torch::autograd::set_history(output, node);
}

void linear_gradients(
    Pass& pass, const Linear& w, const float* dy, const float* x, std::int64_t rows) {
  accumulate_into(pass, w.weight, w.inputs, [&](float* dw) {
    kernels::multiply_weight_gradient(*pass.team, dy, x, rows, w.outputs, w.inputs, dw);
  });
  if (w.biases.count > 0)
    accumulate_into(
        pass, w.biases, 1, [&](float* db) { kernels::sum_rows(dy, rows, w.outputs, db); });
}

void input_gradient(Pass& pass, const Linear& w, const float* dy, std::int64_t rows, float* dx) {
  kernels::multiply(*pass.team, {.x = dy,
                                    .x_stride = w.outputs,
                                    .rows = rows,
                                    .w = &w.backward,
                                    .bias = nullptr,
                                    .y = dx,
                                    .y_stride = w.inputs});
}

at::Tensor linear(Pass& pass, const at::Tensor& x, const Linear& w) {
  return run_linear(pass, nullptr, x, w);
}

at::Tensor linear_onto(
    Pass& pass, const at::Tensor& residual, const at::Tensor& x, const Linear& w) {
  return run_linear(pass, &residual, x, w);
}

}  // namespace tramontane::nodes
