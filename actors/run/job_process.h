#pragma once
// A JobProcess is what the actors of one reinforcement-learning job share in one process: the job,
// the weights that are ready to decode with, the stores. The process that the user started fills it
// in; a worker makes its own from the job's folder, each part when an actor first needs it.
//
// Thread rule: open_ledger() and open_checkpoints() from one thread at a time; the rest is set
// before the first actor starts.

#include "actors/job/job.h"
#include "actors/run/reporter.h"
#include "actors/trainer/trainer.h"
#include "actors/weights/ready_store.h"
#include "actors/weights/transport.h"
#include "storage/checkpoint.h"
#include "storage/file.h"
#include "storage/kv_store.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tramontane {

class JobProcess {
 public:
  const Job* job = nullptr;
  ReadyStore ready;
  bool receives = false;  // a weight receiver here fills `ready`
  WeightLink link;
  KvStore* ledger = nullptr;
  CheckpointStore* warm_checkpoints = nullptr;
  CheckpointStore* checkpoints = nullptr;
  Reporter::Options reporter;
  std::function<std::unique_ptr<PolicyTrainer>(const ModelConfig&)> make_policy;
  // From any thread, once or several times: the first counts.
  std::function<void(RunOutcome)> done;

  // The job that lies in `folder`, for a worker with actors of this kind.
  static std::shared_ptr<JobProcess> of_worker(
      const std::string& folder, const std::string& kind, const std::vector<RewardKind>& rewards);

  // Those of the job's folder, unless they were given.
  KvStore& open_ledger();
  void open_checkpoints();

 private:
  std::string folder_;
  std::optional<Job> own_job_;
  std::unique_ptr<KvStore> own_ledger_;
  std::unique_ptr<Files> files_;
  std::optional<CheckpointStore> own_warm_;
  std::optional<CheckpointStore> own_checkpoints_;
};

}  // namespace tramontane
