#include "actors/verifier.h"

#include "actors/message_codecs.h"
#include "runtime/base/check.h"

namespace tramontane {
namespace {

using namespace std::chrono_literals;

constexpr Duration ledger_deadline = 10s;

}  // namespace

Verifier::Verifier(RewardTable rewards, std::shared_ptr<const Tokenizer> tokenizer, Options options,
    ActorRef ledger)
    : rewards_(std::move(rewards)),
      tokenizer_(std::move(tokenizer)),
      options_(options),
      ledger_(std::move(ledger)) {
  handle(&Verifier::nudge);
  handle(&Verifier::tick);
}

awaitable<void> Verifier::start() {
  after(options_.poll_every, Tick{});
  co_return;
}

std::string Verifier::holding() const {
  return str(unsent_.size(), " verdicts not yet in the ledger");
}

awaitable<void> Verifier::work() {
  if (unsent_.empty()) {
    LeaseFinished request{name(), options_.batch};
    auto answer = co_await ask(ledger_, std::move(request), ledger_deadline, "finished rollouts");
    may_have_work_ = answer && !answer->rollouts.empty();
    if (!answer) log(Level::warning, "no rollouts to judge: " + answer.error().text);
    if (!may_have_work_) co_return;
    for (const auto& leased : answer->rollouts) unsent_.push_back({leased.lease, judge(leased)});
  }
  Judge request{unsent_};
  auto taken =
      co_await ask(ledger_, std::move(request), ledger_deadline, "the ledger to take verdicts");
  may_have_work_ = taken.has_value();
  if (taken)
    unsent_.clear();
  else
    log(Level::warning, "verdicts not taken, will send again: " + taken.error().text);
}

Verdict Verifier::judge(const LeasedRollout& leased) const {
  const Rollout& rollout = leased.rollout;
  std::vector<Token> tokens = rollout.tokens;
  if (rollout.finish == Finish::stop && !tokens.empty()) tokens.pop_back();  // the end token
  std::string text = tokenizer_->decode(tokens);
  return rewards_.judge({.prompt = leased.prompt.text,
      .answer = leased.prompt.answer,
      .text = text,
      .tokens = static_cast<std::uint32_t>(rollout.tokens.size()),
      .finish = rollout.finish});
}

void Verifier::nudge(Nudge) {
  may_have_work_ = true;
}

void Verifier::tick(Tick) {
  may_have_work_ = true;
  after(options_.poll_every, Tick{});
}

}  // namespace tramontane
