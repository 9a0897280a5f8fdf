#pragma once

// The interface of libtramontane_cuda.so. The library exports every function of ops.h, shape.h and
// decoder.h by its C++ name, since it is compiled with default visibility. It carries its own CUDA
// runtime and opens the driver only when something is called, so it loads on a machine without one.
//
// Who is linked with the library (an engine's plug-in, loaded where there is a device) calls those
// functions as they stand. Who opens it by dlopen asks for its interface first: devices.h does.

namespace tramontane::kernels::cuda {

// Changes whenever ops.h, shape.h or decoder.h do in a way that a caller of another build would
// not survive.
inline constexpr int cuda_abi = 1;

extern "C" {
using CudaAbi = int (*)();
}

inline constexpr const char* cuda_abi_symbol = "tramontane_cuda_abi";

}  // namespace tramontane::kernels::cuda
