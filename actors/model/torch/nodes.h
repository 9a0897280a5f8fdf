#pragma once
// The autograd nodes that the Network is made of. See network.h.

#include "actors/model/experts.h"
#include "actors/model/footprint.h"
#include "actors/model/packed.h"
#include "actors/model/torch/microbatch.h"
#include "actors/model/torch/workspace.h"
#include "runtime/base/team.h"

#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

namespace tramontane::nodes {

// Buffers for gradients of activations. The graph is a chain, so that a gradient is read by the
// next node or the one after: a few buffers in turn stay in the cache, where fresh ones would not.
class GradientBuffers {
 public:
  // Before a backward pass: each can hold so many floats.
  void reserve(std::int64_t count);

  // The next in turn.
  float* floats(std::int64_t count);

 private:
  std::array<std::vector<float>, gradient_buffers> buffers_;
  std::size_t next_ = 0;
};

// Where a weight gradient goes: rows of one or several matrices of the gradient block.
struct Target {
  std::array<std::int64_t, 3> offsets{};
  std::array<std::int64_t, 3> rows{};
  std::size_t count = 0;
};

// A linear layer for both directions.
struct Linear {
  const kernels::PackedMatrix* forward = nullptr;  // x·W^T
  kernels::PackedMatrix backward;                  // dy·W
  const float* bias = nullptr;
  std::int64_t outputs = 0;
  std::int64_t inputs = 0;
  Target weight;
  Target biases;  // count 0: none
};

struct FeedForward {
  Linear gate_up;
  Linear down;
};

// What every node of one pass needs. Lives longer than the graph.
struct Pass {
  const ModelConfig& config;
  Sizes sizes;
  const float* rope_table = nullptr;
  float* gradients = nullptr;  // the block
  Workspace workspace;
  GradientBuffers buffers;
  std::vector<float> kv;       // one layer's cache; its content is not kept
  std::vector<float> scratch;  // weight gradients that are scattered
  std::vector<float> logits;   // of some rows; see head_node.cc
  std::unique_ptr<Team> team = std::make_unique<Team>();  // that computes the nodes
  const Microbatch* batch = nullptr;
  bool training = false;
};

// x (rows, width): the embeddings of the batch's ids; `offset`: of their gradients.
at::Tensor embed(Pass& pass, float* x, std::int64_t offset);

// A part of the network: (out_rows, width) from (rows, width).
using Part = std::function<at::Tensor(const at::Tensor& x)>;

// run(x), of which x and the result alone are kept: the backward pass runs it again. What it makes
// of the workspace is taken back each time.
at::Tensor recomputed(Pass& pass, const at::Tensor& x, std::int64_t out_rows, Part run);

// {normed, x}: the second output is x itself, for the residual connection.
std::array<at::Tensor, 2> norm_fork(
    Pass& pass, const at::Tensor& x, const float* weight, std::int64_t weight_offset);

// y = x·W^T + b.
at::Tensor linear(Pass& pass, const at::Tensor& x, const Linear& w);

// y = residual + x·W^T, summed as Decoder sums it.
at::Tensor linear_onto(
    Pass& pass, const at::Tensor& residual, const at::Tensor& x, const Linear& w);

// q and k normalised per head.
at::Tensor head_norm(Pass& pass, const at::Tensor& qkv, const PackedWeights::Layer& layer,
    std::int64_t q_offset, std::int64_t k_offset);

// Turns q and k by their positions, in place.
at::Tensor rope(Pass& pass, const at::Tensor& qkv);

// (rows, heads * head_dim) from (rows, qkv). `window`: the layer's; 0: none.
at::Tensor attention(Pass& pass, const at::Tensor& qkv, std::int64_t window);

// y = residual + the mixture of experts of x.
at::Tensor experts_onto(Pass& pass, const at::Tensor& residual, const at::Tensor& x,
    const PackedWeights::Layer& layer, const Linear& router, std::span<const FeedForward> experts);

at::Tensor swiglu(Pass& pass, const at::Tensor& gate_up);

// The rows that the loss is on.
at::Tensor gather(Pass& pass, const at::Tensor& x);

// (losses) log-probabilities of the targets under the head's distribution for x (losses, width);
// entropy (losses) in nats. `head` lives until the backward pass is past it.
at::Tensor head_log_probs(
    Pass& pass, const at::Tensor& x, const Linear& head, float temperature, float* entropy);

}  // namespace tramontane::nodes
