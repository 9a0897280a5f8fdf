#include "kernels/cuda/devices.h"

#include "kernels/cuda/library.h"
#include "runtime/base/check.h"

#include <array>
#include <cstdio>
#include <dlfcn.h>
#include <utility>

namespace tramontane::kernels::cuda {

namespace {

constexpr const char* kernels_name = "libtramontane_cuda.so";

// Of cuda.h.
constexpr int no_device = 100;
constexpr int capability_major = 75;
constexpr int capability_minor = 76;

Failure unsupported(std::string text) {
  return {Errc::unsupported, std::move(text)};
}

// dlopen's complaint in words: a library that is not there, or one that does not load.
std::string why_not_open(const std::string& library) {
  const std::string said = ::dlerror();
  const bool absent = said.find("No such file") != std::string::npos && said.starts_with(library);
  return absent ? library + " is not there" : str(library, " does not load: ", said);
}

template <class F>
bool find(void* library, const char* name, F& function) {
  function = reinterpret_cast<F>(::dlsym(library, name));
  return function != nullptr;
}

// "CUDA error 100: no CUDA-capable device is detected".
std::string describe_error(const CudaApi& api, int error) {
  const char* text = nullptr;
  if (api.get_error_string(error, &text) != 0 || text == nullptr) return str("CUDA error ", error);
  return str("CUDA error ", error, ": ", text);
}

std::string version_text(int version) {
  return str(version / 1000, ".", version % 1000 / 10);
}

// The card of that index, or the driver's error.
struct Asked {
  Device device;
  int error = 0;
};

Asked ask_device(const CudaApi& api, int index) {
  int device = 0;
  std::array<char, 256> name{};
  int major_number = 0;
  int minor_number = 0;
  Asked asked;
  const auto fine = [&](int error) { return (asked.error = error) == 0; };
  if (!fine(api.device_get(&device, index)) ||
      !fine(api.device_get_name(name.data(), static_cast<int>(name.size()) - 1, device)) ||
      !fine(api.device_get_attribute(&major_number, capability_major, device)) ||
      !fine(api.device_get_attribute(&minor_number, capability_minor, device)) ||
      !fine(api.device_total_mem(&asked.device.memory_bytes, device)))
    return asked;
  asked.device.name = name.data();
  asked.device.capability = 10 * major_number + minor_number;
  return asked;
}

}  // namespace

Answer<CudaApi> open_driver(const char* library) {
  void* opened = ::dlopen(library, RTLD_NOW | RTLD_LOCAL);
  if (opened == nullptr) return unsupported("no driver: " + why_not_open(library));
  CudaApi api;
  const auto lacks = [&](const char* name) {
    return unsupported(str("no driver: ", library, " lacks ", name));
  };
  if (!find(opened, "cuInit", api.init)) return lacks("cuInit");
  if (!find(opened, "cuDriverGetVersion", api.driver_get_version))
    return lacks("cuDriverGetVersion");
  if (!find(opened, "cuGetErrorString", api.get_error_string)) return lacks("cuGetErrorString");
  if (!find(opened, "cuDeviceGetCount", api.device_get_count)) return lacks("cuDeviceGetCount");
  if (!find(opened, "cuDeviceGet", api.device_get)) return lacks("cuDeviceGet");
  if (!find(opened, "cuDeviceGetName", api.device_get_name)) return lacks("cuDeviceGetName");
  if (!find(opened, "cuDeviceGetAttribute", api.device_get_attribute))
    return lacks("cuDeviceGetAttribute");
  // Without its ending it counts in 32 bits.
  if (!find(opened, "cuDeviceTotalMem_v2", api.device_total_mem))
    return lacks("cuDeviceTotalMem_v2");
  return api;
}

Answer<void*> open_kernels(const std::filesystem::path& folder) {
  const std::filesystem::path places[] = {
      folder / kernels_name, folder / "../kernels/cuda" / kernels_name};
  for (const std::filesystem::path& place : places) {
    std::error_code code;
    if (!std::filesystem::exists(place, code)) continue;
    void* library = ::dlopen(place.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) return unsupported(why_not_open(place.string()));
    CudaAbi abi = nullptr;
    if (!find(library, cuda_abi_symbol, abi))
      return unsupported(str(place.string(), " has no CUDA kernels: it lacks ", cuda_abi_symbol));
    if (const int found = abi(); found != cuda_abi)
      return unsupported(str(place.string(), " is of another build (interface ", found,
          ", expected ", cuda_abi, "); rebuild it"));
    return library;
  }
  return unsupported(
      str(kernels_name, " is not beside the program: this build has no CUDA kernels"));
}

Answer<std::vector<Device>> find_devices(
    const Answer<CudaApi>& driver, const Answer<void*>& kernels) {
  if (!driver) return driver.error();
  int version = 0;
  if (const int error = driver->driver_get_version(&version); error != 0)
    return unsupported(
        str("the driver does not tell its version (", describe_error(*driver, error), ")"));
  if (version < driver_needed)
    return unsupported(str("the driver is for CUDA ", version_text(version), "; ",
        version_text(driver_needed), " is needed"));
  int count = 0;
  int error = driver->init(0);
  if (error != 0 && error != no_device)
    return unsupported(str("the driver does not start (", describe_error(*driver, error), ")"));
  if (error == 0) error = driver->device_get_count(&count);
  if (error != 0)
    return unsupported(str("the driver finds no device (", describe_error(*driver, error), ")"));
  if (count <= 0) return unsupported("the driver finds no device");
  std::vector<Device> devices;
  for (int index = 0; index < count; ++index) {
    Asked asked = ask_device(*driver, index);
    if (asked.error != 0)
      return unsupported(str("the driver does not describe device ", index, " (",
          describe_error(*driver, asked.error), ")"));
    devices.push_back(std::move(asked.device));
  }
  if (!kernels) return kernels.error();
  return devices;
}

Answer<std::vector<Device>> find_devices() {
  std::error_code code;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", code);
  return find_devices(open_driver(), open_kernels(program.parent_path()));
}

std::string describe(const Device& device) {
  constexpr double gibibyte = 1024.0 * 1024.0 * 1024.0;
  std::array<char, 64> numbers{};
  std::snprintf(numbers.data(), numbers.size(), ", compute capability %d.%d, %.1f GiB",
      device.capability / 10, device.capability % 10,
      static_cast<double>(device.memory_bytes) / gibibyte);
  return device.name + numbers.data() + (has_kernels(device) ? "" : ", no kernels for it");
}

}  // namespace tramontane::kernels::cuda
