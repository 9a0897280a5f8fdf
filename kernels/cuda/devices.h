#pragma once
// The cards of this machine that the CUDA kernels can run on, or why there are none.
//
//   auto cards = find_devices();
//   if (!cards) return say(cards.error().text);  // "no driver: libcuda.so.1 is not there"
//   for (const Device& card : *cards) …
//
// Plain C++ and in every build: the driver's library and that of the kernels are opened at run
// time, so the same program starts with and without a card. Both stay open to the end of the
// process. Any thread may call; nothing is kept between calls.

#include "runtime/base/result.h"

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

namespace tramontane::kernels::cuda {

// The driver that the kernels need: as cuDriverGetVersion says it, 1000 * major + 10 * minor.
inline constexpr int driver_needed = 13000;

// What is asked of libcuda.so.1, under the names of its manual without `cu`. A CUresult and a
// CUdevice are plain ints there; 0 is success.
struct CudaApi {
  int (*init)(unsigned flags) = nullptr;
  int (*driver_get_version)(int* version) = nullptr;
  int (*get_error_string)(int error, const char** text) = nullptr;
  int (*device_get_count)(int* count) = nullptr;
  int (*device_get)(int* device, int index) = nullptr;
  int (*device_get_name)(char* name, int bytes, int device) = nullptr;
  int (*device_get_attribute)(int* value, int attribute, int device) = nullptr;
  int (*device_total_mem)(std::size_t* bytes, int device) = nullptr;
};

struct Device {
  std::string name;
  int capability = 0;  // ten times the compute capability: 90 is 9.0
  std::size_t memory_bytes = 0;

  bool operator==(const Device&) const = default;
};

// Whether libtramontane_cuda.so has code for a card: it is built for 8.0 (and runs on all of 8.x),
// for 9.0 alone, and for 10.0 (and 10.x).
constexpr bool has_kernels(const Device& device) {
  return device.capability / 10 == 8 || device.capability == 90 || device.capability / 10 == 10;
}

// The functions of the driver's library, or why not. Another name is for tests.
Answer<CudaApi> open_driver(const char* library = "libcuda.so.1");

// libtramontane_cuda.so as dlopen gives it, or why not. It is looked for in `folder`, the
// program's, and where the build puts it, seen from there.
Answer<void*> open_kernels(const std::filesystem::path& folder);

// The cards that the driver names, in its order; never none. Else the first of these that is true:
// there is no driver, it is too old, it does not start, it finds no device, there are no kernels.
Answer<std::vector<Device>> find_devices(
    const Answer<CudaApi>& driver, const Answer<void*>& kernels);

// The same on this machine, for this program.
Answer<std::vector<Device>> find_devices();

// "NVIDIA H100 80GB HBM3, compute capability 9.0, 79.2 GiB", and whether it lacks kernels.
std::string describe(const Device& device);

}  // namespace tramontane::kernels::cuda
