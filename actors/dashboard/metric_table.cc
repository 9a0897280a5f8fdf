#include "actors/dashboard/metric_table.h"

#include "actors/view/fields.h"

#include <algorithm>
#include <cmath>

namespace tramontane {
namespace {

using enum MetricSource;

std::vector<MetricRow> learning() {
  return {{"score", "score", reinforce_step, "points",
              "Mean score of all finished completions gathered for the batch, dropped groups "
              "included, over those with a verdict"},
      {"correct", "correct", reinforce_step, "share",
          "Share of right answers among completions with a verdict, form left out"},
      {"correct_average", "correct_average", reinforce_step, "share",
          "Moving average of correct: 0.8 of the last one, 0.2 of this step's"},
      {"tokens_mean", "tokens_mean", reinforce_step, "tokens", "Mean length of a completion"},
      {"truncated_share", "truncated_share", reinforce_step, "share",
          "Share of completions that the length limit cut off"},
      {"thinking_share", "thinking_share", reinforce_step, "share",
          "Share of completions that think before they answer"},
      {"loss", "loss", reinforce_step, "loss", "The loss as the algorithm normalises it"},
      {"gradient_norm", "gradient_norm", reinforce_step, "norm",
          "Euclidean norm of the gradient before it is clipped"},
      {"learning_rate", "learning_rate", reinforce_step, "rate", "As the schedule has it"},
      {"entropy", "entropy", reinforce_step, "nats",
          "Mean entropy of the policy's distribution where it wrote a token"},
      {"clip_low_share", "clip_low_share", reinforce_step, "share",
          "Share of tokens whose ratio was held at the lower bound"},
      {"clip_high_share", "clip_high_share", reinforce_step, "share",
          "Share of tokens whose ratio was held at the upper bound"},
      {"masked_share", "masked_share", reinforce_step, "share",
          "Share of tokens left out for their importance (mask_low, mask_high)"},
      {"ratio_max", "ratio_max", reinforce_step, "ratio",
          "Largest probability ratio of a token, new policy over the one that wrote it"},
      {"effective_sample_size", "effective_sample_size", reinforce_step, "share",
          "(sum of ratios)² / (count * sum of squared ratios): 1 where nothing is off-policy"},
      {"mismatch_kl", "mismatch_kl", reinforce_step, "nats",
          "Estimated KL divergence between the policy that wrote and the one that learns, a token"},
      {"optimizer_steps", "optimizer_steps", reinforce_step, "steps", "Taken of this batch"},
      {"skipped", "skipped", reinforce_step, "flag",
          "1 where the step was left out because loss or gradient was not finite"}};
}

std::vector<MetricRow> batches() {
  return {{"rollouts", "rollouts", reinforce_step, "rollouts",
              "Finished completions gathered for the batch"},
      {"groups_kept", "groups_kept", reinforce_step, "groups", "Groups that were trained on"},
      {"groups_without_contrast", "groups_without_contrast", reinforce_step, "groups",
          "Groups dropped because all their completions score the same"},
      {"rollouts_stale", "rollouts_stale", reinforce_step, "rollouts",
          "Completions dropped because they were too old when the batch was sealed"},
      {"rollouts_no_verdict", "rollouts_no_verdict", reinforce_step, "rollouts",
          "Completions masked out because they could not be judged"},
      {"tokens", "tokens", reinforce_step, "tokens", "Tokens that were trained on"},
      {"lag_max", "lag_max", reinforce_step, "versions",
          "Largest lag of a token: the version trained minus the version that wrote it"},
      {"spanning_rollouts", "spanning_rollouts", reinforce_step, "rollouts",
          "Completions of the batch with tokens of several versions"},
      {"log_prob_gap_max", "log_prob_gap_max", reinforce_step, "nats",
          "Largest difference between recorded and recomputed log-probability of an audited token; "
          "0 is right"},
      {"log_prob_gap_tokens", "log_prob_gap_tokens", reinforce_step, "tokens", "Audited"},
      {"audited_rollouts", "audited_rollouts", reinforce_step, "rollouts", "Audited"}};
}

std::vector<MetricRow> speed() {
  return {{"tokens_per_second", "tokens_per_second", reinforce_step, "tokens/s",
              "That all generators wrote, since the step before"},
      {"generator_busy", "generator_busy", reinforce_step, "share",
          "Mean share of time that generators computed, since the step before"},
      {"trainer_busy", "trainer_busy", reinforce_step, "share",
          "Share of time that the trainer computed, since the step before"},
      {"wait_seconds", "wait_seconds", reinforce_step, "s",
          "How long the trainer waited for this batch"},
      {"train_seconds", "train_seconds", reinforce_step, "s", "What the training step took"},
      {"step_seconds", "step_seconds", reinforce_step, "s", "Since the step before"},
      {"queue_waiting", "queues.waiting", reinforce_step, "rollouts", "Wait to be written"},
      {"queue_leased", "queues.leased", reinforce_step, "rollouts", "Are being written"},
      {"queue_finished", "queues.finished", reinforce_step, "rollouts", "Wait for a verifier"},
      {"queue_judged", "queues.judged", reinforce_step, "rollouts", "Wait for their batch"},
      {"swap_stall_us", "stall_us", swap, "µs",
          "How long a generator stood still while it flipped to new weights"},
      {"swap_verify_us", "verify_us", swap, "µs", "What checking the fingerprint took"},
      {"swap_prepare_us", "prepare_us", swap, "µs", "What packing the weights took"},
      {"swap_publish_us", "publish_us", swap, "µs", "From publication to the flip"},
      {"swap_sequences", "sequences_in_flight", swap, "sequences", "That were being written"}};
}

std::vector<MetricRow> others() {
  return {{"heldout_sampled", "sampled", evaluation, "share",
              "pass@1 on held-out problems, sampled at the evaluation's temperature"},
      {"heldout_greedy", "greedy", evaluation, "share", "The same, the likeliest token each time"},
      {"heldout_thinking_share", "thinking_share", evaluation, "share", "Of those completions"},
      {"heldout_tokens_mean", "tokens_mean", evaluation, "tokens", "Of those completions"},
      {"warm_start_loss", "loss", warm_step, "nats",
          "Mean negative log-likelihood of a token of the demonstrations"},
      {"warm_start_gradient_norm", "gradient_norm", warm_step, "norm", "Before it is clipped"},
      {"warm_start_learning_rate", "learning_rate", warm_step, "rate", "As the schedule has it"},
      {"warm_start_entropy", "entropy", warm_step, "nats", "Mean entropy of the policy"},
      {"warm_start_tokens", "tokens", warm_step, "tokens", "Tokens that were trained on"},
      {"warm_start_train_seconds", "train_seconds", warm_step, "s", "What the step took"}};
}

// A field of the event, also "a.b".
double figure(const RunEvent& event, std::string_view field) {
  auto dot = field.find('.');
  if (dot != field.npos) {
    const auto* inner = object(event, field.substr(0, dot));
    return inner == nullptr ? std::nan("") : figure(*inner, field.substr(dot + 1));
  }
  const auto* value = event.if_contains(field);
  if (value != nullptr && value->is_bool()) return value->get_bool() ? 1 : 0;
  return number(event, field);
}

}  // namespace

const std::vector<MetricRow>& metric_rows() {
  static const std::vector<MetricRow> rows = [] {
    std::vector<MetricRow> all;
    for (const auto& part : {learning(), batches(), speed(), others()})
      all.insert(all.end(), part.begin(), part.end());
    return all;
  }();
  return rows;
}

double figure_of(const RunEvent& event, const MetricRow& row) {
  return figure(event, row.field);
}

const MetricRow* find_metric(std::string_view name) {
  const auto& rows = metric_rows();
  auto found =
      std::find_if(rows.begin(), rows.end(), [&](const auto& row) { return row.name == name; });
  return found == rows.end() ? nullptr : &*found;
}

}  // namespace tramontane
