#include "actors/run/run_began.h"

#include "kernels/ops.h"

#include <boost/json/array.hpp>

#include <ctime>
#include <fstream>
#include <string>
#include <thread>

namespace tramontane {
namespace {

std::string stages_kind(const Job& job, std::size_t index) {
  return index < job.warm_starts.size() ? "warm_start" : "reinforce";
}

// As the kernel names the processor; empty where it does not.
std::string processor() {
  std::ifstream in("/proc/cpuinfo");
  for (std::string line; std::getline(in, line);)
    if (auto colon = line.find(": "); line.starts_with("model name") && colon != line.npos)
      return line.substr(colon + 2);
  return {};
}

}  // namespace

RunEvent run_began(
    const Job& job, const RunFiles& files, const std::optional<std::uint64_t>& resumed_from) {
  boost::json::array stages;
  for (std::size_t i = 0; i < job.warm_starts.size(); ++i)
    stages.push_back({{"kind", stages_kind(job, i)}, {"steps", job.warm_starts[i].steps}});
  if (job.reinforce) stages.push_back({{"kind", "reinforce"}, {"steps", job.reinforce->steps}});
  char date[32];
  std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  std::strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%SZ", &parts);
  RunEvent event{{"event", "run"}, {"name", job.name}, {"run", files.folder()}, {"seed", job.seed},
      {"parameters", parameters(job.model)}, {"isa", kernels::isa()},
      {"cores", std::thread::hardware_concurrency()}, {"machine", processor()}, {"started", date},
      {"stages", std::move(stages)}, {"heldout", job.heldout.size()},
      {"prompts", job.prompts.size()},
      {"max_lag", job.reinforce ? job.reinforce->ledger.max_lag : 0}};
  if (resumed_from)
    event["resumed_from"] = *resumed_from;
  else
    event["resumed_from"] = nullptr;
  return event;
}

}  // namespace tramontane
