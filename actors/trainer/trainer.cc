#include "actors/trainer/trainer.h"

#include "actors/evaluator/evaluation.h"
#include "actors/ledger/ledger.h"
#include "actors/messages/codecs.h"
#include "actors/trainer/step_event.h"
#include "actors/trainer/train_batch.h"
#include "runtime/base/check.h"
#include "runtime/base/json_text.h"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace tramontane {
namespace {

using namespace std::chrono_literals;

constexpr Duration call_deadline = 30s;
constexpr Duration retry_every = 1s;
constexpr std::uint64_t warm_checkpoint_every = 500;

double seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

// Who was asked may answer another time. It is started again when it fails, until it fails for
// good: then the answer is `closed`. All that the trainer asks may be asked twice.
bool may_pass(Errc code) {
  return code == Errc::timeout || code == Errc::undeliverable || code == Errc::failed ||
         code == Errc::unknown;
}

}  // namespace

Trainer::Trainer(Options options) : options_(std::move(options)) {
  handle(&Trainer::nudge);
  handle(&Trainer::tick);
  handle(&Trainer::finish_run);
  handle(&Trainer::evaluated);
}

std::uint64_t Trainer::warm_steps_total() const {
  std::uint64_t total = 0;
  for (const auto& stage : job().warm_starts) total += stage.steps;
  return total;
}

std::string Trainer::holding() const {
  return reinforcing_ ? str("version ", version_, ", checkpoint of version ", saved_)
                      : str("warm start, step ", warm_done_);
}

bool Trainer::has_work() const {
  return !ended_ && (!reinforcing_ || may_have_batch_ || !finish_reason_.empty());
}

void Trainer::nudge(Nudge) {
  may_have_batch_ = true;
}

void Trainer::tick(Tick) {
  may_have_batch_ = true;
  after(options_.poll_every, Tick{});
}

void Trainer::finish_run(FinishRun request) {
  if (finish_reason_.empty())
    finish_reason_ = request.reason.empty() ? "asked to finish" : request.reason;
}

// Keeps the checkpoint that did best on held-out problems, if it is still there.
void Trainer::evaluated(Evaluated result) {
  if (result.sampled <= best_sampled_ || !options_.checkpoints->has(result.version)) return;
  best_sampled_ = result.sampled;
  options_.checkpoints->mark_best(result.version, result.sampled);
}

Task<void> Trainer::start() {
  policy_ = options_.make_policy(job().model);
  policy_->set_threads(job().trainer.threads);
  policy_->set_recompute(job().trainer.recompute);
  manifest_ = std::make_shared<const Manifest>(model_manifest(job().model));
  serving_manifest_ = std::make_shared<const Manifest>(serving_manifest(job().model));
  best_sampled_ = options_.checkpoints->best_score().value_or(-1);
  if (auto checkpoint = newest_whole(*options_.checkpoints)) {
    resume_from(*checkpoint, true);
  } else if (auto warm = newest_whole(*options_.warm_checkpoints)) {
    resume_from(*warm, false);
  } else {
    begin();
  }
  if (job().initial) job().initial->release();
  if (!damaged_.empty() && version_ == 0)
    alarm(str("no checkpoint of this run is whole: it begins again at ",
        warm_done_ > 0 ? str("step ", warm_done_, " of the warm start") : "its beginning",
        ", and trains again what the ledger has recorded, which must come out the same"));
  stage_began_ = now();
  stage_step_began_ = stage_step_;
  after(options_.poll_every, Tick{});
  co_return;
}

std::optional<Checkpoint> Trainer::newest_whole(const CheckpointStore& store) {
  auto newest = store.newest_valid();
  for (const auto& problem : newest ? newest->skipped : store.damaged()) {
    alarm("a checkpoint is damaged and was passed over: " + problem);
    damaged_ += (damaged_.empty() ? "" : "; ") + problem;
  }
  if (auto problem = store.best_problem())
    alarm("which did best is not known, so all are kept until one does better: " + *problem);
  return newest;
}

void Trainer::begin() {
  if (job().initial) {
    policy_->import(*job().initial->get());
  } else {
    Arena fresh(manifest_);
    initialise(fresh, job().model, job().seed_of(Job::Purpose::weights));
    policy_->import(fresh);
  }
}

Task<void> Trainer::work() {
  if (stage_ < job().warm_starts.size()) {
    co_await warm_step();
  } else if (!job().reinforce) {
    arena_ = export_arena(0);
    co_await save();
    end(RunOutcome::How::finished, "all stages done");
  } else if (!reinforcing_) {
    co_await begin_reinforcement();
  } else if (!finish_reason_.empty()) {
    co_await save();
    end(RunOutcome::How::interrupted, finish_reason_);
  } else {
    co_await reinforce_step();
  }
}

bool Trainer::non_finite(const StepReport& report) {
  non_finite_in_a_row_ = report.skipped ? non_finite_in_a_row_ + 1 : 0;
  return non_finite_in_a_row_ > job().trainer.non_finite_max;
}

// ---- warm start --------------------------------------------------------------------------------

Task<void> Trainer::warm_step() {
  const WarmStartPlan& plan = job().warm_starts[stage_];
  if (stage_step_ == 0) {
    // Each stage has an optimizer of its own, as if it were a run of its own.
    policy_->import(*export_arena(0));
    co_await report(stage_event(stage_, "warm_start", plan.steps));
    stage_began_ = now();
    stage_step_began_ = 0;
  }
  auto began = now();
  OptimizerOptions optimizer = plan.optimizer.at(stage_step_, plan.steps);
  StepReport step = policy_->supervised_step(
      plan.sequences(warm_done_, job().seed_of(Job::Purpose::demonstrations)), optimizer,
      job().trainer.microbatch_rows);
  ++stage_step_;
  ++warm_done_;
  double per_step =
      seconds(now() - stage_began_) / static_cast<double>(stage_step_ - stage_step_began_);
  RunEvent event =
      step_event(stage_, "warm_start", stage_step_, plan.steps, optimizer.learning_rate);
  event["train_seconds"] = seconds(now() - began);
  event["eta_seconds"] = per_step * static_cast<double>(plan.steps - stage_step_);
  describe_report(event, step);
  co_await report(std::move(event));
  if (step.skipped) alarm(str("warm-start step ", stage_step_, " was skipped: ", step.skip_reason));
  if (non_finite(step)) {
    end(RunOutcome::How::failed,
        str(non_finite_in_a_row_, " warm-start steps in a row were not finite (", step.skip_reason,
            "); lower optimizer.learning_rate"));
    co_return;
  }
  bool last = stage_step_ == plan.steps;
  if (last) {
    ++stage_;
    stage_step_ = 0;
  }
  bool interrupted = !finish_reason_.empty();
  // The last one is where reinforcement begins: `tram replay` needs it.
  if (warm_done_ % warm_checkpoint_every == 0 || warm_done_ == warm_steps_total() || interrupted)
    save_warm();
  if (interrupted) end(RunOutcome::How::interrupted, finish_reason_);
}

// ---- reinforcement -----------------------------------------------------------------------------

Task<void> Trainer::begin_reinforcement() {
  if (!resumed_reinforcing_) policy_->import(*export_arena(0));  // with an optimizer of its own
  publish_version();
  co_await report(stage_event(stage_, "reinforce", job().reinforce->steps));
  RestartFrom restart{version_};
  auto restarted = co_await ask_ledger(restart, "the ledger to go back to the checkpoint");
  if (!restarted) {
    std::string why = "the ledger: " + restarted.error().text;
    if (!damaged_.empty()) why += "; damaged are: " + damaged_;
    end(RunOutcome::How::failed, why, restarted.error().code);
    co_return;
  }
  if (restarted->recorded != 0 && restarted->recorded != arena_->fingerprint()) {
    end(RunOutcome::How::mismatch,
        str("the checkpoint of version ", version_, " has fingerprint ", hex(arena_->fingerprint()),
            ", the ledger recorded ", hex(restarted->recorded)));
    co_return;
  }
  if (version_ == 0) {
    co_await save();
    co_await evaluate("before", true);
    if (Evaluation::can_force_thinking(job())) co_await evaluate("forced_thinking", true);
  }
  Publish published{version_, arena_->fingerprint(), weights_};
  static_cast<void>(
      co_await send(options_.broadcaster, published, call_deadline, "the broadcaster"));
  reinforcing_ = true;
  stage_step_ = version_;
  stage_began_ = now();
  stage_step_began_ = stage_step_;
  waiting_since_ = reminded_ = now();
}

template <class M>
Task<Answer<ReplyOf<M>>> Trainer::ask_ledger(M request, std::string_view why) {
  for (bool alarmed = false;; alarmed = true) {
    M copy = request;
    auto answer = co_await ask(options_.ledger, give(copy), call_deadline, why);
    if (answer || !may_pass(answer.error().code)) co_return answer;
    if (!alarmed) alarm("the ledger did not answer and is asked again: " + answer.error().text);
    bool slept = co_await sleep(retry_every, "before asking the ledger again");
    if (!slept) co_return answer;
  }
}

Task<void> Trainer::reinforce_step() {
  if (version_ >= job().reinforce->steps) {
    co_await end_reinforcement();
    co_return;
  }
  TakeBatch request{version_};
  auto answer =
      co_await ask(options_.ledger, give(request), call_deadline, "the batch of the next step");
  if (answer && answer->batch) {
    co_await train_on(std::move(*answer->batch));
    co_return;
  }
  may_have_batch_ = false;
  std::string why = answer ? answer->why_none : answer.error().text;
  note("waiting_for_batch", why);
  if (!answer && !may_pass(answer.error().code)) {
    end(RunOutcome::How::failed, "the ledger: " + why, answer.error().code);
    co_return;
  }
  if (now() >= reminded_ + options_.remind_every) co_await remind();
  if (now() > waiting_since_ + options_.batch_patience && !patience_lost_) {
    patience_lost_ = true;
    alarm(str("step ", version_, " has waited ", seconds(now() - waiting_since_),
        " s for its batch: ", why));
  }
}

// Perhaps no batch comes because word of the newest version was lost, with a message or with an
// actor that died. Hearing of it again changes nothing.
Task<void> Trainer::remind() {
  reminded_ = now();
  Publish published{version_, arena_->fingerprint(), weights_};
  static_cast<void>(
      co_await send(options_.broadcaster, published, call_deadline, "the broadcaster"));
  if (version_ == 0) co_return;
  Trained trained{version_ - 1, arena_->fingerprint()};
  static_cast<void>(
      co_await send(options_.ledger, trained, call_deadline, "the ledger to hear of a version"));
}

Task<void> Trainer::train_on(Batch batch) {
  const ReinforcePlan& plan = *job().reinforce;
  note("waiting_for_batch", "");
  patience_lost_ = false;
  double waited = seconds(now() - waiting_since_);
  auto began = now();
  double learning_rate = plan.optimizer.at(version_, plan.steps).learning_rate;
  std::set<RolloutId> audited = choose_audited(batch, job().trainer.audit_rollouts);
  StepReport step = train_batch(*policy_, plan, batch, job().trainer.microbatch_rows, audited);
  Audit audit =
      audit_batch(job(), batch, audited, [this](Version v) { return options_.ready->get(v); });
  std::uint64_t trained_step = version_++;
  stage_step_ = version_;
  publish_version();
  if (!co_await announce(trained_step)) co_return;
  double took = seconds(now() - began);

  correct_average_ =
      correct_average_ < 0 ? batch.mean_correct : 0.8 * correct_average_ + 0.2 * batch.mean_correct;
  double per_step =
      seconds(now() - stage_began_) / static_cast<double>(stage_step_ - stage_step_began_);
  RunEvent event = step_event(stage_, "reinforce", version_, plan.steps, learning_rate);
  event["version"] = version_;
  event["train_seconds"] = took;
  event["wait_seconds"] = waited;
  event["correct_average"] = correct_average_;
  event["eta_seconds"] = per_step * static_cast<double>(plan.steps - version_);
  event["fingerprint"] = hex(arena_->fingerprint());
  event["batch"] = hex(batch_hash(batch));
  describe_batch(event, job(), batch);
  describe_report(event, step);
  describe_audit(event, audit, step);
  co_await report(std::move(event));
  for (RunEvent& rollout : audit_events(batch, audit, step)) co_await report(std::move(rollout));

  if (audit.gap_max > 0 && !gap_alarmed_) {
    gap_alarmed_ = true;
    alarm("generator and trainer disagree on log-probabilities: " + audit.worst);
  }
  if (batch.rollouts_no_verdict * 10 > batch.rollouts_seen)
    alarm(str(batch.rollouts_no_verdict, " of ", batch.rollouts_seen,
        " completions had no verdict; the command rollouts with --no-verdict says why"));
  if (step.skipped) alarm(str("step ", version_, " was skipped: ", step.skip_reason));
  if (non_finite(step)) {
    end(RunOutcome::How::failed, str(non_finite_in_a_row_, " steps in a row were not finite (",
                                     step.skip_reason, "); lower optimizer.learning_rate"));
    co_return;
  }
  if (version_ % job().trainer.checkpoint_every == 0) co_await save();
  bool last = version_ >= plan.steps;
  if (!last && job().evaluator.every != 0 && version_ % job().evaluator.every == 0)
    co_await evaluate("during", false);
  if (!last && plan.stop_at_correct > 0 && correct_average_ >= plan.stop_at_correct)
    co_await end_reinforcement();
  waiting_since_ = reminded_ = now();
}

// Tells of a version that was published. False if the run had to end.
Task<bool> Trainer::announce(std::uint64_t step) {
  Publish published{version_, arena_->fingerprint(), weights_};
  auto sent = co_await send(options_.broadcaster, published, call_deadline, "the broadcaster");
  if (!sent) alarm(str("the broadcaster did not take version ", version_, ": ", sent.error().text));
  Trained trained{step, arena_->fingerprint()};
  auto answer = co_await ask_ledger(trained, "the ledger to record a version");
  if (!answer) {
    end(RunOutcome::How::failed, "the ledger: " + answer.error().text, answer.error().code);
    co_return false;
  }
  if (answer->recorded != 0 && answer->recorded != arena_->fingerprint()) {
    end(RunOutcome::How::mismatch,
        str("step ", step, " gave fingerprint ", hex(arena_->fingerprint()),
            ", but before the crash it gave ", hex(answer->recorded)));
    co_return false;
  }
  co_return true;
}

Task<void> Trainer::end_reinforcement() {
  if (saved_ != version_) co_await save();
  co_await evaluate("after", true);
  end(RunOutcome::How::finished, version_ >= job().reinforce->steps
                                     ? "all steps done"
                                     : str("correct reached ", job().reinforce->stop_at_correct));
}

Task<void> Trainer::report(RunEvent event) {
  Report message{json_text(event)};
  static_cast<void>(co_await send(options_.reporter, give(message), call_deadline, "the reporter"));
}

void Trainer::alarm(const std::string& text) {
  log(Level::warning, text);
  static_cast<void>(try_send(options_.reporter, Report{json_text(alarm_event(text))}));
}

void Trainer::end(RunOutcome::How how, const std::string& reason, Errc code) {
  ended_ = true;
  // Whose calls fail because it is being stopped goes on in another life, or somebody knows why
  // not.
  if (how == RunOutcome::How::failed && stop_wanted()) return;
  if (how == RunOutcome::How::failed || how == RunOutcome::How::mismatch) alarm(reason);
  options_.done({how, reason, version_, arena_ ? arena_->fingerprint() : 0, code});
}

}  // namespace tramontane
