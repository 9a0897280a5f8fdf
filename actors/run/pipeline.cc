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

std::vector<PoolOptions> Pipeline::pools(const Job& job, Isolation isolation) {
  return pools_here(expand(job, isolation));
}

Pipeline::Pipeline(
    System& system, const Job& job, PipelineParts parts, std::optional<WorkerParts> workers)
    : system_(system),
      kinds_(reinforcement_kinds(job.reward_kinds)),
      graph_(expand(job, workers ? Isolation::process : Isolation::thread)),
      process_(workers ? workers->folder : ""),
      started_(system, graph_, kinds_, process_,
          {.seed = job.seed,
              .on_exit = workers ? workers->on_exit : nullptr,
              .on_escalation = workers ? workers->on_escalation : nullptr,
              .host = workers ? workers->host : nullptr}) {
  check_graph(graph_, kinds_);
  if (workers) parts.reporter.elsewhere = [this] { return started_.actors(); };
  process_.set(job_process(system, job, std::move(parts)));
  started_.start();
}

void Pipeline::finish(const std::string& reason) {
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
