#pragma once
// Bfloat16 is the upper half of a float32: what weights and activations are kept as on a device.
// Host and device code read it alike; to_bfloat16 rounds to nearest, ties to even, and keeps NaN.

#include <cstdint>

#ifdef __CUDACC__
#define TRAM_BOTH __host__ __device__ __forceinline__
#else
#define TRAM_BOTH inline
#endif

namespace tramontane::kernels::cuda {

struct Bfloat16 {
  std::uint16_t bits;
};

// What one thread loads or stores at once: 16 bytes, aligned.
struct alignas(16) Bfloat16x8 {
  Bfloat16 at[8];
};

TRAM_BOTH float to_float(Bfloat16 value) {
  return __builtin_bit_cast(float, static_cast<std::uint32_t>(value.bits) << 16);
}

TRAM_BOTH Bfloat16 to_bfloat16(float value) {
  auto bits = __builtin_bit_cast(std::uint32_t, value);
  if ((bits & 0x7fffffffU) > 0x7f800000U) return {0x7fff};
  return {static_cast<std::uint16_t>((bits + 0x7fffU + (bits >> 16 & 1U)) >> 16)};
}

}  // namespace tramontane::kernels::cuda

#undef TRAM_BOTH
