#include "actors/run/job_process.h"

#include "runtime/base/check.h"

namespace tramontane {

std::shared_ptr<JobProcess> JobProcess::of_worker(
    const std::string& folder, const std::string& kind, const std::vector<RewardKind>& rewards) {
  bool data = kind != "generator" && kind != "weight_receiver" && kind != "verifier";
  auto process = std::make_shared<JobProcess>();
  process->folder_ = folder;
  process->own_job_.emplace(load_job(folder + "/job.yaml", {}, {.rewards = rewards, .data = data}));
  process->job = &*process->own_job_;
  bool weights = kind != "ledger" && kind != "verifier";
  process->link = choose_transport(process->job->transport, weights);
  process->make_policy = load_policy_trainer;
  return process;
}

KvStore& JobProcess::open_ledger() {
  if (ledger == nullptr) {
    TRAM_CHECK(!folder_.empty(), "a ledger that was not given");
    own_ledger_ = open_rocksdb(folder_ + "/ledger", {});
    ledger = own_ledger_.get();
  }
  return *ledger;
}

void JobProcess::open_checkpoints() {
  if (checkpoints != nullptr) return;
  TRAM_CHECK(!folder_.empty(), "checkpoints that were not given");
  files_ = system_files();
  own_warm_.emplace(*files_, folder_ + "/warm_start", CheckpointOptions{.keep_last = 1});
  own_checkpoints_.emplace(*files_, folder_ + "/checkpoints",
      CheckpointOptions{.keep_last = job->trainer.keep_checkpoints});
  warm_checkpoints = &*own_warm_;
  checkpoints = &*own_checkpoints_;
}

}  // namespace tramontane
