#pragma once
// Vectors of floats for the kernels, on GCC's vector extensions. Every kernel source is compiled
// once per instruction set (see kernels/meson.build), each time into its own namespace and with its
// own width: 16 lanes with AVX-512, 8 with AVX2, else 4 (SSE2, NEON, plain code).
//
// A kernel source must not call inline functions of the standard library or of shared headers:
// the linker keeps one copy of such a function, and it could be the one built for AVX-512.
//
// Contraction is off: fma() is the only fused multiply-add, so that each lane's arithmetic is what
// the source says, wherever the compiler places it.

#include <cstdint>

#if defined(__SSE2__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#ifndef TRAM_KERNEL_ISA
#define TRAM_KERNEL_ISA portable
#endif

#define TRAM_INLINE [[gnu::always_inline]] static inline

// Keeps a loop's pointer in one register and its neighbours as displacements from it, where the
// compiler would rather step a pointer for each.
#define TRAM_PIN(pointer) asm("" : "+r"(pointer))

namespace tramontane::kernels::TRAM_KERNEL_ISA {

#if defined(__AVX512F__)
inline constexpr int lanes = 16;
#elif defined(__AVX2__) && defined(__FMA__)
inline constexpr int lanes = 8;
#else
inline constexpr int lanes = 4;
#endif

using Floats = float __attribute__((vector_size(4 * lanes)));
using Ints = std::int32_t __attribute__((vector_size(4 * lanes)));
using LooseFloats = float __attribute__((vector_size(4 * lanes), aligned(4), may_alias));

// Panels of PackedMatrix and cache blocks are 16 wide: this many vectors.
inline constexpr int slices = 16 / lanes;

TRAM_INLINE std::int64_t smaller(std::int64_t a, std::int64_t b) {
  return a < b ? a : b;
}

TRAM_INLINE std::int64_t larger(std::int64_t a, std::int64_t b) {
  return a > b ? a : b;
}

TRAM_INLINE Floats load(const float* p) {
  return *reinterpret_cast<const LooseFloats*>(p);
}

TRAM_INLINE void store(float* p, Floats v) {
  *reinterpret_cast<LooseFloats*>(p) = v;
}

TRAM_INLINE Floats splat(float x) {
#if defined(__AVX512F__)
  return reinterpret_cast<Floats>(_mm512_set1_ps(x));
#elif defined(__AVX2__) && defined(__FMA__)
  return reinterpret_cast<Floats>(_mm256_set1_ps(x));
#else
  return Floats{x, x, x, x};
#endif
}

TRAM_INLINE Ints as_ints(Floats v) {
  return reinterpret_cast<Ints>(v);
}

TRAM_INLINE Floats as_floats(Ints v) {
  return reinterpret_cast<Floats>(v);
}

TRAM_INLINE Ints iota() {
  Ints v;
  for (int i = 0; i < lanes; ++i) v[i] = i;
  return v;
}

// The first n of `lanes` floats, the others zero; nothing past them is read.
TRAM_INLINE Floats load_first(const float* p, std::int64_t n) {
#if defined(__AVX512F__)
  return reinterpret_cast<Floats>(_mm512_maskz_loadu_ps(static_cast<__mmask16>((1U << n) - 1U), p));
#elif defined(__AVX2__)
  Ints mask = iota() < static_cast<std::int32_t>(n);
  return reinterpret_cast<Floats>(_mm256_maskload_ps(p, reinterpret_cast<__m256i>(mask)));
#else
  Floats v = {};
  for (int i = 0; i < lanes; ++i) {
    if (i < n) v[i] = p[i];
  }
  return v;
#endif
}

TRAM_INLINE void store_first(float* p, Floats v, std::int64_t n) {
#if defined(__AVX512F__)
  _mm512_mask_storeu_ps(p, static_cast<__mmask16>((1U << n) - 1U), reinterpret_cast<__m512>(v));
#elif defined(__AVX2__)
  Ints mask = iota() < static_cast<std::int32_t>(n);
  _mm256_maskstore_ps(p, reinterpret_cast<__m256i>(mask), reinterpret_cast<__m256>(v));
#else
  for (int i = 0; i < lanes; ++i) {
    if (i < n) p[i] = v[i];
  }
#endif
}

// Either whole (left >= lanes) or the first `left`.
TRAM_INLINE Floats load_up_to(const float* p, std::int64_t left) {
  return left >= lanes ? load(p) : load_first(p, left);
}

TRAM_INLINE void store_up_to(float* p, Floats v, std::int64_t left) {
  if (left >= lanes) {
    store(p, v);
  } else {
    store_first(p, v, left);
  }
}

// a * b + c: fused where the instruction set has it, else rounded twice.
TRAM_INLINE Floats fma(Floats a, Floats b, Floats c) {
#if defined(__AVX512F__)
  return reinterpret_cast<Floats>(_mm512_fmadd_ps(
      reinterpret_cast<__m512>(a), reinterpret_cast<__m512>(b), reinterpret_cast<__m512>(c)));
#elif defined(__AVX2__) && defined(__FMA__)
  return reinterpret_cast<Floats>(_mm256_fmadd_ps(
      reinterpret_cast<__m256>(a), reinterpret_cast<__m256>(b), reinterpret_cast<__m256>(c)));
#elif defined(__aarch64__)
  return reinterpret_cast<Floats>(vfmaq_f32(reinterpret_cast<float32x4_t>(c),
      reinterpret_cast<float32x4_t>(a), reinterpret_cast<float32x4_t>(b)));
#else
  return a * b + c;
#endif
}

TRAM_INLINE Floats square_root(Floats v) {
#if defined(__AVX512F__)
  return reinterpret_cast<Floats>(_mm512_sqrt_ps(reinterpret_cast<__m512>(v)));
#elif defined(__AVX2__)
  return reinterpret_cast<Floats>(_mm256_sqrt_ps(reinterpret_cast<__m256>(v)));
#elif defined(__SSE2__)
  return reinterpret_cast<Floats>(_mm_sqrt_ps(reinterpret_cast<__m128>(v)));
#else
  for (int i = 0; i < lanes; ++i) v[i] = __builtin_sqrtf(v[i]);
  return v;
#endif
}

// Lane by lane; b where either is not a number.
TRAM_INLINE Floats maximum(Floats a, Floats b) {
  return a > b ? a : b;
}

TRAM_INLINE Floats swap_halves(Floats v) {
#if defined(__AVX512F__)
  return __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7);
#elif defined(__AVX2__) && defined(__FMA__)
  return __builtin_shufflevector(v, v, 4, 5, 6, 7, 0, 1, 2, 3);
#else
  return __builtin_shufflevector(v, v, 2, 3, 0, 1);
#endif
}

// The sum of all lanes, halves folded onto each other.
TRAM_INLINE float sum(Floats v) {
  v += swap_halves(v);
#if defined(__AVX512F__)
  v += __builtin_shufflevector(v, v, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11);
  v += __builtin_shufflevector(v, v, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13);
#elif defined(__AVX2__) && defined(__FMA__)
  v += __builtin_shufflevector(v, v, 2, 3, 0, 1, 6, 7, 4, 5);
#endif
  return v[0] + v[1];
}

// The largest lane; any lane that is not a number leaves the result unspecified.
TRAM_INLINE float largest(Floats v) {
  v = maximum(v, swap_halves(v));
#if defined(__AVX512F__)
  v = maximum(
      v, __builtin_shufflevector(v, v, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11));
  v = maximum(
      v, __builtin_shufflevector(v, v, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13));
#elif defined(__AVX2__) && defined(__FMA__)
  v = maximum(v, __builtin_shufflevector(v, v, 2, 3, 0, 1, 6, 7, 4, 5));
#endif
  return v[0] > v[1] ? v[0] : v[1];
}

// v * 2^n for v in [0.5, 2] and whole n in [-126, 128] held in a float, where that is no subnormal.
TRAM_INLINE Floats times_power_of_two(Floats v, Floats n) {
#if defined(__AVX512F__)
  return reinterpret_cast<Floats>(
      _mm512_scalef_ps(reinterpret_cast<__m512>(v), reinterpret_cast<__m512>(n)));
#else
  // 1.5 * 2^23 pushes a whole number into the low bits. Two factors keep both exponents in range.
  const Floats magic = splat(12582912.0F);
  Ints whole = as_ints(n + magic) - as_ints(magic);
  Ints half = whole >> 1;
  Floats first = as_floats((half + 127) << 23);
  Floats second = as_floats((whole - half + 127) << 23);
  return v * first * second;
#endif
}

// e^x within 2 ulp (1 ulp with fused multiply-add); 0 below -87.3, where the result would be
// subnormal (and cost a hundred times as much); infinity above 88.8; NaN stays.
// The polynomial is that of Cephes' expf (Moshier 1992), on [-ln 2 / 2, ln 2 / 2].
TRAM_INLINE Floats exponential(Floats x) {
  const Floats lowest = splat(-87.3F);
  const Floats highest = splat(88.8F);
  Floats inside = x < lowest ? lowest : x;
  inside = inside > highest ? highest : inside;
  const Floats magic = splat(12582912.0F);
  Floats n = fma(inside, splat(1.44269504088896341F), magic) - magic;
  Floats r = fma(n, splat(-0.693359375F), inside);
  r = fma(n, splat(2.12194440e-4F), r);
  Floats p = splat(1.9875691500e-4F);
  p = fma(p, r, splat(1.3981999507e-3F));
  p = fma(p, r, splat(8.3334519073e-3F));
  p = fma(p, r, splat(4.1665795894e-2F));
  p = fma(p, r, splat(1.6666665459e-1F));
  p = fma(p, r, splat(5.0000001201e-1F));
  p = fma(p, r * r, r) + 1.0F;
  Floats result = times_power_of_two(p, n);
  return x < lowest ? Floats{} : result;
}

// ln x within 2 ulp (or 1e-7 near 1) for normal positive x, infinity and NaN. The polynomial is
// that of Cephes' logf, on [sqrt(1/2) - 1, sqrt(2) - 1].
TRAM_INLINE Floats logarithm(Floats x) {
  Ints bits = as_ints(x);
  // The exponent that puts the mantissa into [sqrt(1/2), sqrt(2)).
  Ints exponent = (bits - 0x3f3504f3) >> 23;
  Floats mantissa = as_floats(bits - (exponent << 23));
  Floats n = __builtin_convertvector(exponent, Floats);
  Floats r = mantissa - 1.0F;
  Floats p = splat(7.0376836292e-2F);
  p = fma(p, r, splat(-1.1514610310e-1F));
  p = fma(p, r, splat(1.1676998740e-1F));
  p = fma(p, r, splat(-1.2420140846e-1F));
  p = fma(p, r, splat(1.4249322787e-1F));
  p = fma(p, r, splat(-1.6668057665e-1F));
  p = fma(p, r, splat(2.0000714765e-1F));
  p = fma(p, r, splat(-2.4999993993e-1F));
  p = fma(p, r, splat(3.3333331174e-1F));
  Floats square = r * r;
  Floats low = fma(p * r, square, n * -2.12194440e-4F);
  low = fma(square, splat(-0.5F), low);
  Floats result = fma(n, splat(0.693359375F), r + low);
  return x < __builtin_inff() ? result : x;
}

TRAM_INLINE float logarithm(float x) {
  return logarithm(splat(x))[0];
}

// 1 / (1 + e^-x)
TRAM_INLINE Floats sigmoid(Floats x) {
  return 1.0F / (1.0F + exponential(-x));
}

}  // namespace tramontane::kernels::TRAM_KERNEL_ISA
