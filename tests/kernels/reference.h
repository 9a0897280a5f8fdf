#pragma once
// The kernels' operations as ATen computes them in double precision, gradients by autograd. One
// translation unit includes ATen; the tests see plain vectors.

#include <cstdint>
#include <vector>

namespace tramontane::reference {

using Reals = std::vector<double>;
using Values = std::vector<float>;

struct Linear {
  Reals y, dx, dw, db;
};

// x (rows, depth), w (columns, depth), bias (columns) or empty, dy (rows, columns).
Linear linear(const Values& x, const Values& w, const Values& bias, const Values& dy,
    std::int64_t rows, std::int64_t depth, std::int64_t columns);

struct Norm {
  Reals y, dx, dw;
};

Norm rms_norm(const Values& x, const Values& w, double eps, const Values& dy, std::int64_t rows,
    std::int64_t width);

struct Gated {
  Reals y, dx;
};

Gated swiglu(const Values& gate_up, const Values& dout, std::int64_t rows, std::int64_t width);

// x (rows, heads, head_dim), rotated by the formula with complex numbers of the paper, in the
// order of dimensions that Llama uses; angles in float32, as published models are trained with.
Reals rope(const Values& x, const std::vector<std::int32_t>& positions, std::int64_t heads,
    std::int64_t head_dim, double theta);

struct Mixture {
  Reals weights, y, dlogits, douts;  // weights (rows, experts), 0 where not chosen
};

// y (rows, width) = sum of weight * out over the `top` experts of each row; outs (rows, experts,
// width), dy (rows, width).
Mixture mixture(const Values& logits, const Values& outs, const Values& dy, std::int64_t rows,
    std::int64_t experts, std::int64_t top, bool normalise);

struct AttentionShape {
  std::vector<std::int64_t> starts;
  std::int64_t heads = 0;
  std::int64_t kv_heads = 0;
  std::int64_t head_dim = 0;
  double scale = 1;
  std::int64_t window = 0;
};

struct Attention {
  Reals out, log_sum, dq, dk, dv;
};

// q (rows, heads, head_dim), k and v (rows, kv_heads, head_dim).
Attention attention(const Values& q, const Values& k, const Values& v, const Values& dout,
    const AttentionShape& shape);

struct LogProb {
  Reals log_probs, entropy, dlogits;
};

LogProb token_log_prob(const Values& logits, const std::vector<std::int32_t>& targets,
    const Values& dlog_probs, double temperature, std::int64_t rows, std::int64_t vocabulary);

}  // namespace tramontane::reference
