#include "actors/trainer/train_batch.h"

#include "actors/model/advantages.h"
#include "runtime/base/check.h"

#include <algorithm>
#include <span>
#include <utility>

namespace tramontane {
namespace {

TrainSequence sequence_of(const Batch& batch, const Group& group, const Rollout& rollout,
    const std::set<RolloutId>& watched) {
  TrainSequence sequence;
  if (watched.contains(rollout.id)) sequence.watch = rollout.id;
  sequence.prompt = group.prompt.tokens;
  sequence.completion = rollout.tokens;
  sequence.behaviour_log_probs = rollout.log_probs;
  sequence.group = group.id;
  for (const Span& span : rollout.spans)
    sequence.lags.insert(sequence.lags.end(), span.end - span.begin,
        static_cast<std::uint32_t>(batch.step - span.version));
  return sequence;
}

std::vector<TrainSequence> minibatch_of(const ReinforcePlan& plan, const Batch& batch,
    std::span<const Group> groups, const std::set<RolloutId>& watched) {
  std::vector<TrainSequence> sequences;
  std::vector<double> scores;
  std::vector<std::uint64_t> group_of;
  std::vector<bool> masked;
  for (const Group& group : groups) {
    for (const JudgedRollout& judged : group.rollouts) {
      TRAM_CHECK(judged.verdict.score.has_value(), "a rollout without a verdict in a batch",
          judged.rollout.id);
      sequences.push_back(sequence_of(batch, group, judged.rollout, watched));
      scores.push_back(*judged.verdict.score);
      group_of.push_back(group.id);
      masked.push_back(plan.overlong == Overlong::mask && judged.rollout.finish == Finish::length);
    }
  }
  auto values = advantages(scores, group_of, plan.loss.advantage);
  TRAM_CHECK(values.size() == sequences.size(), "one advantage per rollout");
  std::vector<TrainSequence> kept;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (masked[i]) continue;
    sequences[i].advantage = values[i];
    kept.push_back(std::move(sequences[i]));
  }
  return kept;
}

void set_proximal(PolicyTrainer& trainer, std::span<TrainSequence> sequences,
    const LossOptions& loss, std::int64_t rows_max) {
  auto log_probs = trainer.log_probs(sequences, loss.temperature, rows_max);
  for (std::size_t i = 0; i < sequences.size(); ++i)
    sequences[i].proximal_log_probs = std::move(log_probs[i]);
}

// Adds another minibatch's report.
class Reports {
 public:
  void add(const StepReport& report) {
    bool first = total_.optimizer_steps == 0;
    double before = tokens_;
    tokens_ += static_cast<double>(report.tokens);
    auto mean = [&](double& into, double value) {
      into = first ? value : (into * before + value * static_cast<double>(report.tokens)) / tokens_;
    };
    mean(total_.loss, report.loss);
    mean(total_.entropy, report.entropy);
    mean(total_.clip_low_share, report.clip_low_share);
    mean(total_.clip_high_share, report.clip_high_share);
    mean(total_.masked_share, report.masked_share);
    mean(total_.ratio_mean, report.ratio_mean);
    mean(total_.effective_sample_size, report.effective_sample_size);
    mean(total_.mismatch_kl, report.mismatch_kl);
    total_.gradient_norm =
        first ? report.gradient_norm : std::max(total_.gradient_norm, report.gradient_norm);
    total_.ratio_max = first ? report.ratio_max : std::max(total_.ratio_max, report.ratio_max);
    if (first) {
      total_.log_prob_gap_max = report.log_prob_gap_max;
      total_.log_prob_gap_tokens = report.log_prob_gap_tokens;
    }
    total_.sequences += report.sequences;
    total_.tokens += report.tokens;
    total_.rows += report.rows;
    total_.microbatches += report.microbatches;
    ++total_.optimizer_steps;
    total_.watched.insert(total_.watched.end(), report.watched.begin(), report.watched.end());
    if (!report.skipped || total_.skipped) return;
    total_.skipped = true;
    total_.skip_reason = report.skip_reason;
  }

  // Over `count` minibatches in all.
  StepReport total(std::size_t count) {
    if (total_.skipped && count > 1)
      total_.skip_reason = str("one of ", count, " minibatches: ", total_.skip_reason);
    return total_;
  }

 private:
  StepReport total_{.optimizer_steps = 0};
  double tokens_ = 0;
};

}  // namespace

std::vector<std::vector<TrainSequence>> minibatches(
    const ReinforcePlan& plan, const Batch& batch, const std::set<RolloutId>& watched) {
  std::vector<std::vector<TrainSequence>> result;
  std::size_t groups = batch.groups.size();
  if (groups == 0) return result;
  std::size_t most = std::max<std::size_t>(1, plan.minibatch / plan.ledger.group_size);
  std::size_t count = plan.minibatch == 0 ? 1 : (groups + most - 1) / most;
  for (std::size_t i = 0; i < count; ++i) {
    std::size_t begin = i * groups / count;
    std::size_t end = (i + 1) * groups / count;
    auto sequences =
        minibatch_of(plan, batch, std::span(batch.groups).subspan(begin, end - begin), watched);
    if (!sequences.empty()) result.push_back(std::move(sequences));
  }
  return result;
}

StepReport train_batch(PolicyTrainer& trainer, const ReinforcePlan& plan, const Batch& batch,
    std::int64_t rows_max, const std::set<RolloutId>& watched) {
  auto parts = minibatches(plan, batch, watched);
  if (parts.size() > 1 && plan.loss.old == OldPolicy::proximal)
    for (auto& part : parts) set_proximal(trainer, part, plan.loss, rows_max);
  OptimizerOptions optimizer = plan.optimizer.at(batch.step, plan.steps);
  Reports reports;
  for (const auto& part : parts)
    reports.add(trainer.reinforce_step(part, plan.loss, optimizer, rows_max));
  return reports.total(parts.size());
}

}  // namespace tramontane
