#include "tests/kernels/reference.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

namespace tramontane::reference {
namespace {

at::Tensor tensor(const Values& values, at::IntArrayRef shape) {
  at::set_num_threads(1);  // small tensors: threads cost more than they give
  return at::from_blob(const_cast<float*>(values.data()), shape, at::kFloat).to(at::kDouble);
}

at::Tensor leaf(const Values& values, at::IntArrayRef shape) {
  return tensor(values, shape).requires_grad_(true);
}

Reals reals(const at::Tensor& t) {
  if (!t.defined()) return {};
  const at::Tensor flat = t.detach().to(at::kDouble).contiguous();
  const double* data = flat.data_ptr<double>();
  return {data, data + flat.numel()};
}

}  // namespace

void set_one_thread() {
  at::set_num_threads(1);
}

Linear linear(const Values& x, const Values& w, const Values& bias, const Values& dy,
    std::int64_t rows, std::int64_t depth, std::int64_t columns) {
  const at::Tensor tx = leaf(x, {rows, depth});
  const at::Tensor tw = leaf(w, {columns, depth});
  at::Tensor y = tx.matmul(tw.t());
  at::Tensor tb;
  if (!bias.empty()) {
    tb = leaf(bias, {columns});
    y = y + tb;
  }
  y.backward(tensor(dy, {rows, columns}));
  return {reals(y), reals(tx.grad()), reals(tw.grad()), tb.defined() ? reals(tb.grad()) : Reals{}};
}

Norm rms_norm(const Values& x, const Values& w, double eps, const Values& dy, std::int64_t rows,
    std::int64_t width) {
  const at::Tensor tx = leaf(x, {rows, width});
  const at::Tensor tw = leaf(w, {width});
  const at::Tensor y = tx / (tx.square().mean(-1, true) + eps).sqrt() * tw;
  y.backward(tensor(dy, {rows, width}));
  return {reals(y), reals(tx.grad()), reals(tw.grad())};
}

Mixture mixture(const Values& logits, const Values& outs, const Values& dy, std::int64_t rows,
    std::int64_t experts, std::int64_t top, bool normalise) {
  const std::int64_t width = static_cast<std::int64_t>(dy.size()) / rows;
  const at::Tensor l = leaf(logits, {rows, experts});
  const at::Tensor o = leaf(outs, {rows, experts, width});
  const at::Tensor all = l.softmax(-1);
  auto [shares, chosen] = all.topk(top, -1);
  if (normalise) shares = shares / shares.sum(-1, true);
  const at::Tensor weights = at::zeros_like(all).scatter(1, chosen, shares);
  const at::Tensor y = (weights.unsqueeze(2) * o).sum(1);
  y.backward(tensor(dy, {rows, width}));
  return {reals(weights), reals(y), reals(l.grad()), reals(o.grad())};
}

Gated swiglu(const Values& gate_up, const Values& dout, std::int64_t rows, std::int64_t width) {
  const at::Tensor x = leaf(gate_up, {rows, 2 * width});
  const at::Tensor y = at::silu(x.narrow(1, 0, width)) * x.narrow(1, width, width);
  y.backward(tensor(dout, {rows, width}));
  return {reals(y), reals(x.grad())};
}

Reals rope(const Values& x, const std::vector<std::int32_t>& positions, std::int64_t heads,
    std::int64_t head_dim, double theta) {
  const auto rows = static_cast<std::int64_t>(positions.size());
  const at::Tensor t = tensor(x, {rows, heads, head_dim});
  const at::Tensor exponents =
      at::arange(0, head_dim, 2, at::kFloat) / static_cast<double>(head_dim);
  const at::Tensor frequencies = 1.0 / at::pow(theta, exponents);
  const at::Tensor at_positions =
      at::from_blob(const_cast<std::int32_t*>(positions.data()), {rows, 1, 1}, at::kInt)
          .to(at::kFloat);
  const at::Tensor angles = at_positions * frequencies.view({1, 1, head_dim / 2});
  const at::Tensor turn = at::polar(at::ones({1}, at::kDouble), angles.to(at::kDouble));
  const at::Tensor pairs = at::complex(t.narrow(2, 0, head_dim / 2).contiguous(),
      t.narrow(2, head_dim / 2, head_dim / 2).contiguous());
  const at::Tensor turned = pairs * turn;
  return reals(at::cat({at::real(turned), at::imag(turned)}, 2));
}

Attention attention(const Values& q, const Values& k, const Values& v, const Values& dout,
    const AttentionShape& shape) {
  const std::int64_t rows = shape.starts.back();
  const std::int64_t group = shape.heads / shape.kv_heads;
  const at::Tensor tq = leaf(q, {rows, shape.heads, shape.head_dim});
  const at::Tensor tk = leaf(k, {rows, shape.kv_heads, shape.head_dim});
  const at::Tensor tv = leaf(v, {rows, shape.kv_heads, shape.head_dim});
  std::vector<at::Tensor> outs;
  std::vector<at::Tensor> sums;
  for (std::size_t s = 0; s + 1 < shape.starts.size(); ++s) {
    const std::int64_t begin = shape.starts[s];
    const std::int64_t length = shape.starts[s + 1] - begin;
    const auto heads_first = [&](const at::Tensor& t, std::int64_t repeat) {
      return t.narrow(0, begin, length).transpose(0, 1).repeat_interleave(repeat, 0);
    };
    at::Tensor scores =
        heads_first(tq, 1).matmul(heads_first(tk, group).transpose(1, 2)) * shape.scale;
    const at::Tensor i = at::arange(length).unsqueeze(1);
    const at::Tensor j = at::arange(length).unsqueeze(0);
    at::Tensor hidden = j > i;
    if (shape.window > 0) hidden = hidden | (j <= i - shape.window);
    scores = scores.masked_fill(hidden, -std::numeric_limits<double>::infinity());
    outs.push_back(scores.softmax(-1).matmul(heads_first(tv, group)).transpose(0, 1));
    sums.push_back(scores.logsumexp(-1).transpose(0, 1));
  }
  const at::Tensor out = at::cat(outs, 0);
  out.backward(tensor(dout, {rows, shape.heads, shape.head_dim}));
  return {
      reals(out), reals(at::cat(sums, 0)), reals(tq.grad()), reals(tk.grad()), reals(tv.grad())};
}

LogProb token_log_prob(const Values& logits, const std::vector<std::int32_t>& targets,
    const Values& dlog_probs, double temperature, std::int64_t rows, std::int64_t vocabulary) {
  const at::Tensor x = leaf(logits, {rows, vocabulary});
  const at::Tensor all = (x / temperature).log_softmax(-1);
  const at::Tensor index =
      at::from_blob(const_cast<std::int32_t*>(targets.data()), {rows, 1}, at::kInt).to(at::kLong);
  const at::Tensor chosen = all.gather(1, index).squeeze(1);
  const at::Tensor entropy = -(all.exp() * all).nan_to_num(0.0).sum(-1);
  chosen.backward(tensor(dlog_probs, {rows}));
  return {reals(chosen), reals(entropy), reals(x.grad())};
}

}  // namespace tramontane::reference
