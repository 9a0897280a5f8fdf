#pragma once
// The ops of ops.h that are worth several threads, by a Team. Each is split between output
// elements, never within the sum of one: results are those of the op itself, bit for bit, by any
// number of threads.

#include "kernels/ops.h"
#include "runtime/base/team.h"

#include <cstdint>

namespace tramontane::kernels {

void multiply(Team& team, const Multiply& m);
void multiply_weight_gradient(Team& team, const float* dy, const float* x, std::int64_t rows,
    std::int64_t n, std::int64_t k, float* dw);
void swiglu(Team& team, const float* gate_up, std::int64_t rows, std::int64_t width, float* out);
void swiglu_backward(Team& team, const float* dout, const float* gate_up, std::int64_t rows,
    std::int64_t width, float* dgate_up);
void attend(Team& team, const Attention& a, const KvLayer& kv);
void attend_backward(Team& team, const AttentionBackward& a);
void token_log_prob(Team& team, const float* logits, std::int64_t rows, std::int64_t vocabulary,
    const std::int32_t* targets, float temperature, float* log_probs, float* entropy);
void token_log_prob_backward(Team& team, const float* dlog_probs, const float* logits,
    std::int64_t rows, std::int64_t vocabulary, const std::int32_t* targets, float temperature,
    float* dlogits);
void adamw(Team& team, const AdamW& options, float* parameters, const float* gradients, float* mean,
    float* square, std::int64_t n);

}  // namespace tramontane::kernels
