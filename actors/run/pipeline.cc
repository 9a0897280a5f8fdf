#include "actors/run/pipeline.h"

#include "actors/messages/codecs.h"
#include "actors/run/expand.h"
#include "actors/run/kinds.h"
#include "runtime/base/json_text.h"
#include "runtime/link/remote_actors.h"
#include "runtime/node/agent.h"

#include <mutex>
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
  Graph graph = expand(job, isolation);
  if (isolation == Isolation::thread) return graph.pools;
  return {{"main", 1}, {"link", 1}};  // that of whoever is not in a worker, and the workers' mail
}

// What is known of the workers, for threads other than their agent's.
class Pipeline::Workers {
 public:
  void know(const WorkerList& list) {
    std::lock_guard lock(mutex_);
    list_ = list;
  }

  // With the process that each is in.
  std::vector<ActorStatus> actors() const {
    std::lock_guard lock(mutex_);
    std::vector<ActorStatus> all;
    for (const WorkerInfo& worker : list_.workers)
      for (ActorStatus actor : worker.actors) {
        actor.restarts = worker.starts - 1;
        actor.pid = worker.pid;
        all.push_back(std::move(actor));
      }
    return all;
  }

  template <class T>
  std::uint64_t sum(T WorkerInfo::*field) const {
    std::lock_guard lock(mutex_);
    std::uint64_t sum = 0;
    for (const WorkerInfo& worker : list_.workers) sum += worker.*field;
    return sum;
  }

  std::shared_ptr<RemoteActors> remote;
  ActorRef agent;

 private:
  mutable std::mutex mutex_;
  WorkerList list_;
};

Pipeline::Pipeline(
    System& system, const Job& job, PipelineParts parts, std::optional<WorkerParts> workers)
    : system_(system),
      kinds_(reinforcement_kinds(job.reward_kinds)),
      graph_(expand(job, workers ? Isolation::process : Isolation::thread)),
      process_(workers ? workers->folder : "") {
  check_graph(graph_, kinds_);
  if (!workers) {
    process_.set(job_process(system, job, std::move(parts)));
    start_actors(system, graph_, kinds_, process_);
    return;
  }
  workers_ = std::make_shared<Workers>();
  parts.reporter.elsewhere = [known = workers_] { return known->actors(); };
  process_.set(job_process(system, job, std::move(parts)));
  workers_->remote = std::make_shared<RemoteActors>(system, 0);
  system.attach(workers_->remote);
  auto ids = number_actors(graph_, *workers_->remote);
  start_actors(system, graph_, kinds_, process_);
  AgentOptions options{.folder = workers->folder,
      .seed = job.seed,
      .on_exit = std::move(workers->on_exit),
      .on_escalation = std::move(workers->on_escalation),
      .on_workers = [known = workers_.get()](const WorkerList& list) { known->know(list); }};
  workers_->agent = system.spawn({.name = "agent", .kind = "agent", .mailbox = {.messages = 1024}},
      [this, ids = std::move(ids), options = std::move(options)] {
        return std::make_unique<Agent>(graph_, ids, workers_->remote, options);
      });
}

Pipeline::~Pipeline() = default;

void Pipeline::finish(const std::string& reason) {
  finish_run(system_, reason);
}

void Pipeline::stop(Duration patience) {
  if (!workers_) return;
  std::ignore = system_.ask(workers_->agent, StopWorkers{patience}, patience + patience / 2);
  workers_->remote->end("the run has ended");
}

std::uint32_t Pipeline::processes() const {
  return workers_ ? static_cast<std::uint32_t>(workers_->sum(&WorkerInfo::starts)) : 0;
}

std::uint64_t Pipeline::worker_memory() const {
  return workers_ ? workers_->sum(&WorkerInfo::memory) : 0;
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
