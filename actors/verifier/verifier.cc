#include "actors/verifier/verifier.h"

#include "actors/messages/codecs.h"
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

Task<void> Verifier::start() {
  after(options_.poll_every, Tick{});
  co_return;
}

std::string Verifier::holding() const {
  return str(unsent_.size(), " verdicts not yet in the ledger");
}

Task<void> Verifier::work() {
  if (unsent_.empty()) {
    LeaseFinished request{rewards_.batch()};
    auto answer = co_await ask(ledger_, give(request), ledger_deadline, "finished rollouts");
    may_have_work_ = answer && !answer->rollouts.empty();
    if (!answer) log(Level::warning, "no rollouts to judge: " + answer.error().text);
    if (!may_have_work_) co_return;
    auto verdicts = judge(answer->rollouts);
    for (std::size_t i = 0; i < verdicts.size(); ++i)
      unsent_.push_back({answer->rollouts[i].lease, std::move(verdicts[i])});
  }
  Judge request{unsent_};
  auto taken = co_await ask(ledger_, give(request), ledger_deadline, "the ledger to take verdicts");
  may_have_work_ = taken.has_value();
  if (taken)
    unsent_.clear();
  else
    log(Level::warning, "verdicts not taken, will send again: " + taken.error().text);
}

std::vector<Verdict> Verifier::judge(const std::vector<LeasedRollout>& leased) {
  std::vector<std::string> texts;
  std::vector<Completion> completions;
  texts.reserve(leased.size());  // completions look into them
  for (const auto& one : leased) {
    const Rollout& rollout = one.rollout;
    std::vector<Token> tokens = rollout.tokens;
    if (rollout.finish == Finish::stop && !tokens.empty()) tokens.pop_back();  // the end token
    texts.push_back(tokenizer_->decode(tokens));
    completions.push_back({.prompt = one.prompt.text,
        .answer = one.prompt.answer,
        .text = texts.back(),
        .tokens = static_cast<std::uint32_t>(rollout.tokens.size()),
        .finish = rollout.finish,
        .id = rollout.id});
  }
  return rewards_.judge(completions);
}

void Verifier::nudge(Nudge) {
  may_have_work_ = true;
}

void Verifier::tick(Tick) {
  may_have_work_ = true;
  after(options_.poll_every, Tick{});
}

}  // namespace tramontane
