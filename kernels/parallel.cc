#include "kernels/parallel.h"

#include <algorithm>

namespace tramontane::kernels {
namespace {

constexpr std::int64_t panel_columns = 16;
constexpr std::int64_t attention_rows = 8;  // taken at a time: later rows cost more

}  // namespace

void multiply(Team& team, const Multiply& m) {
  if (team.threads() == 1) return multiply(m);
  // By columns, so that each thread reads a part of the matrix; by rows where those are few.
  if (m.w->columns() >= 2 * panel_columns * team.threads()) {
    team.split(m.w->columns(), panel_columns, [&](std::int64_t begin, std::int64_t end) {
      Multiply part = m;
      part.column_begin = begin;
      part.column_end = end;
      multiply(part);
    });
    return;
  }
  team.split(m.rows, panel_columns, [&](std::int64_t begin, std::int64_t end) {
    Multiply part = m;
    part.x += begin * m.x_stride;
    part.y += begin * m.y_stride;
    part.rows = end - begin;
    multiply(part);
  });
}

void multiply_weight_gradient(Team& team, const float* dy, const float* x, std::int64_t rows,
    std::int64_t n, std::int64_t k, float* dw) {
  team.split(n, panel_columns, [&](std::int64_t begin, std::int64_t end) {
    multiply_weight_gradient(dy, x, rows, n, k, dw, begin, end);
  });
}

void swiglu(Team& team, const float* gate_up, std::int64_t rows, std::int64_t width, float* out) {
  team.split(rows, attention_rows, [&](std::int64_t begin, std::int64_t end) {
    swiglu(gate_up + begin * 2 * width, end - begin, width, out + begin * width);
  });
}

void swiglu_backward(Team& team, const float* dout, const float* gate_up, std::int64_t rows,
    std::int64_t width, float* dgate_up) {
  team.split(rows, attention_rows, [&](std::int64_t begin, std::int64_t end) {
    swiglu_backward(dout + begin * width, gate_up + begin * 2 * width, end - begin, width,
        dgate_up + begin * 2 * width);
  });
}

void attend(Team& team, const Attention& a, const KvLayer& kv) {
  if (team.threads() == 1) return attend(a, kv);
  const auto rows = static_cast<std::int64_t>(a.rows.size());
  team.each((rows + attention_rows - 1) / attention_rows, [&](std::int64_t i) {
    const std::int64_t begin = i * attention_rows;
    Attention part = a;
    part.q += begin * a.q_stride;
    part.rows = a.rows.subspan(static_cast<std::size_t>(begin),
        static_cast<std::size_t>(std::min(attention_rows, rows - begin)));
    part.out += begin * a.heads * kv.head_dim;
    if (part.log_sum != nullptr) part.log_sum += begin * a.heads;
    attend(part, kv);
  });
}

// Sequences write nothing in common.
void attend_backward(Team& team, const AttentionBackward& a) {
  if (team.threads() == 1) return attend_backward(a);
  const auto sequences = static_cast<std::int64_t>(a.starts.size()) - 1;
  team.each(sequences, [&](std::int64_t i) {
    AttentionBackward part = a;
    part.starts = a.starts.subspan(static_cast<std::size_t>(i), 2);
    attend_backward(part);
  });
}

void token_log_prob(Team& team, const float* logits, std::int64_t rows, std::int64_t vocabulary,
    const std::int32_t* targets, float temperature, float* log_probs, float* entropy) {
  team.split(rows, 1, [&](std::int64_t begin, std::int64_t end) {
    token_log_prob(logits + begin * vocabulary, end - begin, vocabulary, targets + begin,
        temperature, log_probs + begin, entropy == nullptr ? nullptr : entropy + begin);
  });
}

void token_log_prob_backward(Team& team, const float* dlog_probs, const float* logits,
    std::int64_t rows, std::int64_t vocabulary, const std::int32_t* targets, float temperature,
    float* dlogits) {
  team.split(rows, 1, [&](std::int64_t begin, std::int64_t end) {
    token_log_prob_backward(dlog_probs + begin, logits + begin * vocabulary, end - begin,
        vocabulary, targets + begin, temperature, dlogits + begin * vocabulary);
  });
}

void adamw(Team& team, const AdamW& options, float* parameters, const float* gradients, float* mean,
    float* square, std::int64_t n) {
  constexpr std::int64_t grain = 4096;
  team.split(n, grain, [&](std::int64_t begin, std::int64_t end) {
    adamw(
        options, parameters + begin, gradients + begin, mean + begin, square + begin, end - begin);
  });
}

}  // namespace tramontane::kernels
