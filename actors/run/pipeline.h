#pragma once
// A Pipeline is one job's actors, started: the graph of expand.h, with the kinds of kinds.h. All of
// them in this process, or those apart that can be in workers (runtime/node/agent.h).
//
//   Pipeline pipeline(system, job, parts);
//   … parts.done is called when the run has ended
//   pipeline.finish("Ctrl-C");           // finish the step, write a checkpoint
//   pipeline.stop(20s);                  // workers, in order; then the system may be stopped
//
// The same graph runs in a program (Run, run.h), over several processes, and in a simulation
// (tests/sim).

#include "actors/job/job.h"
#include "actors/run/job_process.h"
#include "runtime/actor/system.h"
#include "runtime/node/kind.h"
#include "runtime/node/started_graph.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tramontane {

// What a pipeline works with; all outlive it.
struct PipelineParts {
  KvStore* ledger = nullptr;
  CheckpointStore* warm_checkpoints = nullptr;
  CheckpointStore* checkpoints = nullptr;
  WeightLink link;
  Reporter::Options reporter;
  std::function<std::unique_ptr<PolicyTrainer>(const ModelConfig&)> make_policy;
  std::function<void(RunOutcome)>
      done;  // from the trainer's thread, or another actor's if that one failed for good
};

// What the actors of the process that the user started share.
std::shared_ptr<JobProcess> job_process(System& system, const Job& job, PipelineParts parts);

// For a job some of whose actors live in workers.
struct WorkerParts {
  std::string folder;  // the run's
  // As a System's: of actors in workers.
  std::function<void(const ExitRecord&)> on_exit;
  std::function<void(const ExitRecord&)> on_escalation;
  std::vector<FaultRule> faults;
  // Where they run; null: as processes of this machine. Outlives the system.
  WorkerHost* host = nullptr;
};

class Pipeline {
 public:
  // The pools that a system must have for this job: one thread for each generator, one for the
  // trainer, one each for storage, weights, verifiers, evaluation and everything else, as far as
  // they are in this process.
  static std::vector<PoolOptions> pools(const Job& job, const Apart& apart = {});

  // Roles that live apart have workers of their own, which open ledger and checkpoints themselves.
  Pipeline(System& system, const Job& job, PipelineParts parts, const Apart& apart = {},
      WorkerParts workers = {});

  // Asks the trainer to finish its step, write a checkpoint and end the run.
  void finish(const std::string& reason);

  // Ends the workers, each before those started earlier. Nothing to do where there are none.
  void stop(Duration patience) { started_.stop(patience); }

  // What runs, and where.
  const StartedGraph& started() const { return started_; }

 private:
  System& system_;
  const Kinds kinds_;
  const Graph graph_;
  ProcessContext process_;
  StartedGraph started_;
};

// Has whoever runs the job finish it: the trainer, or the run's keeper where the trainer lives in
// another process.
void finish_run(System& system, const std::string& reason);

// Gives an event to the pipeline's reporter. Any thread; lost if there is no reporter yet or any
// more, or it has no room.
void report_event(System& system, const RunEvent& event);

}  // namespace tramontane
