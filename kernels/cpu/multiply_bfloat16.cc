// Products with bfloat16 matrices.
#include "kernels/cpu/multiply_tile.h"

namespace tramontane::kernels::TRAM_KERNEL_ISA {

void multiply_bfloat16(const MultiplyArguments& m) {
  multiply_with<Bfloat16Panel>(m);
}

}  // namespace tramontane::kernels::TRAM_KERNEL_ISA
