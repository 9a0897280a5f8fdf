#pragma once
// Scalar arithmetic of the bodies: e^x and ln x by the polynomials of the CPU's kernels
// (kernels/cpu/simd.h), and Philox as in runtime/base/random.h.

#include "kernels/cuda/rows/block.h"

namespace tramontane::kernels::cuda {

constexpr float infinity = __builtin_inff();

TRAM_BODY bool is_nan(float x) {
  return x != x;
}

TRAM_BODY float fused(float a, float b, float c) {
  return __builtin_fmaf(a, b, c);
}

// e^x within 2 ulp; 0 below -87.3, infinity above 88.8; NaN stays. The polynomial is that of
// Cephes' expf (Moshier 1992), on [-ln 2 / 2, ln 2 / 2].
TRAM_BODY float exponential(float x) {
  float inside = x < -87.3F ? -87.3F : x;
  inside = inside > 88.8F ? 88.8F : inside;
  constexpr float magic = 12582912.0F;  // 1.5 * 2^23 pushes a whole number into the low bits
  const float shifted = fused(inside, 1.44269504088896341F, magic);
  const float n = shifted - magic;
  float r = fused(n, -0.693359375F, inside);
  r = fused(n, 2.12194440e-4F, r);
  float p = 1.9875691500e-4F;
  p = fused(p, r, 1.3981999507e-3F);
  p = fused(p, r, 8.3334519073e-3F);
  p = fused(p, r, 4.1665795894e-2F);
  p = fused(p, r, 1.6666665459e-1F);
  p = fused(p, r, 5.0000001201e-1F);
  p = fused(p, r * r, r) + 1.0F;
  // Two factors keep both exponents in range.
  const std::int32_t whole =
      __builtin_bit_cast(std::int32_t, shifted) - __builtin_bit_cast(std::int32_t, magic);
  const std::int32_t half = whole >> 1;
  const auto first = __builtin_bit_cast(float, static_cast<std::uint32_t>(half + 127) << 23);
  const auto second =
      __builtin_bit_cast(float, static_cast<std::uint32_t>(whole - half + 127) << 23);
  if (is_nan(x)) return x;
  return x < -87.3F ? 0.0F : p * first * second;
}

// ln x within 2 ulp (or 1e-7 near 1) for normal positive x. The polynomial is that of Cephes'
// logf, on [sqrt(1/2) - 1, sqrt(2) - 1].
TRAM_BODY float logarithm(float x) {
  const auto bits = __builtin_bit_cast(std::int32_t, x);
  const std::int32_t exponent = (bits - 0x3f3504f3) >> 23;
  const auto mantissa = __builtin_bit_cast(float, bits - exponent * (1 << 23));
  const float n = static_cast<float>(exponent);
  const float r = mantissa - 1.0F;
  float p = 7.0376836292e-2F;
  p = fused(p, r, -1.1514610310e-1F);
  p = fused(p, r, 1.1676998740e-1F);
  p = fused(p, r, -1.2420140846e-1F);
  p = fused(p, r, 1.4249322787e-1F);
  p = fused(p, r, -1.6668057665e-1F);
  p = fused(p, r, 2.0000714765e-1F);
  p = fused(p, r, -2.4999993993e-1F);
  p = fused(p, r, 3.3333331174e-1F);
  const float square = r * r;
  float low = fused(p * r, square, n * -2.12194440e-4F);
  low = fused(square, -0.5F, low);
  return x < infinity ? fused(n, 0.693359375F, r + low) : x;
}

TRAM_BODY float sigmoid(float x) {
  return 1.0F / (1.0F + exponential(-x));
}

TRAM_BODY std::uint32_t high_product(std::uint32_t a, std::uint32_t b) {
  return static_cast<std::uint32_t>(static_cast<std::uint64_t>(a) * b >> 32);
}

// The first word of Philox4x32-10 (Salmon et al., SC'11) at lane 0, as a float in [0, 1): the
// `uniform` of runtime/base/random.h.
TRAM_BODY float uniform_draw(std::uint64_t seed, std::uint64_t stream, std::uint32_t position) {
  std::uint32_t c[4] = {
      position, 0, static_cast<std::uint32_t>(stream), static_cast<std::uint32_t>(stream >> 32)};
  auto k0 = static_cast<std::uint32_t>(seed);
  auto k1 = static_cast<std::uint32_t>(seed >> 32);
  for (int round = 0; round < 10; ++round) {
    const std::uint32_t c0 = high_product(0xCD9E8D57U, c[2]) ^ c[1] ^ k0;
    const std::uint32_t c1 = 0xCD9E8D57U * c[2];
    const std::uint32_t c2 = high_product(0xD2511F53U, c[0]) ^ c[3] ^ k1;
    const std::uint32_t c3 = 0xD2511F53U * c[0];
    c[0] = c0, c[1] = c1, c[2] = c2, c[3] = c3;
    k0 += 0x9E3779B9U;
    k1 += 0xBB67AE85U;
  }
  return static_cast<float>(c[0] >> 8) * 0x1.0p-24F;
}

}  // namespace tramontane::kernels::cuda
