#pragma once
// A Generator keeps a continuous batch full and never waits: it leases rollout tasks ahead, writes
// one token of each sequence per turn, has the ledger append segments in the background, and flips
// to new weights between two tokens, whatever the ledger is doing. It has a thread of its own.
//
// Its appends also tell the ledger which rollouts it still holds.
//
// Messages: Swap (the weight receiver's), Nudge (the ledger's).

#include "actors/generator/continuous_batch.h"
#include "actors/messages/messages.h"
#include "actors/model/model_config.h"
#include "actors/weights/ready_store.h"
#include "runtime/actor/actor.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace tramontane {

class Generator final : public Actor {
 public:
  struct Options {
    ContinuousBatch::Options batch;
    std::uint32_t flush_finished = 32;  // append once so many rollouts have ended …
    Duration flush_every = std::chrono::milliseconds(20);              // … or after so long
    Duration flush_unfinished_every = std::chrono::milliseconds(250);  // half-written ones too
    Duration poll_every = std::chrono::milliseconds(200);  // asks for tasks even without a nudge
    // Tasks leased beyond the free slots, as a share of all slots: what is written while the ledger
    // answers.
    double ahead = 0.25;
  };

  // `ready` outlives the actor.
  Generator(const ModelConfig& config, Options options, ActorRef ledger, const ReadyStore& ready);

  bool has_work() const override;
  Task<void> work() override;
  Task<void> start() override;
  Task<void> stop() override;
  std::string holding() const override;

 private:
  Answer<SwapResult> swap(Swap request);
  void nudge(Nudge nudge);
  void tick(Tick tick);

  void pull_tasks();
  void take_tasks();
  void begin_flush(bool unfinished);
  void end_flush(Answer<AppendResults> answer);
  // What is to be sent, with whatever was under way: appending twice is harmless.
  Append gather(bool unfinished);

  void count();  // what was done since, into the metrics

  bool renewal_due() const;

  // Tasks that may be leased now.
  std::uint32_t wanted() const;

  bool to_send() const { return !unsent_.empty() || batch_.finished_untaken() > 0; }

  Options options_;
  ActorRef ledger_;
  const ReadyStore& ready_;
  ContinuousBatch batch_;
  std::vector<Segment> unsent_;  // made, not yet in the ledger; resent until it answers
  Pending<LeaseTasks> leasing_;
  Pending<Append> appending_;  // the first of unsent_
  std::size_t sent_ = 0;       // how many of them
  std::uint32_t asked_ = 0;    // tasks, by the last lease
  bool nudged_ = false;        // since then
  Time ask_after_{};           // no tasks were there: not before this, or a nudge
  Time send_after_{};          // the ledger did not take segments: not before this
  Time flushed_{};
  Time flushed_unfinished_{};
  std::uint64_t tokens_ = 0;
  std::uint64_t tokens_written_ = 0;  // in this life, up to the last count
  ContinuousBatch::CacheCounts counted_;
};

}  // namespace tramontane
