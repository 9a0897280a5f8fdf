// What the trainer gives out of each version: the arena to whoever decodes with it, and to the
// evaluator.
#include "actors/ledger/ledger.h"
#include "actors/messages/codecs.h"
#include "actors/trainer/trainer.h"

namespace tramontane {
namespace {

constexpr Duration call_deadline = std::chrono::seconds(30);
constexpr Duration evaluation_deadline = std::chrono::minutes(30);
constexpr int evaluation_tries = 5;

}  // namespace

std::shared_ptr<const Arena> Trainer::export_arena(Version version) const {
  auto arena = std::make_shared<Arena>(manifest_);
  policy_->export_to(*arena);
  arena->seal(version);
  return arena;
}

void Trainer::publish_version() {
  auto arena = options_.link.sender->make_arena(serving_manifest_);
  policy_->export_to(*arena);
  arena->seal(version_);
  arena_ = arena;
  weights_ = options_.link.sender->publish(arena_);
  if (!options_.prepares_own) return;
  options_.ready->put(job().generator.device->prepare(job().model, arena_));
  Version kept =
      job().reinforce->ledger.max_lag + 1;  // what the next batch may have been written by
  if (version_ >= kept) options_.ready->keep_from(version_ - kept + 1);
}

Task<void> Trainer::evaluate(std::string label, bool wait) {
  if (job().heldout.empty()) co_return;
  Evaluate request{label, static_cast<std::uint32_t>(stage_), version_, version_,
      arena_->fingerprint(), weights_};
  if (!wait) {
    static_cast<void>(co_await send(options_.evaluator, request, call_deadline, "the evaluator"));
    co_return;
  }
  // One whose process died is started again, and asked again: figures that a run is judged by.
  for (int tries = 1;; ++tries) {
    auto answer =
        co_await ask(options_.evaluator, request, evaluation_deadline, label + " evaluation");
    if (answer) co_return;
    alarm("evaluation '" + label + "' failed: " + answer.error().text);
    if (answer.error().code != Errc::unknown || tries == evaluation_tries) co_return;
  }
}

}  // namespace tramontane
