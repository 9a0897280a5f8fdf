#include "tests/kernels/simd_probe.h"

#include "kernels/cpu/simd.h"

namespace tramontane::kernels::TRAM_KERNEL_ISA {
namespace {

void all_exponentials(const float* x, std::int64_t n, float* y) {
  for (std::int64_t i = 0; i < n; i += lanes)
    store_up_to(y + i, exponential(load_up_to(x + i, n - i)), n - i);
}

void all_logarithms(const float* x, std::int64_t n, float* y) {
  for (std::int64_t i = 0; i < n; i += lanes)
    store_up_to(y + i, logarithm(load_up_to(x + i, n - i)), n - i);
}

void copy(const float* x, std::int64_t n, float* y) {
  for (std::int64_t i = 0; i < n; i += lanes) store_up_to(y + i, load_up_to(x + i, n - i), n - i);
}

}  // namespace

extern const Probe probe = {all_exponentials, all_logarithms, copy};

}  // namespace tramontane::kernels::TRAM_KERNEL_ISA
