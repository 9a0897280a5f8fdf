#pragma once
// The elementwise functions of kernels/cpu/simd.h, built for each instruction set, so that a test
// can measure their error.

#include <cstdint>

namespace tramontane::kernels {

using Elementwise = void (*)(const float* x, std::int64_t n, float* y);

struct Probe {
  Elementwise exponential;
  Elementwise logarithm;
  Elementwise load_store;  // whole and partial vectors
};

namespace portable {
extern const Probe probe;
}

namespace avx2 {
extern const Probe probe;
}

namespace avx512 {
extern const Probe probe;
}

}  // namespace tramontane::kernels
