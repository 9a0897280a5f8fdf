// What a machine has, read from folders that stand for one.
#include "runtime/cluster/resources.h"

#include "tests/support/temp_folder.h"

#include <filesystem>
#include <fstream>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

constexpr std::int64_t gib = std::int64_t{1} << 30;

// A machine of 16 GiB.
struct Machine {
  Machine() { write("/proc/meminfo", "MemTotal:       16777216 kB\nMemFree: 1 kB\n"); }

  void write(const std::string& path, const std::string& text) const {
    std::filesystem::path file = folder.path() + path;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }

  Resources find() const { return find_resources(folder.path()); }

  TempFolder folder;
};

const std::string cgroup = "/sys/fs/cgroup";

}  // namespace

TEST_CASE("a machine without control groups has what it has") {
  Machine machine;
  CHECK(machine.find().memory == 16 * gib);
  CHECK(machine.find().cpu_milli >= 1000);
  CHECK(machine.find().cpu_milli % 1000 == 0);
  TempFolder empty;
  CHECK(find_resources(empty.path()).memory == 0);
}

TEST_CASE("of nested groups of version 2 the least counts") {
  Machine machine;
  machine.write("/proc/self/cgroup", "0::/a/b\n");
  std::int64_t all = machine.find().cpu_milli;
  machine.write(cgroup + "/a/b/cpu.max", "max 100000\n");
  machine.write(cgroup + "/a/b/memory.max", "max\n");
  CHECK(machine.find().cpu_milli == all);
  CHECK(machine.find().memory == 16 * gib);
  machine.write(cgroup + "/a/cpu.max", "50000 100000\n");
  machine.write(cgroup + "/a/memory.max", "2147483648\n");
  CHECK(machine.find().cpu_milli == 500);
  CHECK(machine.find().memory == 2 * gib);
  machine.write(cgroup + "/a/b/memory.max", "1073741824\n");
  machine.write(cgroup + "/cpu.max", "25000 100000\n");
  CHECK(machine.find().cpu_milli == 250);
  CHECK(machine.find().memory == gib);
}

TEST_CASE("a container that sees the host's path still finds the limits of its mount") {
  Machine machine;
  machine.write("/proc/self/cgroup", "0::/host/only/path\n");
  machine.write(cgroup + "/cpu.max", "150000 1000000\n");
  machine.write(cgroup + "/memory.max", "1073741824\n");
  CHECK(machine.find().cpu_milli == 150);
  CHECK(machine.find().memory == gib);
}

TEST_CASE("limits of version 1 are read from the folder of each controller") {
  Machine machine;
  machine.write("/proc/self/cgroup", "12:cpuset:/x\n4:cpu,cpuacct:/a\n3:memory:/a/b\n");
  machine.write(cgroup + "/cpu/a/cpu.cfs_quota_us", "20000\n");
  machine.write(cgroup + "/cpu/a/cpu.cfs_period_us", "100000\n");
  machine.write(cgroup + "/memory/a/memory.limit_in_bytes", "1073741824\n");
  machine.write(cgroup + "/memory/a/b/memory.limit_in_bytes", "9223372036854771712\n");
  CHECK(machine.find().cpu_milli == 200);
  CHECK(machine.find().memory == gib);
  machine.write(cgroup + "/cpu/a/cpu.cfs_quota_us", "-1\n");
  CHECK(machine.find().cpu_milli >= 1000);
}

TEST_CASE("files that make no sense limit nothing") {
  Machine machine;
  machine.write("/proc/self/cgroup", "nonsense\n:\n0::\n0::relative\n0:cpu:/a\n\n0::/a\n");
  std::int64_t all = machine.find().cpu_milli;
  for (const char* text : {"", "0 100000", "100000 0", "-5 100000", "50000", "a b", "1e3 5",
           "99999999999999999999 1", "9223372036854775807 1"}) {
    machine.write(cgroup + "/a/cpu.max", text);
    INFO(std::string(text));
    CHECK(machine.find().cpu_milli == all);
  }
  for (const char* text : {"", "max", "x", "99999999999999999999", "-1", "9223372036854775807"}) {
    machine.write(cgroup + "/a/memory.max", text);
    INFO(std::string(text));
    CHECK(machine.find().memory == 16 * gib);
  }
  machine.write("/proc/meminfo", "MemTotal: many kB\n");
  CHECK(machine.find().memory == 0);
}

TEST_CASE("an amount of memory is read with its unit, and nonsense is nothing") {
  CHECK(parse_bytes("1") == 1);
  CHECK(parse_bytes("512") == 512);
  CHECK(parse_bytes("1K") == 1024);
  CHECK(parse_bytes("1k") == 1024);
  CHECK(parse_bytes("3M") == 3 << 20);
  CHECK(parse_bytes("2G") == 2 * gib);
  CHECK(parse_bytes("2GiB") == 2 * gib);
  CHECK(parse_bytes("2GB") == 2 * gib);
  CHECK(parse_bytes("1.5G") == gib + gib / 2);
  CHECK(parse_bytes("1T") == 1024 * gib);
  for (const char* text : {"", "G", "0", "-1G", "1X", "1GG", "1 G", "1Gi", "B", "1BB", "nan", "inf",
           "1e30", "0.5", "1GiBiB", "1iB", "infG"}) {
    INFO(std::string(text));
    CHECK(parse_bytes(text) == 0);
  }
}

TEST_CASE(
    "a worker sees the GPUs of its seat and no others, by the names that the node has for them") {
  using Texts = std::vector<std::string>;
  auto seen = [](const std::vector<std::uint32_t>& devices, const char* visible) {
    Texts environment = device_environment(devices, visible);
    REQUIRE(environment.size() == 2);
    CHECK(environment[0] == "CUDA_DEVICE_ORDER=PCI_BUS_ID");
    return environment[1];
  };
  CHECK(seen({}, nullptr) == "CUDA_VISIBLE_DEVICES=");
  CHECK(seen({0, 3}, nullptr) == "CUDA_VISIBLE_DEVICES=0,3");
  CHECK(seen({1}, "4,7") == "CUDA_VISIBLE_DEVICES=7");  // of the node's two
  CHECK(seen({0, 1}, "GPU-5f2,MIG-77") == "CUDA_VISIBLE_DEVICES=GPU-5f2,MIG-77");
  CHECK(seen({2}, "4,7") == "CUDA_VISIBLE_DEVICES=2");  // it said that it has more
}
