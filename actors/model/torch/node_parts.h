#pragma once
// What the nodes of the Network are made with: views of kernels' buffers, the recording of a node,
// and the two gradients of a linear layer. The nodes of linear layers themselves are beside them.

#include "actors/model/torch/nodes.h"

#include <torch/csrc/autograd/function.h>

#include <initializer_list>
#include <memory>

namespace tramontane::nodes {

using torch::autograd::Node;
using torch::autograd::variable_list;

// A tensor (rows, width) over a buffer that outlives it.
at::Tensor view(float* data, std::int64_t rows, std::int64_t width);

float* data(const at::Tensor& tensor);

// The gradient that arrives: contiguous, as every node here makes it.
const float* incoming(const variable_list& grads, std::size_t i);

// Makes `node` the origin of the outputs, with the inputs it sends gradients to.
void record(const std::shared_ptr<Node>& node, std::initializer_list<at::Tensor> outputs,
    std::initializer_list<at::Tensor> inputs);

// Adds the gradients of the layer's weight and biases for dy (rows, outputs), x (rows, inputs).
void linear_gradients(
    Pass& pass, const Linear& w, const float* dy, const float* x, std::int64_t rows);

// dx (rows, inputs) = dy (rows, outputs)·W.
void input_gradient(Pass& pass, const Linear& w, const float* dy, std::int64_t rows, float* dx);

}  // namespace tramontane::nodes
