// The one symbol of libtramontane_cuda.so that has a C name.
#include "kernels/cuda/library.h"

extern "C" int tramontane_cuda_abi() {
  return tramontane::kernels::cuda::cuda_abi;
}
