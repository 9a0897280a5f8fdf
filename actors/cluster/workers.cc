#include "actors/cluster/workers.h"

#include "actors/job/apart.h"
#include "actors/job/memory.h"
#include "actors/job/places.h"
#include "actors/run/expand.h"

#include <algorithm>
#include <string>

namespace tramontane {
namespace {

constexpr std::int64_t computing_milli = 500;
constexpr std::int64_t passing_milli = 100;

std::uint64_t bytes_of(const MemoryPlan& plan, const std::string& who) {
  std::uint64_t bytes = 0;
  for (const MemoryPart& part : plan.parts)
    if (part.who == who) bytes += part.bytes;
  return bytes;
}

void apply(const JobGroup& place, JobWorker& worker) {
  if (place.need.cpu_milli > 0) worker.need.cpu_milli = place.need.cpu_milli;
  if (place.need.memory_bytes > 0) worker.need.memory_bytes = place.need.memory_bytes;
  worker.need.gpu_milli = place.need.gpu_milli;
  worker.strategy = place.strategy;
  worker.needs_labels = place.needs_labels;
  worker.prefers_labels = place.prefers_labels;
  worker.near = place.near;
  worker.apart = place.apart;
}

}  // namespace

std::vector<JobWorker> workers_of(const Job& job) {
  Apart apart = apart_of(job, true);
  Graph graph = expand(job, apart);
  MemoryPlan plan = plan_memory(job, apart);
  std::vector<std::string> names = graph.workers();
  std::uint64_t each = bytes_of(plan, "workers") / std::max<std::uint64_t>(names.size(), 1);
  std::vector<JobWorker> workers = {{.name = "driver",
      .group = "driver",
      .need = {.cpu_milli = passing_milli,
          .memory_bytes =
              static_cast<std::int64_t>(bytes_of(plan, "program") + bytes_of(plan, "weights"))},
      .at_run_directory = true}};
  for (const std::string& name : names) {
    JobWorker worker{.name = name, .group = name.substr(0, name.find('/'))};
    std::uint64_t memory = each;
    worker.need.cpu_milli = passing_milli;
    if (worker.group == "generator") {
      worker.work = Work::generates;
      worker.need.cpu_milli = computing_milli * job.generator_threads;
      memory += bytes_of(plan, "generators") / std::max<std::uint32_t>(job.generators, 1);
    } else if (worker.group == "trainer") {
      worker.work = Work::computes;
      worker.need.cpu_milli = computing_milli * job.trainer.threads;
      memory += bytes_of(plan, "trainer");
    } else if (worker.group == "evaluator") {
      worker.work = Work::computes;
      memory += bytes_of(plan, "evaluator");
    }
    worker.at_run_directory = worker.group == "trainer" || worker.group == "ledger";
    worker.need.memory_bytes = static_cast<std::int64_t>(memory);
    if (const JobGroup* place = place_of(job.places, worker.group)) apply(*place, worker);
    workers.push_back(std::move(worker));
  }
  return workers;
}

}  // namespace tramontane
