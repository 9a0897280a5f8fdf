#include "kernels/cuda/devices.h"

#include "kernels/cuda/library.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <unistd.h>

#include "tests/support/test.h"

namespace tramontane::kernels::cuda {
namespace {

// A driver that answers as this says: CudaApi's functions have no place for an object.
struct FakeDriver {
  int version = 13000;
  int version_error = 0;
  int init_error = 0;
  int count_error = 0;
  int attribute_error = 0;
  std::vector<Device> devices;
  int initialised = 0;
};

FakeDriver fake;

// A CUdevice is not its index.
constexpr int first_device = 7;

const Device& device_at(int device) {
  return fake.devices.at(static_cast<std::size_t>(device - first_device));
}

CudaApi fake_api() {
  CudaApi api;
  api.init = [](unsigned flags) {
    CHECK(flags == 0);
    ++fake.initialised;
    return fake.init_error;
  };
  api.driver_get_version = [](int* version) {
    *version = fake.version;
    return fake.version_error;
  };
  api.get_error_string = [](int error, const char** text) {
    *text = error == 100 ? "no CUDA-capable device is detected" : nullptr;
    return error == 100 ? 0 : 1;
  };
  api.device_get_count = [](int* count) {
    *count = static_cast<int>(fake.devices.size());
    return fake.count_error;
  };
  api.device_get = [](int* device, int index) {
    *device = first_device + index;
    return 0;
  };
  api.device_get_name = [](char* name, int bytes, int device) {
    std::snprintf(name, static_cast<std::size_t>(bytes), "%s", device_at(device).name.c_str());
    return 0;
  };
  api.device_get_attribute = [](int* value, int attribute, int device) {
    const int capability = device_at(device).capability;
    *value = attribute == 75 ? capability / 10 : attribute == 76 ? capability % 10 : -1;
    return device == first_device + 1 ? fake.attribute_error : 0;
  };
  api.device_total_mem = [](std::size_t* bytes, int device) {
    *bytes = device_at(device).memory_bytes;
    return 0;
  };
  return api;
}

const Device hopper = {"NVIDIA H100 80GB HBM3", 90, 85'017'624'576};
const Device ampere = {"NVIDIA A100-SXM4-40GB", 80, 42'298'834'944};

int opened = 0;
const Answer<void*> some_kernels = static_cast<void*>(&opened);

std::string reason(const Answer<std::vector<Device>>& found) {
  return found ? "" : found.error().text;
}

std::string reason_of(const FakeDriver& driver) {
  fake = driver;
  return reason(find_devices(fake_api(), some_kernels));
}

int folders = 0;

// A folder with a copy of the library in it, under that name. Each has a path of its own: dlopen
// takes a path that it knows for the library that it loaded from there.
struct Folder {
  explicit Folder(const char* library, const char* name = "libtramontane_cuda.so") {
    const std::string own = std::to_string(::getpid()) + "-" + std::to_string(++folders);
    path = std::filesystem::temp_directory_path() / ("tram-devices-" + own);
    std::filesystem::create_directories((path / name).parent_path());
    std::filesystem::copy_file(library, path / name);
  }

  ~Folder() { std::filesystem::remove_all(path); }

  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::filesystem::path path;
};

const char* variable(const char* name) {
  const char* value = std::getenv(name);
  REQUIRE(value != nullptr);
  return value;
}

}  // namespace

TEST_CASE("cards are listed in the driver's order, with capability and memory") {
  fake = {};
  fake.devices = {hopper, ampere};
  const auto found = find_devices(fake_api(), some_kernels);
  REQUIRE(found);
  CHECK(*found == std::vector<Device>{hopper, ampere});
  CHECK(fake.initialised == 1);
}

TEST_CASE("what is missing is said by name") {
  CHECK(reason_of({.devices = {}}) == "the driver finds no device");
  CHECK(reason_of({.version = 12040}) == "the driver is for CUDA 12.4; 13.0 is needed");
  CHECK(reason_of({.version = 13010, .devices = {hopper}}).empty());
  CHECK(reason_of({.version_error = 3}) == "the driver does not tell its version (CUDA error 3)");
  CHECK(reason_of({.init_error = 100}) ==
        "the driver finds no device (CUDA error 100: no CUDA-capable device is detected)");
  CHECK(reason_of({.init_error = 803}) == "the driver does not start (CUDA error 803)");
  CHECK(reason_of({.count_error = 100, .devices = {hopper}}) ==
        "the driver finds no device (CUDA error 100: no CUDA-capable device is detected)");
  CHECK(reason_of({.attribute_error = 999, .devices = {hopper, ampere}}) ==
        "the driver does not describe device 1 (CUDA error 999)");
}

TEST_CASE("a driver that is too old is not started") {
  CHECK(reason_of({.version = 12080}) == "the driver is for CUDA 12.8; 13.0 is needed");
  CHECK(fake.initialised == 0);
}

TEST_CASE("without kernels the cards do not count, and a missing driver is said first") {
  fake = {};
  fake.devices = {hopper};
  const Answer<void*> none = Failure{Errc::unsupported, "no kernels"};
  const Answer<CudaApi> no_driver = Failure{Errc::unsupported, "no driver"};
  CHECK(reason(find_devices(fake_api(), none)) == "no kernels");
  CHECK(reason(find_devices(no_driver, none)) == "no driver");
}

TEST_CASE("a driver's library that is absent, damaged or another one is refused by name") {
  const auto absent = open_driver("libtramontane_no_such.so.1");
  REQUIRE_FALSE(absent);
  CHECK(absent.error().code == Errc::unsupported);
  CHECK(absent.error().text == "no driver: libtramontane_no_such.so.1 is not there");
  const auto other = open_driver("libm.so.6");
  REQUIRE_FALSE(other);
  CHECK(other.error().text == "no driver: libm.so.6 lacks cuInit");
  const Folder folder(variable("TRAM_TEST_SOURCE"), "libcuda.so.1");
  const std::string damaged = (folder.path / "libcuda.so.1").string();
  const auto text = open_driver(damaged.c_str());
  REQUIRE_FALSE(text);
  CHECK(text.error().text.starts_with("no driver: " + damaged + " does not load: "));
}

TEST_CASE("this machine answers with cards or with a reason") {
  const auto found = find_devices();
  if (found) {
    CHECK_FALSE(found->empty());
  } else {
    CHECK(found.error().code == Errc::unsupported);
    CHECK_FALSE(found.error().text.empty());
    MESSAGE(found.error().text);
  }
}

TEST_CASE("the kernels' library is found beside the program") {
  const Folder beside(variable("TRAM_TEST_KERNELS"));
  CHECK(open_kernels(beside.path));
  CHECK_FALSE(open_kernels(beside.path / "elsewhere"));
}

TEST_CASE("the kernels' library is found where the build puts it") {
  const Folder build(variable("TRAM_TEST_KERNELS"), "kernels/cuda/libtramontane_cuda.so");
  std::filesystem::create_directories(build.path / "actors");
  CHECK(open_kernels(build.path / "actors"));
}

TEST_CASE("a library of kernels that is absent, of another build or another one is refused") {
  const auto absent = open_kernels("/nowhere");
  REQUIRE_FALSE(absent);
  CHECK(absent.error().text ==
        "libtramontane_cuda.so is not beside the program: this build has no CUDA kernels");
  const Folder stale(variable("TRAM_TEST_STALE_KERNELS"));
  const auto other_build = open_kernels(stale.path);
  REQUIRE_FALSE(other_build);
  CHECK(other_build.error().text == stale.path.string() +
                                        "/libtramontane_cuda.so is of another build (interface " +
                                        std::to_string(cuda_abi + 1) + ", expected " +
                                        std::to_string(cuda_abi) + "); rebuild it");
}

TEST_CASE("a library that is no library of kernels is refused") {
  const Folder source(variable("TRAM_TEST_SOURCE"));
  const auto text = open_kernels(source.path);
  REQUIRE_FALSE(text);
  CHECK(
      text.error().text.starts_with(source.path.string() + "/libtramontane_cuda.so does not load"));
}

TEST_CASE("a card is described with what it lacks") {
  CHECK(describe(hopper) == "NVIDIA H100 80GB HBM3, compute capability 9.0, 79.2 GiB");
  CHECK(describe({"Tesla V100", 70, std::size_t{1} << 34}) ==
        "Tesla V100, compute capability 7.0, 16.0 GiB, no kernels for it");
}

TEST_CASE("kernels are there for 8.x, 9.0 and 10.x") {
  for (const int with : {80, 86, 89, 90, 100, 103})
    CHECK_MESSAGE(has_kernels({.name = "", .capability = with}), with);
  for (const int without : {0, 75, 110, 120, 121})
    CHECK_MESSAGE(!has_kernels({.name = "", .capability = without}), without);
}

}  // namespace tramontane::kernels::cuda
