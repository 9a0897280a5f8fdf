// The optimizer's two passes over all parameters.

#include "kernels/cpu/kernels.h"

namespace tramontane::kernels::TRAM_KERNEL_ISA {

double norm(const float* x, std::int64_t n) {
  // Sixteen partial sums by index modulo 16, whatever the width of a vector.
  double sums[16] = {};
  std::int64_t i = 0;
  for (; i + 16 <= n; i += 16) {
    for (int j = 0; j < 16; ++j) sums[j] += static_cast<double>(x[i + j]) * x[i + j];
  }
  for (int j = 0; i + j < n; ++j) sums[j] += static_cast<double>(x[i + j]) * x[i + j];
  double total = 0;
  for (double part : sums) total += part;
  return __builtin_sqrt(total);
}

void adamw(const AdamW& options, float* parameters, const float* gradients, float* mean,
    float* square, std::int64_t n) {
  const double steps = static_cast<double>(options.step);
  const double mean_bias = 1 - __builtin_pow(options.beta1, steps);
  const double square_bias = 1 - __builtin_pow(options.beta2, steps);
  const Floats scale = splat(options.gradient_scale);
  const Floats beta1 = splat(options.beta1);
  const Floats beta2 = splat(options.beta2);
  const Floats rest1 = splat(static_cast<float>(1 - static_cast<double>(options.beta1)));
  const Floats rest2 = splat(static_cast<float>(1 - static_cast<double>(options.beta2)));
  const Floats decay = splat(
      static_cast<float>(1 - static_cast<double>(options.learning_rate) * options.weight_decay));
  const Floats step = splat(static_cast<float>(-options.learning_rate / mean_bias));
  const Floats root = splat(static_cast<float>(1 / __builtin_sqrt(square_bias)));
  const Floats eps = splat(options.eps);
  for (std::int64_t i = 0; i < n; i += lanes) {
    const std::int64_t left = n - i;
    const Floats g = load_up_to(gradients + i, left) * scale;
    const Floats m = fma(load_up_to(mean + i, left), beta1, g * rest1);
    const Floats s = fma(load_up_to(square + i, left), beta2, g * g * rest2);
    const Floats p = load_up_to(parameters + i, left) * decay;
    const Floats denominator = fma(square_root(s), root, eps);
    store_up_to(mean + i, m, left);
    store_up_to(square + i, s, left);
    store_up_to(parameters + i, fma(step, m / denominator, p), left);
  }
}

}  // namespace tramontane::kernels::TRAM_KERNEL_ISA
