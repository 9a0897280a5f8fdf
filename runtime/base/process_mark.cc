#include "runtime/base/process_mark.h"

#include <fstream>
#include <optional>
#include <sstream>
#include <unistd.h>

namespace tramontane {
namespace {

std::string boot() {
  std::ifstream in("/proc/sys/kernel/random/boot_id");
  std::string id;
  std::getline(in, id);
  return id;
}

// Nothing if it does not run.
std::optional<std::uint64_t> start_of(int pid) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/stat");
  std::string all;
  std::getline(in, all);
  // The name is the second field, in brackets, and may hold anything.
  auto end = all.rfind(')');
  if (end == std::string::npos) return std::nullopt;
  std::istringstream fields(all.substr(end + 1));
  std::string state;
  fields >> state;
  if (state == "Z" || state == "X") return std::nullopt;
  std::string skipped;
  for (int field = 4; field < 22; ++field) fields >> skipped;
  std::uint64_t started = 0;
  if (!(fields >> started)) return std::nullopt;
  return started;
}

}  // namespace

ProcessMark mark_of_this_process() {
  int pid = ::getpid();
  return {pid, start_of(pid).value_or(0), boot()};
}

bool is_running(const ProcessMark& mark) {
  if (mark.pid <= 0 || mark.boot.empty() || mark.boot != boot()) return false;
  auto started = start_of(mark.pid);
  return started && *started == mark.started;
}

}  // namespace tramontane
