#pragma once
// One instruction set's implementation of ops.h: a table of functions, chosen once per process by
// kernels/ops.cc. The arguments are those of ops.h, with the inline accessors already called (see
// simd.h for why).

#include "kernels/ops.h"

#include <cstdint>

namespace tramontane::kernels {

struct MultiplyArguments {
  const float* x;
  std::int64_t x_stride;
  std::int64_t rows;
  const float* panels;  // (panel, depth, 16); of bfloat16: (panel, depth / 2, 16, 2)
  std::int64_t depth;
  std::int64_t columns;
  const float* bias;
  float* y;
  std::int64_t y_stride;
  bool accumulate;
};

struct Table {
  void (*multiply)(const MultiplyArguments& m);
  void (*multiply_bfloat16)(const MultiplyArguments& m);
  void (*multiply_weight_gradient)(const float* dy, const float* x, std::int64_t rows,
      std::int64_t n, std::int64_t k, float* dw, std::int64_t begin, std::int64_t end);
  void (*sum_rows)(const float* dy, std::int64_t rows, std::int64_t n, float* db);
  void (*rms_norm)(const float* x, const float* weight, float eps, std::int64_t rows,
      std::int64_t width, float* y, float* rstd);
  void (*rms_norm_backward)(const float* dy, const float* x, const float* weight, const float* rstd,
      std::int64_t rows, std::int64_t width, float* dx, float* dweight);
  void (*add)(const float* x, const float* z, std::int64_t n, float* y);
  void (*rope)(float* x, std::int64_t stride, const std::int32_t* positions, std::int64_t rows,
      std::int64_t heads, std::int64_t head_dim, const float* angles, bool inverse);
  void (*swiglu)(const float* gate_up, std::int64_t rows, std::int64_t width, float* out);
  void (*swiglu_backward)(const float* dout, const float* gate_up, std::int64_t rows,
      std::int64_t width, float* dgate_up);
  void (*route)(const float* logits, std::int64_t rows, std::int64_t experts, std::int64_t top,
      bool normalise, std::int32_t* chosen, float* weights);
  void (*route_backward)(const float* dweights, const float* logits, const std::int32_t* chosen,
      const float* weights, std::int64_t rows, std::int64_t experts, std::int64_t top,
      bool normalise, float* dlogits);
  void (*combine)(const float* outs, const float* weights, const std::int32_t* places,
      std::int64_t rows, std::int64_t top, std::int64_t width, float* y);
  void (*combine_backward)(const float* dy, const float* outs, const float* weights,
      const std::int32_t* places, std::int64_t rows, std::int64_t top, std::int64_t width,
      float* douts, float* dweights);
  void (*attend)(const Attention& a, const KvRow* rows, std::int64_t row_count, const KvLayer& kv);
  // starts has sequences + 1 entries.
  void (*attend_backward)(
      const AttentionBackward& a, const std::int64_t* starts, std::int64_t sequences);
  Sampled (*sample)(const float* logits, std::int64_t vocabulary, Sampling sampling, float u);
  void (*token_log_prob)(const float* logits, std::int64_t rows, std::int64_t vocabulary,
      const std::int32_t* targets, float temperature, float* log_probs, float* entropy);
  void (*token_log_prob_backward)(const float* dlog_probs, const float* logits, std::int64_t rows,
      std::int64_t vocabulary, const std::int32_t* targets, float temperature, float* dlogits);
  double (*norm)(const float* x, std::int64_t n);
  void (*adamw)(const AdamW& options, float* parameters, const float* gradients, float* mean,
      float* square, std::int64_t n);
};

namespace portable {
extern const Table table;
}

namespace avx2 {
extern const Table table;
}

namespace avx512 {
extern const Table table;
}

}  // namespace tramontane::kernels
