#include "actors/dashboard/process_use.h"

#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <unistd.h>

namespace tramontane {

ProcessUse use_of_process(int pid) {
  ProcessUse use;
  std::ifstream in("/proc/" + std::to_string(pid) + "/stat");
  std::string all;
  std::getline(in, all);
  auto end = all.rfind(')');  // of the name, which may hold anything
  if (pid <= 0 || end == std::string::npos) return use;
  std::istringstream fields(all.substr(end + 1));
  std::string state, skipped;
  std::uint64_t user = 0, system = 0, threads = 0;
  std::int64_t pages = 0;
  fields >> state;
  for (int field = 4; field < 14; ++field) fields >> skipped;
  fields >> user >> system;
  for (int field = 16; field < 20; ++field) fields >> skipped;
  fields >> threads;
  for (int field = 21; field < 24; ++field) fields >> skipped;
  if (!(fields >> pages) || state == "Z" || state == "X") return use;
  use.running = true;
  use.threads = threads;
  use.cpu_seconds =
      static_cast<double>(user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
  use.memory =
      static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  return use;
}

MachineUse use_of_machine() {
  MachineUse use;
  if (unsigned cores = std::thread::hardware_concurrency(); cores > 0) use.cores = cores;
  double load = 0;
  if (std::ifstream in("/proc/loadavg"); in >> load) use.load = load;
  std::ifstream in("/proc/meminfo");
  for (std::string line; std::getline(in, line);) {
    std::istringstream fields(line);
    std::string name;
    std::uint64_t kilobytes = 0;
    if (!(fields >> name >> kilobytes)) continue;
    if (name == "MemTotal:") use.memory = kilobytes << 10;
    if (name == "MemAvailable:") use.memory_available = kilobytes << 10;
  }
  return use;
}

}  // namespace tramontane
