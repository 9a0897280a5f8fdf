#include "runtime/cluster/resources.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>
#include <limits>
#include <optional>
#include <sched.h>
#include <sstream>
#include <utility>
#include <vector>

namespace tramontane {
namespace {

using Number = std::optional<std::int64_t>;

// The numbers that a file begins with.
std::vector<std::int64_t> numbers_in(const std::string& path) {
  std::ifstream file(path);
  std::vector<std::int64_t> numbers;
  for (std::string word; file >> word;) {
    std::int64_t value = 0;
    auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (error != std::errc() || end != word.data() + word.size()) break;
    numbers.push_back(value);
  }
  return numbers;
}

Number number_in(const std::string& path) {
  auto numbers = numbers_in(path);
  return numbers.empty() || numbers.front() < 0 ? std::nullopt : Number(numbers.front());
}

Number least(Number a, Number b) {
  if (!a || !b) return a ? a : b;
  return std::min(*a, *b);
}

// Thousandths of a processor; nothing where that is no limit.
Number share(std::int64_t quota, std::int64_t period) {
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max() / 1000;
  if (quota <= 0 || quota > most || period <= 0) return std::nullopt;
  return quota * 1000 / period;
}

// What a group leaves; nothing where it does not say.
Number quota_1(const std::string& group) {
  Number quota = number_in(group + "/cpu.cfs_quota_us");
  Number period = number_in(group + "/cpu.cfs_period_us");
  return quota && period ? share(*quota, *period) : std::nullopt;
}

Number quota_2(const std::string& group) {
  auto numbers = numbers_in(group + "/cpu.max");  // "max 100000", or "150000 100000"
  return numbers.size() < 2 ? std::nullopt : share(numbers[0], numbers[1]);
}

struct Limits {
  Number cpu_milli;
  Number memory;
};

// Of the group in `mount` + `path` and all above it. In a container the path may be that of the
// host, and only the mount itself be there.
template <class Read>
Number of_groups(const std::string& mount, std::string path, Read read) {
  Number limit;
  while (true) {
    limit = least(limit, read(mount + path));
    if (path.empty()) return limit;
    path.resize(path.rfind('/'));
  }
}

bool names(const std::string& controllers, const std::string& wanted) {
  std::istringstream list(controllers);
  for (std::string each; std::getline(list, each, ',');)
    if (each == wanted) return true;
  return false;
}

Limits group_limits(const std::string& root) {
  Limits limits;
  std::ifstream own(root + "/proc/self/cgroup");
  for (std::string line; std::getline(own, line);) {  // 4:cpu,cpuacct:/path, or 0::/path
    auto first = line.find(':');
    auto second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    std::string controllers = line.substr(first + 1, second - first - 1);
    std::string path = line.substr(second + 1);
    if (path.empty() || path.front() != '/') continue;
    if (path == "/") path.clear();
    std::string mount = root + "/sys/fs/cgroup";
    auto memory = [](const char* file) {
      return [file](const std::string& group) { return number_in(group + file); };
    };
    if (controllers.empty()) {
      limits.cpu_milli = least(limits.cpu_milli, of_groups(mount, path, quota_2));
      limits.memory = least(limits.memory, of_groups(mount, path, memory("/memory.max")));
    }
    if (names(controllers, "cpu"))
      limits.cpu_milli = least(limits.cpu_milli, of_groups(mount + "/cpu", path, quota_1));
    if (names(controllers, "memory"))
      limits.memory = least(
          limits.memory, of_groups(mount + "/memory", path, memory("/memory.limit_in_bytes")));
  }
  return limits;
}

std::int64_t processors() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (::sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  return std::max(CPU_COUNT(&set), 1);
}

std::int64_t memory_of_machine(const std::string& root) {
  std::ifstream file(root + "/proc/meminfo");
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("MemTotal:")) continue;
    std::istringstream rest(line.substr(9));
    std::int64_t kilobytes = 0;
    if (rest >> kilobytes) return kilobytes * 1024;
  }
  return 0;
}

}  // namespace

Resources find_resources(const std::string& root) {
  Limits limits = group_limits(root);
  Resources found{.cpu_milli = processors() * 1000, .memory = memory_of_machine(root)};
  if (limits.cpu_milli) found.cpu_milli = std::min(found.cpu_milli, *limits.cpu_milli);
  if (limits.memory) found.memory = std::min(found.memory, *limits.memory);
  return found;
}

std::vector<std::string> device_environment(
    const std::vector<std::uint32_t>& devices, const char* visible) {
  std::vector<std::string> names;
  std::istringstream list(visible == nullptr ? "" : visible);
  for (std::string name; std::getline(list, name, ',');) names.push_back(name);
  std::string seen;
  for (std::uint32_t device : devices) {
    if (!seen.empty()) seen += ',';
    seen += device < names.size() ? names[device] : std::to_string(device);
  }
  // Numbers as nvidia-smi has them, which are those of all processes.
  return {"CUDA_DEVICE_ORDER=PCI_BUS_ID", "CUDA_VISIBLE_DEVICES=" + seen};
}

std::vector<std::string> device_environment(const std::vector<std::uint32_t>& devices) {
  return device_environment(devices, std::getenv("CUDA_VISIBLE_DEVICES"));
}

std::int64_t parse_bytes(const std::string& text) {
  double value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || !(value > 0)) return 0;
  std::string unit(end, text.data() + text.size());
  for (const std::string rest : {"iB", "B"})
    if (unit.size() > rest.size() && unit.ends_with(rest)) unit.resize(unit.size() - rest.size());
  constexpr std::pair<char, int> units[] = {{'K', 10}, {'M', 20}, {'G', 30}, {'T', 40}};
  int shift = unit.empty() ? 0 : -1;
  for (auto [letter, bits] : units)
    if (unit.size() == 1 && (unit[0] == letter || unit[0] == letter + 32)) shift = bits;
  double bytes = shift < 0 ? 0 : std::ldexp(value, shift);
  return bytes < 1.0 || bytes > 1e18 ? 0 : static_cast<std::int64_t>(bytes);
}

}  // namespace tramontane
