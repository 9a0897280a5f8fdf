#pragma once
// The ledger as an actor: the one who touches the Ledger (ledger.h), on the storage pool. It
// expires leases, groups syncs, and nudges actors that found nothing when there may be something.
//
// Messages: LeaseTasks, Append, LeaseFinished, Judge, TakeBatch, Trained, Checkpointed,
// RestartFrom, AskCounts.

#include "actors/ledger/ledger.h"
#include "actors/ledger/rollout_times.h"
#include "actors/messages/messages.h"
#include "runtime/actor/actor.h"
#include "runtime/actor/watch.h"
#include "storage/kv_store.h"

#include <functional>
#include <memory>
#include <set>
#include <string>

namespace tramontane {

class LedgerActor final : public Actor {
 public:
  // The store outlives the actor; the ledger is opened in start(). Damage that is found is told to
  // `reporter`, if there is one.
  LedgerActor(KvStore& store, PromptOf prompt_of, LedgerOptions options, ActorRef reporter = {});

  Task<void> start() override;
  Task<void> stop() override;
  std::string holding() const override;

 private:
  TaskList lease_tasks(LeaseTasks request);
  AppendResults append(Append request);
  FinishedList lease_finished(LeaseFinished request);
  AppendResults judge(Judge request);
  Answer<BatchAnswer> take_batch(TakeBatch request);
  Answer<TrainedAnswer> trained(Trained request);
  Answer<TrainedAnswer> restart_from(RestartFrom request);
  Answer<void> checkpointed(Checkpointed request);
  LedgerCounts counts(AskCounts request);
  void exited(ActorExited exit);
  void tick(Tick tick);

  Micros time() const;
  void nudge(std::set<std::string>& waiting);
  // The name of whoever sent what is being handled, watched from now on.
  std::string holder();
  void tell_damage();
  // When it was written, to whoever keeps that.
  void tell_written(const WrittenRollout& written);

  KvStore& store_;
  PromptOf prompt_of_;
  LedgerOptions options_;
  ActorRef reporter_;
  std::unique_ptr<Ledger> ledger_;
  std::size_t told_ = 0;  // of the records quarantined
  std::set<std::string> watched_;
  // Who found nothing, by what they looked for.
  std::set<std::string> want_tasks_;
  std::set<std::string> want_finished_;
  std::set<std::string> want_batch_;
  RolloutTimes times_;  // by the wall
};

}  // namespace tramontane
