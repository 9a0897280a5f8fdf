#include "runtime/base/machine_memory.h"

#include "tests/support/temp_folder.h"

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

// A machine of files: 8,000 kB available, this process with 3,000.
struct Machine {
  Machine() {
    put("/proc/meminfo", "MemTotal:       16000 kB\nMemFree: 100 kB\nMemAvailable:   8000 kB\n");
    put("/proc/self/status",
        "Name:\ttram\nVmSize:\t 9000 kB\nVmHWM:\t 4000 kB\nVmRSS:\t 3000 kB\n");
  }

  void put(const std::string& path, const std::string& text) const {
    std::filesystem::create_directories(std::filesystem::path(root() + path).parent_path());
    std::ofstream(root() + path) << text;
  }

  std::string root() const { return folder.path(); }

  TempFolder folder;
};

constexpr std::uint64_t kb = 1024;

}  // namespace

TEST_CASE("what can be taken is what the machine has available") {
  Machine machine;
  CHECK(memory_at_hand(machine.root()) == 8000 * kb);
  auto mine = process_memory(machine.root());
  REQUIRE(mine);
  CHECK(mine->now == 3000 * kb);
  CHECK(mine->peak == 4000 * kb);
}

TEST_CASE("a control group leaves less, whatever its version and wherever it is mounted") {
  Machine machine;
  machine.put("/proc/self/cgroup", "0::/job/step\n");
  machine.put("/sys/fs/cgroup/job/memory.max", std::to_string(5000 * kb) + "\n");
  machine.put("/sys/fs/cgroup/job/memory.current", std::to_string(4000 * kb) + "\n");
  machine.put("/sys/fs/cgroup/job/memory.stat",
      "anon 7\nactive_file 5\ninactive_file " + std::to_string(500 * kb) + "\n");
  machine.put("/sys/fs/cgroup/job/step/memory.max", "max\n");
  machine.put("/sys/fs/cgroup/job/step/memory.current", "1\n");
  CHECK(memory_at_hand(machine.root()) == 1500 * kb);

  // The first version, seen from a container: the host's path, the container's mount.
  machine.put("/proc/self/cgroup", "9:cpu,cpuacct:/docker/12\n4:memory:/docker/12\n");
  machine.put("/sys/fs/cgroup/memory/memory.limit_in_bytes", std::to_string(3000 * kb));
  machine.put("/sys/fs/cgroup/memory/memory.usage_in_bytes", std::to_string(1000 * kb));
  CHECK(memory_at_hand(machine.root()) == 2000 * kb);
  machine.put("/sys/fs/cgroup/memory/memory.usage_in_bytes", std::to_string(4000 * kb));
  CHECK(memory_at_hand(machine.root()) == 0);
}

TEST_CASE("where the system does not say, nothing is known") {
  TempFolder folder;
  CHECK_FALSE(memory_at_hand(folder.path()));
  CHECK_FALSE(process_memory(folder.path()));
  Machine odd;
  odd.put("/proc/self/cgroup", "nonsense\n4:memory:\n0::relative\n");
  odd.put("/proc/meminfo", "MemAvailable: lots\n");
  CHECK_FALSE(memory_at_hand(odd.root()));
}

TEST_CASE("this process has memory, and there is some left") {
  auto mine = process_memory();
  REQUIRE(mine);
  CHECK(mine->now > 1'000'000);
  CHECK(mine->peak >= mine->now);
  CHECK(memory_at_hand().value_or(1) > 0);
}
