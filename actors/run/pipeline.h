#pragma once
// A Pipeline is one job's actors, started in one process: the graph of expand.h, with the kinds of
// kinds.h.
//
//   Pipeline pipeline(system, job, parts);
//   … parts.done is called when the run has ended
//   pipeline.finish("Ctrl-C");           // finish the step, write a checkpoint
//
// The same graph runs in a program (Run, run.h), over several processes, and in a simulation
// (tests/sim).

#include "actors/job/job.h"
#include "actors/run/job_process.h"
#include "runtime/actor/system.h"
#include "runtime/node/kind.h"

#include <functional>
#include <memory>
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

class Pipeline {
 public:
  // The pools that a system must have for this job: one thread for each generator, one for the
  // trainer, one each for storage, weights, verifiers, evaluation and everything else.
  static std::vector<PoolOptions> pools(const Job& job);

  Pipeline(System& system, const Job& job, PipelineParts parts);

  // Asks the trainer to finish its step, write a checkpoint and end the run.
  void finish(const std::string& reason);

 private:
  System& system_;
  const Kinds kinds_;
  ProcessContext process_;
};

// Has whoever runs the job finish it: the trainer, or the run's keeper where the trainer lives in
// another process.
void finish_run(System& system, const std::string& reason);

// Gives an event to the pipeline's reporter. Any thread; lost if there is no reporter yet or any
// more, or it has no room.
void report_event(System& system, const RunEvent& event);

}  // namespace tramontane
