// Mixture of experts: the choice of experts, and the sum of what they gave. Everything is per row:
// which rows share an expert is the caller's affair and changes no result.

#include "kernels/cpu/kernels.h"

namespace tramontane::kernels::TRAM_KERNEL_ISA {
namespace {

// What a logit is compared by: one that is not a number is never preferred.
TRAM_INLINE float key(float logit) {
  return logit == logit ? logit : -__builtin_inff();
}

// The `top` largest logits' ids into `ids`, in rising order; among equals the lower ids.
void choose(const float* logits, std::int64_t experts, std::int64_t top, std::int32_t* ids) {
  // First by falling logit: a new one passes only those that are strictly smaller.
  std::int64_t count = 0;
  for (std::int64_t e = 0; e < experts; ++e) {
    const float own = key(logits[e]);
    if (count == top && !(own > key(logits[ids[top - 1]]))) continue;
    std::int64_t at = count < top ? count++ : top - 1;
    for (; at > 0 && own > key(logits[ids[at - 1]]); --at) ids[at] = ids[at - 1];
    ids[at] = static_cast<std::int32_t>(e);
  }
  for (std::int64_t i = 1; i < top; ++i) {
    const std::int32_t id = ids[i];
    std::int64_t at = i;
    for (; at > 0 && ids[at - 1] > id; --at) ids[at] = ids[at - 1];
    ids[at] = id;
  }
}

TRAM_INLINE float scalar_exponential(float x) {
  return exponential(splat(x))[0];
}

float largest_of(const float* logits, std::int64_t experts) {
  float result = logits[0];
  for (std::int64_t e = 1; e < experts; ++e) result = logits[e] > result ? logits[e] : result;
  return result;
}

// Sum of e^(logit - largest) over all experts, in vectors.
float total_of(const float* logits, std::int64_t experts, float largest) {
  Floats sums = {};
  for (std::int64_t e = 0; e < experts; e += lanes) {
    const std::int64_t left = experts - e;
    const Floats v = exponential(load_up_to(logits + e, left) - largest);
    sums += left < lanes ? (iota() < static_cast<std::int32_t>(left) ? v : Floats{}) : v;
  }
  return sum(sums);
}

}  // namespace

void route(const float* logits, std::int64_t rows, std::int64_t experts, std::int64_t top,
    bool normalise, std::int32_t* chosen, float* weights) {
  for (std::int64_t row = 0; row < rows; ++row) {
    const float* from = logits + row * experts;
    std::int32_t* ids = chosen + row * top;
    float* to = weights + row * top;
    choose(from, experts, top, ids);
    const float largest = largest_of(from, experts);
    float total = 0;
    for (std::int64_t i = 0; i < top; ++i) {
      to[i] = scalar_exponential(from[ids[i]] - largest);
      total += to[i];
    }
    // One that is not a number spoils the row either way: the whole softmax is not a number.
    const float all = total_of(from, experts, largest);
    if (!normalise || all != all) total = all;
    for (std::int64_t i = 0; i < top; ++i) to[i] /= total;
  }
}

void route_backward(const float* dweights, const float* logits, const std::int32_t* chosen,
    const float* weights, std::int64_t rows, std::int64_t experts, std::int64_t top, bool normalise,
    float* dlogits) {
  for (std::int64_t row = 0; row < rows; ++row) {
    const float* from = logits + row * experts;
    const std::int32_t* ids = chosen + row * top;
    const float* w = weights + row * top;
    const float* dw = dweights + row * top;
    float* to = dlogits + row * experts;
    float mean = 0;
    for (std::int64_t i = 0; i < top; ++i) mean += w[i] * dw[i];
    // dp_i/dl_j = p_i (1[i = j] - p_j). Renormalised, those not chosen cancel.
    const float largest = largest_of(from, experts);
    const float scale = normalise ? 0.0F : -mean / total_of(from, experts, largest);
    for (std::int64_t e = 0; e < experts; ++e)
      to[e] = normalise ? 0.0F : scalar_exponential(from[e] - largest) * scale;
    for (std::int64_t i = 0; i < top; ++i) to[ids[i]] = w[i] * (dw[i] - mean);
  }
}

void combine(const float* outs, const float* weights, const std::int32_t* places, std::int64_t rows,
    std::int64_t top, std::int64_t width, float* y) {
  for (std::int64_t row = 0; row < rows; ++row) {
    float* to = y + row * width;
    for (std::int64_t i = 0; i < width; i += lanes) {
      const std::int64_t left = smaller(lanes, width - i);
      Floats total = load_up_to(to + i, left);
      for (std::int64_t k = row * top; k < (row + 1) * top; ++k) {
        const Floats weight = splat(weights ? weights[k] : 1.0F);
        total = fma(load_up_to(outs + places[k] * width + i, left), weight, total);
      }
      store_up_to(to + i, total, left);
    }
  }
}

void combine_backward(const float* dy, const float* outs, const float* weights,
    const std::int32_t* places, std::int64_t rows, std::int64_t top, std::int64_t width,
    float* douts, float* dweights) {
  for (std::int64_t row = 0; row < rows; ++row) {
    const float* gradient = dy + row * width;
    for (std::int64_t k = row * top; k < (row + 1) * top; ++k) {
      const float* from = outs + places[k] * width;
      float* to = douts + places[k] * width;
      Floats products = {};
      for (std::int64_t i = 0; i < width; i += lanes) {
        const std::int64_t left = smaller(lanes, width - i);
        const Floats d = load_up_to(gradient + i, left);
        products = fma(d, load_up_to(from + i, left), products);
        store_up_to(to + i, d * weights[k], left);
      }
      dweights[k] = sum(products);
    }
  }
}

}  // namespace tramontane::kernels::TRAM_KERNEL_ISA
