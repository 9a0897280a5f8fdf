#pragma once
// Gives each finished rollout its verdict. A rollout that cannot be judged gets no_verdict with
// the reason, never a zero.
//
// Messages: Nudge (the ledger's).

#include "actors/messages/messages.h"
#include "actors/model/tokenizer/tokenizer.h"
#include "actors/rewards/reward_table.h"
#include "runtime/actor/actor.h"

#include <memory>
#include <vector>

namespace tramontane {

class Verifier final : public Actor {
 public:
  struct Options {
    Duration poll_every = std::chrono::milliseconds(200);
  };

  Verifier(RewardTable rewards, std::shared_ptr<const Tokenizer> tokenizer, Options options,
      ActorRef ledger);

  Task<void> start() override;

  bool has_work() const override { return may_have_work_; }

  Task<void> work() override;
  std::string holding() const override;

 private:
  void nudge(Nudge nudge);
  void tick(Tick tick);
  std::vector<Verdict> judge(const std::vector<LeasedRollout>& leased);

  RewardTable rewards_;
  std::shared_ptr<const Tokenizer> tokenizer_;
  Options options_;
  ActorRef ledger_;
  bool may_have_work_ = true;   // until a call fails or finds nothing; then a nudge or a while
  std::vector<Judged> unsent_;  // until the ledger answers; judging twice is refused, and harmless
};

}  // namespace tramontane
