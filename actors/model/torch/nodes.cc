#include "actors/model/torch/nodes.h"

#include "actors/model/torch/node_parts.h"
#include "kernels/parallel.h"
#include "runtime/base/check.h"

#include <cstring>
#include <memory>

namespace tramontane::nodes {

namespace {

struct EmbedNode final : Node {
  explicit EmbedNode(Pass& p, std::int64_t o) : pass(p), offset(o) {}

  variable_list apply(variable_list&& grads) override {
    const Microbatch& b = *pass.batch;
    kernels::embed_backward(
        b.ids.data(), b.rows(), incoming(grads, 0), pass.config.width, pass.gradients + offset);
    return {};
  }

  Pass& pass;
  std::int64_t offset;
};

struct NormForkNode final : Node {
  explicit NormForkNode(Pass& p) : pass(p) {}

  variable_list apply(variable_list&& grads) override {
    std::int64_t width = pass.config.width;
    float* dx = pass.buffers.floats(rows * width);
    kernels::rms_norm_backward(
        incoming(grads, 0), x, weight, rstd, rows, width, dx, pass.gradients + offset);
    if (grads[1].defined()) kernels::add(dx, incoming(grads, 1), rows * width, dx);
    return {view(dx, rows, width)};
  }

  Pass& pass;
  const float* x = nullptr;
  const float* weight = nullptr;
  const float* rstd = nullptr;
  std::int64_t rows = 0;
  std::int64_t offset = 0;
};

struct HeadNormNode final : Node {
  explicit HeadNormNode(Pass& p) : pass(p) {}

  variable_list apply(variable_list&& grads) override {
    const ModelConfig& c = pass.config;
    const Sizes& s = pass.sizes;
    std::int64_t rows = pass.batch->rows();
    const float* dy = incoming(grads, 0);
    float* dx = pass.buffers.floats(rows * s.qkv);
    for (std::int64_t r = 0; r < rows; ++r) {
      std::int64_t at = r * s.qkv;
      const float* scale = rstd + r * (c.heads + c.kv_heads);
      kernels::rms_norm_backward(dy + at, x + at, layer->q_norm, scale, c.heads, c.head_dim,
          dx + at, pass.gradients + q_offset);
      kernels::rms_norm_backward(dy + at + s.q, x + at + s.q, layer->k_norm, scale + c.heads,
          c.kv_heads, c.head_dim, dx + at + s.q, pass.gradients + k_offset);
      std::memcpy(dx + at + s.q + s.kv, dy + at + s.q + s.kv,
          static_cast<std::size_t>(s.kv) * sizeof(float));
    }
    return {view(dx, rows, s.qkv)};
  }

  Pass& pass;
  const PackedWeights::Layer* layer = nullptr;
  const float* x = nullptr;
  const float* rstd = nullptr;
  std::int64_t q_offset = 0;
  std::int64_t k_offset = 0;
};

struct RopeNode final : Node {
  explicit RopeNode(Pass& p) : pass(p) {}

  // In place: nobody else reads the gradient that attention made.
  variable_list apply(variable_list&& grads) override {
    const ModelConfig& c = pass.config;
    incoming(grads, 0);
    kernels::rope(data(grads[0]), pass.sizes.qkv, pass.batch->positions.data(), pass.batch->rows(),
        c.heads + c.kv_heads, c.head_dim, pass.rope_table, true);
    return {grads[0]};
  }

  Pass& pass;
};

struct AttentionNode final : Node {
  explicit AttentionNode(Pass& p) : pass(p) {}

  variable_list apply(variable_list&& grads) override {
    const ModelConfig& c = pass.config;
    const Sizes& s = pass.sizes;
    std::int64_t rows = pass.batch->rows();
    float* d = pass.buffers.floats(rows * s.qkv);
    kernels::attend_backward(*pass.team, {.q = qkv,
                                             .k = qkv + s.q,
                                             .v = qkv + s.q + s.kv,
                                             .stride = s.qkv,
                                             .out = out,
                                             .dout = incoming(grads, 0),
                                             .log_sum = log_sum,
                                             .starts = pass.batch->starts,
                                             .heads = c.heads,
                                             .kv_heads = c.kv_heads,
                                             .head_dim = c.head_dim,
                                             .scale = s.scale,
                                             .window = window,
                                             .dq = d,
                                             .dk = d + s.q,
                                             .dv = d + s.q + s.kv,
                                             .gradient_stride = s.qkv});
    return {view(d, rows, s.qkv)};
  }

  Pass& pass;
  const float* qkv = nullptr;
  const float* out = nullptr;
  const float* log_sum = nullptr;
  std::int64_t window = 0;
};

struct SwigluNode final : Node {
  explicit SwigluNode(Pass& p) : pass(p) {}

  variable_list apply(variable_list&& grads) override {
    std::int64_t f = pass.config.feed_forward;
    float* d = pass.buffers.floats(rows * 2 * f);
    kernels::swiglu_backward(*pass.team, incoming(grads, 0), gate_up, rows, f, d);
    return {view(d, rows, 2 * f)};
  }

  Pass& pass;
  const float* gate_up = nullptr;
  std::int64_t rows = 0;
};

struct GatherNode final : Node {
  explicit GatherNode(Pass& p) : pass(p) {}

  variable_list apply(variable_list&& grads) override {
    const float* dy = incoming(grads, 0);
    std::int64_t rows = pass.batch->rows();
    auto bytes = static_cast<std::size_t>(width) * sizeof(float);
    float* dx = pass.buffers.floats(rows * width);
    std::memset(dx, 0, static_cast<std::size_t>(rows) * bytes);
    for (std::int32_t row : pass.batch->loss_rows) {
      std::memcpy(dx + row * width, dy, bytes);
      dy += width;
    }
    return {view(dx, rows, width)};
  }

  Pass& pass;
  std::int64_t width = 0;
};

}  // namespace

void GradientBuffers::reserve(std::int64_t count) {
  for (std::vector<float>& buffer : buffers_) {
    if (buffer.size() >= static_cast<std::size_t>(count)) continue;
    buffer = {};  // what it held is not copied
    buffer.resize(static_cast<std::size_t>(count));
  }
}

float* GradientBuffers::floats(std::int64_t count) {
  std::vector<float>& buffer = buffers_[next_];
  next_ = (next_ + 1) % buffers_.size();
  TRAM_CHECK(
      static_cast<std::size_t>(count) <= buffer.size(), "a gradient is wider than counted", count);
  return buffer.data();
}

at::Tensor embed(Pass& pass, float* x, std::int64_t offset) {
  at::Tensor result = view(x, pass.batch->rows(), pass.config.width);
  if (pass.training) record(std::make_shared<EmbedNode>(pass, offset), {result}, {});
  return result;
}

std::array<at::Tensor, 2> norm_fork(
    Pass& pass, const at::Tensor& x, const float* weight, std::int64_t weight_offset) {
  std::int64_t rows = x.size(0);
  std::int64_t width = pass.config.width;
  float* y = pass.workspace.floats(rows * width);
  float* rstd = pass.training ? pass.workspace.floats(rows) : nullptr;
  kernels::rms_norm(data(x), weight, pass.config.norm_eps, rows, width, y, rstd);
  std::array<at::Tensor, 2> result = {view(y, rows, width), view(data(x), rows, width)};
  if (!pass.training) return result;
  auto node = std::make_shared<NormForkNode>(pass);
  node->x = data(x);
  node->weight = weight;
  node->rstd = rstd;
  node->rows = rows;
  node->offset = weight_offset;
  record(node, {result[0], result[1]}, {x});
  return result;
}

at::Tensor head_norm(Pass& pass, const at::Tensor& qkv, const PackedWeights::Layer& layer,
    std::int64_t q_offset, std::int64_t k_offset) {
  std::int64_t rows = qkv.size(0);
  float* y = pass.workspace.floats(rows * pass.sizes.qkv);
  float* rstd = pass.workspace.floats(rows * (pass.config.heads + pass.config.kv_heads));
  norm_heads(pass.config, layer, data(qkv), rows, y, rstd);
  at::Tensor result = view(y, rows, pass.sizes.qkv);
  if (!pass.training) return result;
  auto node = std::make_shared<HeadNormNode>(pass);
  node->layer = &layer;
  node->x = data(qkv);
  node->rstd = rstd;
  node->q_offset = q_offset;
  node->k_offset = k_offset;
  record(node, {result}, {qkv});
  return result;
}

at::Tensor rope(Pass& pass, const at::Tensor& qkv) {
  const ModelConfig& c = pass.config;
  std::int64_t rows = qkv.size(0);
  kernels::rope(data(qkv), pass.sizes.qkv, pass.batch->positions.data(), rows, c.heads + c.kv_heads,
      c.head_dim, pass.rope_table, false);
  at::Tensor result = view(data(qkv), rows, pass.sizes.qkv);
  if (pass.training) record(std::make_shared<RopeNode>(pass), {result}, {qkv});
  return result;
}

at::Tensor attention(Pass& pass, const at::Tensor& qkv, std::int64_t window) {
  const ModelConfig& c = pass.config;
  const Sizes& s = pass.sizes;
  const Microbatch& b = *pass.batch;
  std::int64_t block = 2 * s.kv * kernels::kv_block;
  if (pass.kv.size() < static_cast<std::size_t>(b.blocks() * block))
    pass.kv.resize(static_cast<std::size_t>(b.blocks() * block));
  kernels::KvLayer kv{.base = pass.kv.data(),
      .block_stride = block,
      .kv_heads = c.kv_heads,
      .head_dim = c.head_dim};
  float* q = data(qkv);
  kernels::kv_store(q + s.q, q + s.q + s.kv, s.qkv, b.kv_rows, kv);
  float* out = pass.workspace.floats(b.rows() * s.q);
  float* log_sum = pass.workspace.floats(b.rows() * c.heads);
  kernels::attend(*pass.team,
      {.q = q,
          .q_stride = s.qkv,
          .rows = b.kv_rows,
          .heads = c.heads,
          .scale = s.scale,
          .window = window,
          .out = out,
          .log_sum = log_sum},
      kv);
  at::Tensor result = view(out, b.rows(), s.q);
  if (!pass.training) return result;
  auto node = std::make_shared<AttentionNode>(pass);
  node->qkv = q;
  node->out = out;
  node->log_sum = log_sum;
  node->window = window;
  record(node, {result}, {qkv});
  return result;
}

at::Tensor swiglu(Pass& pass, const at::Tensor& gate_up) {
  std::int64_t rows = gate_up.size(0);
  std::int64_t f = pass.config.feed_forward;
  float* y = pass.workspace.floats(rows * f);
  kernels::swiglu(*pass.team, data(gate_up), rows, f, y);
  at::Tensor result = view(y, rows, f);
  if (!pass.training) return result;
  auto node = std::make_shared<SwigluNode>(pass);
  node->gate_up = data(gate_up);
  node->rows = rows;
  record(node, {result}, {gate_up});
  return result;
}

at::Tensor gather(Pass& pass, const at::Tensor& x) {
  const Microbatch& b = *pass.batch;
  std::int64_t width = x.size(1);
  float* y = pass.workspace.floats(b.losses() * width);
  float* to = y;
  for (std::int32_t row : b.loss_rows) {
    std::memcpy(to, data(x) + row * width, static_cast<std::size_t>(width) * sizeof(float));
    to += width;
  }
  at::Tensor result = view(y, b.losses(), width);
  if (!pass.training) return result;
  auto node = std::make_shared<GatherNode>(pass);
  node->width = width;
  record(node, {result}, {x});
  return result;
}

}  // namespace tramontane::nodes
