// What a library of kernels looks like from outside, with an interface number of this build or of
// another one.
#include "kernels/cuda/library.h"

extern "C" int tramontane_cuda_abi() {
  return tramontane::kernels::cuda::cuda_abi + TRAM_TEST_ABI_OFFSET;
}
