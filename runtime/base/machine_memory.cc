#include "runtime/base/machine_memory.h"

#include <algorithm>
#include <fstream>
#include <sstream>

namespace tramontane {
namespace {

using Bytes64 = std::optional<std::uint64_t>;

// The number that a file begins with; nothing where it begins with none ("max").
Bytes64 number_in(const std::string& path) {
  std::ifstream file(path);
  std::uint64_t value = 0;
  if (file >> value) return value;
  return std::nullopt;
}

// The number behind a name at the beginning of a line.
Bytes64 number_of(std::istream& lines, const std::string& name) {
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(name)) continue;
    std::istringstream rest(line.substr(name.size()));
    std::uint64_t value = 0;
    if (rest >> value) return value;
  }
  return std::nullopt;
}

Bytes64 number_of(const std::string& path, const std::string& name) {
  std::ifstream file(path);
  return number_of(file, name);
}

Bytes64 kilobytes_of(const std::string& path, const std::string& name) {
  Bytes64 value = number_of(path, name);
  return value ? Bytes64(*value * 1024) : std::nullopt;
}

Bytes64 least(Bytes64 a, Bytes64 b) {
  if (!a || !b) return a ? a : b;
  return std::min(*a, *b);
}

struct GroupFiles {
  const char* limit;
  const char* used;
  const char* idle_files;  // in memory.stat
};

constexpr GroupFiles version_1{
    "/memory.limit_in_bytes", "/memory.usage_in_bytes", "total_inactive_file "};
constexpr GroupFiles version_2{"/memory.max", "/memory.current", "inactive_file "};

// What the group in `mount` + `path` and those above it leave. In a container the path may be that
// of the host, and only the mount itself be there.
Bytes64 left_by(const std::string& mount, std::string path, const GroupFiles& files) {
  Bytes64 left;
  while (true) {
    std::string group = mount + path;
    Bytes64 limit = number_in(group + files.limit);
    Bytes64 used = number_in(group + files.used);
    if (limit && used) {
      std::uint64_t held =
          *used - std::min(*used, number_of(group + "/memory.stat", files.idle_files).value_or(0));
      left = least(left, *limit - std::min(*limit, held));
    }
    if (path.empty()) return left;
    path.resize(path.rfind('/'));
  }
}

Bytes64 left_by_groups(const std::string& root) {
  Bytes64 left;
  std::ifstream own(root + "/proc/self/cgroup");
  for (std::string line; std::getline(own, line);) {  // 4:memory:/path, or 0::/path
    auto first = line.find(':');
    auto second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    std::string controllers = line.substr(first + 1, second - first - 1);
    std::string path = line.substr(second + 1);
    if (path.empty() || path.front() != '/') continue;
    if (path == "/") path.clear();
    if (controllers.empty()) left = least(left, left_by(root + "/sys/fs/cgroup", path, version_2));
    if (controllers == "memory")
      left = least(left, left_by(root + "/sys/fs/cgroup/memory", path, version_1));
  }
  return left;
}

}  // namespace

std::optional<std::uint64_t> memory_at_hand(const std::string& root) {
  return least(kilobytes_of(root + "/proc/meminfo", "MemAvailable:"), left_by_groups(root));
}

std::optional<ProcessMemory> process_memory(const std::string& root) {
  // Opened once, as the kernel makes the file anew for each reader.
  std::ifstream status(root + "/proc/self/status");
  Bytes64 peak = number_of(status, "VmHWM:");
  Bytes64 now = number_of(status, "VmRSS:");
  if (!now || !peak) return std::nullopt;
  return ProcessMemory{*now * 1024, *peak * 1024};
}

}  // namespace tramontane
