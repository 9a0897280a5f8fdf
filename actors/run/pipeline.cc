#include "actors/run/pipeline.h"

#include "actors/messages/codecs.h"
#include "actors/run/expand.h"
#include "actors/run/kinds.h"
#include "runtime/base/json_text.h"

#include <tuple>

namespace tramontane {

std::shared_ptr<JobProcess> job_process(System& system, const Job& job, PipelineParts parts) {
  auto process = std::make_shared<JobProcess>();
  process->job = &job;
  process->link = std::move(parts.link);
  process->ledger = parts.ledger;
  process->warm_checkpoints = parts.warm_checkpoints;
  process->checkpoints = parts.checkpoints;
  process->reporter = std::move(parts.reporter);
  process->reporter.began = system.clock().now();
  process->make_policy = std::move(parts.make_policy);
  process->done = std::move(parts.done);
  return process;
}

std::vector<PoolOptions> Pipeline::pools(const Job& job, const Apart& apart) {
  return pools_here(expand(job, apart));
}

Pipeline::Pipeline(
    System& system, const Job& job, PipelineParts parts, const Apart& apart, WorkerParts workers)
    : system_(system),
      kinds_(reinforcement_kinds(job.reward_kinds)),
      graph_(expand(job, apart)),
      process_(workers.folder),
      started_(system, graph_, kinds_, process_,
          {.seed = job.seed,
              .on_exit = std::move(workers.on_exit),
              .on_escalation = std::move(workers.on_escalation),
              .faults = std::move(workers.faults),
              .host = workers.host}) {
  check_graph(graph_, kinds_);
  if (apart.any()) parts.reporter.elsewhere = [this] { return started_.actors(); };
  auto process = job_process(system, job, std::move(parts));
  process->receives = !apart.generator;
  process_.set(std::move(process));
  started_.start();
}

void Pipeline::finish(const std::string& reason) {
  started_.end_faults();
  finish_run(system_, reason);
}

void finish_run(System& system, const std::string& reason) {
  auto keeper = system.find("run");
  if (!keeper) keeper = system.find("trainer");
  if (keeper) std::ignore = system.try_send(*keeper, FinishRun{reason});
  report_event(system,
      {{"event", "alarm"},
          {"text", reason +
                       ": finishing this step and writing a checkpoint; Ctrl-C again stops at once "
                       "(nothing is lost)"}});
}

void report_event(System& system, const RunEvent& event) {
  if (auto reporter = system.find("reporter"))
    std::ignore = system.try_send(*reporter, Report{json_text(event)});
}

}  // namespace tramontane
