#include "actors/rewards/sandbox/cgroup.h"

#include "runtime/base/check.h"
#include "runtime/base/descriptor.h"

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <map>
#include <sstream>
#include <sys/stat.h>

namespace tramontane::sandbox {
namespace {

// Empty, or why not.
std::string write_file(const std::string& path, const std::string& text) {
  Descriptor file(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  bool written = file && write(file.get(), text.data(), text.size()) >= 0;
  return written ? "" : str(path, ": ", std::strerror(errno));
}

std::string read_file(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// Where the controllers are mounted, with this process's own group appended; "" is version 2.
std::map<std::string, std::string> own_groups() {
  std::map<std::string, std::string> groups;
  std::map<std::string, std::string> mounts;
  std::istringstream table(read_file("/proc/self/mounts"));
  for (std::string line; std::getline(table, line);) {
    std::istringstream words(line);
    std::string source, target, type, options;
    words >> source >> target >> type >> options;
    if (type == "cgroup2") mounts[""] = target;
    if (type != "cgroup") continue;
    std::istringstream names(options);
    for (std::string name; std::getline(names, name, ',');) mounts[name] = target;
  }
  std::istringstream own(read_file("/proc/self/cgroup"));
  for (std::string line; std::getline(own, line);) {  // 4:memory:/path
    auto first = line.find(':');
    auto second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    std::string path = line.substr(second + 1);
    std::istringstream names(line.substr(first + 1, second - first - 1));
    std::string name;
    do {
      name.clear();
      std::getline(names, name, ',');
      auto mount = mounts.find(name);
      if (mount != mounts.end()) groups[name] = mount->second + (path == "/" ? "" : path);
    } while (names && !names.eof());
  }
  return groups;
}

// The folder of a new group, or empty and the reason.
std::string make_group(const std::string& parent, const std::string& name, std::string& why) {
  std::string folder = parent + "/" + name;
  if (mkdir(folder.c_str(), 0755) == 0 || errno == EEXIST) return folder;
  why = str(folder, ": ", std::strerror(errno));
  return "";
}

bool word_in(const std::string& text, const std::string& word) {
  std::istringstream words(text);
  for (std::string one; words >> one;)
    if (one == word) return true;
  return false;
}

// The number behind a word of "oom_kill 3\nother 4".
std::uint64_t number_after(const std::string& text, const std::string& word) {
  std::istringstream words(text);
  for (std::string one; words >> one;) {
    std::uint64_t number = 0;
    if (one == word && words >> number) return number;
  }
  return 0;
}

}  // namespace

Cgroup::Cgroup(const std::string& name, std::vector<std::string>& missing) {
  auto groups = own_groups();
  std::string why_memory = "no such controller";
  std::string why_pids = why_memory;
  if (groups.contains("memory")) memory_ = make_group(groups["memory"], name, why_memory);
  if (groups.contains("pids")) pids_ = make_group(groups["pids"], name, why_pids);
  if (memory_.empty() && pids_.empty() && groups.contains("")) {
    const std::string& parent = groups[""];
    write_file(parent + "/cgroup.subtree_control", "+memory +pids");
    std::string active = read_file(parent + "/cgroup.subtree_control");
    std::string folder;
    if (word_in(active, "memory") || word_in(active, "pids"))
      folder = make_group(parent, name, why_memory);
    if (word_in(active, "memory")) memory_ = folder;
    if (word_in(active, "pids")) pids_ = folder;
    unified_ = true;
  }
  if (memory_.empty()) missing.push_back("memory cgroup: " + why_memory);
  if (pids_.empty()) missing.push_back("pids cgroup: " + why_pids);
}

Cgroup::~Cgroup() {
  if (!memory_.empty()) rmdir(memory_.c_str());
  if (!pids_.empty() && pids_ != memory_) rmdir(pids_.c_str());
}

std::string Cgroup::limit(std::uint64_t memory_bytes, std::uint32_t processes) {
  std::string why;
  if (limits_memory() && unified_) {
    why = write_file(memory_ + "/memory.max", str(memory_bytes));
    write_file(memory_ + "/memory.swap.max", "0");  // where there is swap
    write_file(memory_ + "/memory.oom.group", "0");
  } else if (limits_memory()) {
    // Memory and swap together must never be less than memory: raise it first, then lower both.
    write_file(memory_ + "/memory.memsw.limit_in_bytes", "-1");
    why = write_file(memory_ + "/memory.limit_in_bytes", str(memory_bytes));
    if (!why.empty()) {  // what earlier runs left in the page cache
      write_file(memory_ + "/memory.force_empty", "0");
      why = write_file(memory_ + "/memory.limit_in_bytes", str(memory_bytes));
    }
    write_file(memory_ + "/memory.memsw.limit_in_bytes", str(memory_bytes));
    write_file(memory_ + "/memory.max_usage_in_bytes", "0");
  }
  memory_bytes_ = memory_bytes;
  kills_ = event("oom_kill");
  at_limit_ = event("oom");
  if (limits_processes() && why.empty()) why = write_file(pids_ + "/pids.max", str(processes));
  return why;
}

std::string Cgroup::enter(pid_t pid) {
  std::string why;
  if (limits_memory()) why = write_file(memory_ + "/cgroup.procs", str(pid));
  if (limits_processes() && pids_ != memory_ && why.empty())
    why = write_file(pids_ + "/cgroup.procs", str(pid));
  return why;
}

std::uint64_t Cgroup::event(const char* word) const {
  return number_after(
      read_file(memory_ + (unified_ ? "/memory.events" : "/memory.oom_control")), word);
}

Cgroup::Killed Cgroup::killed() const {
  if (!limits_memory() || event("oom_kill") == kills_) return Killed::no;
  if (unified_) return event("oom") > at_limit_ ? Killed::at_limit : Killed::by_machine;
  // Version 1 counts no such events: it was at its limit if it ever used as much.
  constexpr std::uint64_t slack = 1 << 20;  // pages are charged some at a time
  std::string peak = read_file(memory_ + "/memory.max_usage_in_bytes");
  bool at_limit = std::strtoull(peak.c_str(), nullptr, 10) + slack >= memory_bytes_;
  return at_limit ? Killed::at_limit : Killed::by_machine;
}

}  // namespace tramontane::sandbox
