#pragma once
// A Pipeline is one job's actors, placed and wired: the picture of ARCHITECTURE.md in code.
//
//   Pipeline pipeline(system, job, parts);
//   … parts.done is called when the run has ended
//   pipeline.finish("Ctrl-C");           // finish the step, write a checkpoint
//
// The same wiring runs in a program (Run, run.h) and in a simulation (tests/sim).

#include "actors/generator/generator.h"
#include "actors/job/job.h"
#include "actors/run/reporter.h"
#include "actors/trainer/trainer.h"
#include "actors/verifier/verifier.h"
#include "actors/weights/ready_store.h"
#include "actors/weights/transport.h"
#include "runtime/actor/system.h"
#include "storage/checkpoint.h"
#include "storage/kv_store.h"

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

class Pipeline {
 public:
  // The pools that a system must have for this job: one thread for each generator, one for the
  // trainer, one each for storage, weights, verifiers, evaluation and everything else.
  static std::vector<PoolOptions> pools(const Job& job);

  Pipeline(System& system, const Job& job, PipelineParts parts);

  // Asks the trainer to finish its step, write a checkpoint and end the run.
  void finish(const std::string& reason);

 private:
  // Everything that reinforcement needs beside the trainer, which is told whom it talks to.
  void spawn_loop(const Job& job, const PipelineParts& parts, Trainer::Options& trainer);

  System& system_;
  ReadyStore ready_;
};

// Gives an event to the pipeline's reporter. Any thread; lost if there is no reporter yet or any
// more, or it has no room.
void report_event(System& system, const RunEvent& event);

}  // namespace tramontane
