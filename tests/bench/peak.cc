#include "tests/bench/peak.h"

#include "kernels/cpu/simd.h"

namespace tramontane::kernels::TRAM_KERNEL_ISA {
namespace {

double run(long turns) {
  constexpr int chains = 12;
  Floats sums[chains];
  for (int c = 0; c < chains; ++c) sums[c] = splat(static_cast<float>(c));
  Floats factor = splat(0.999F);
  Floats term = splat(0.001F);
  for (long turn = 0; turn < turns; ++turn) {
    for (Floats& sum : sums) sum = fma(sum, factor, term);
    asm volatile("" : "+x"(factor), "+x"(term));
  }
  Floats total = {};
  for (const Floats& sum : sums) total += sum;
  volatile float keep = total[0];
  static_cast<void>(keep);
  return 2.0 * lanes * chains * static_cast<double>(turns);
}

}  // namespace

extern const PeakLoop peak_loop = run;

}  // namespace tramontane::kernels::TRAM_KERNEL_ISA
