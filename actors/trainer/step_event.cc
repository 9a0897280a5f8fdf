#include "actors/trainer/step_event.h"

#include "actors/rewards/reward.h"
#include "runtime/base/check.h"

#include <boost/json/array.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>

namespace tramontane {
namespace {

void number(RunEvent& event, const char* name, double value) {
  if (std::isfinite(value))
    event[name] = value;
  else
    event[name] = nullptr;
}

bool same_bits(float a, float b) {
  return std::memcmp(&a, &b, sizeof a) == 0;
}

double gap_of(float a, float b) {
  return std::abs(static_cast<double>(a) - static_cast<double>(b));
}

bool spans_versions(const Rollout& rollout) {
  return !rollout.spans.empty() && rollout.spans.front().version != rollout.spans.back().version;
}

// By its text: a tag may be several tokens, of which each has a byte at least.
bool thinks(const Job& job, const Prompt& prompt, const Rollout& rollout) {
  const RewardOptions& options = job.reward_options;
  if (prompt_opens_thinking(prompt.text, options)) return true;
  std::size_t count = std::min(options.tags.open.size(), rollout.tokens.size());
  std::vector<Token> begin(
      rollout.tokens.begin(), rollout.tokens.begin() + static_cast<std::ptrdiff_t>(count));
  return begins_thinking(job.tokenizer->decode(begin), options.tags);
}

template <class Visit>
void each_rollout(const Batch& batch, Visit visit) {
  for (const auto& group : batch.groups)
    for (const auto& judged : group.rollouts) visit(group, judged);
}

}  // namespace

std::uint32_t lag_max(const Batch& batch) {
  std::uint32_t most = 0;
  each_rollout(batch, [&](const Group&, const JudgedRollout& judged) {
    for (const Span& span : judged.rollout.spans)
      most = std::max(most, static_cast<std::uint32_t>(batch.step - span.version));
  });
  return most;
}

std::set<RolloutId> choose_audited(const Batch& batch, std::uint32_t count) {
  std::set<RolloutId> chosen;
  for (bool spanning : {true, false})
    each_rollout(batch, [&](const Group&, const JudgedRollout& judged) {
      if (spans_versions(judged.rollout) == spanning && chosen.size() < count)
        chosen.insert(judged.rollout.id);
    });
  return chosen;
}

Audit audit_batch(const Job& job, const Batch& batch, const std::set<RolloutId>& chosen,
    const std::function<std::shared_ptr<const ReadyWeights>(Version)>& weights_of) {
  Audit audit;
  each_rollout(batch, [&](const Group& group, const JudgedRollout& judged) {
    const Rollout& rollout = judged.rollout;
    if (!chosen.contains(rollout.id)) return;
    auto expected = replay_log_probs(job.model, group.prompt.tokens, rollout, weights_of,
        job.generator.temperature, *job.generator.device);
    if (expected.empty()) return;
    ++audit.rollouts;
    audit.spanning += spans_versions(rollout) ? 1 : 0;
    audit.tokens += expected.size();
    for (std::size_t i = 0; i < expected.size(); ++i) {
      if (same_bits(expected[i], rollout.log_probs[i])) continue;
      double gap = gap_of(expected[i], rollout.log_probs[i]);
      if (!(gap > audit.gap_max))
        gap =
            std::max(audit.gap_max, std::isfinite(gap) ? gap : std::numeric_limits<double>::max());
      if (gap > audit.gap_max || audit.worst.empty())
        audit.worst = str("rollout ", rollout.id, " token ", i, ": recorded ", rollout.log_probs[i],
            ", computed ", expected[i]);
      audit.gap_max = gap;
    }
    audit.log_probs[rollout.id] = std::move(expected);
  });
  return audit;
}

void describe_batch(RunEvent& event, const Job& job, const Batch& batch) {
  std::vector<std::uint64_t> lags(1, 0);
  std::uint64_t spanning = 0;
  std::uint64_t thinking = 0;
  std::uint64_t rollouts = 0;
  each_rollout(batch, [&](const Group& group, const JudgedRollout& judged) {
    ++rollouts;
    spanning += spans_versions(judged.rollout) ? 1 : 0;
    thinking += thinks(job, group.prompt, judged.rollout) ? 1 : 0;
    for (const Span& span : judged.rollout.spans) {
      std::uint64_t lag = batch.step - span.version;
      if (lags.size() <= lag) lags.resize(lag + 1, 0);
      lags[lag] += span.end - span.begin;
    }
  });
  event["rollouts"] = batch.rollouts_seen;
  event["groups_kept"] = batch.groups.size();
  event["groups_without_contrast"] = batch.groups_without_contrast;
  event["rollouts_stale"] = batch.rollouts_stale;
  event["rollouts_no_verdict"] = batch.rollouts_no_verdict;
  number(event, "score", batch.mean_score);
  number(event, "correct", batch.mean_correct);
  number(event, "tokens_mean", batch.mean_tokens);
  number(event, "truncated_share", batch.truncated_share);
  number(event, "thinking_share",
      rollouts == 0 ? std::numeric_limits<double>::quiet_NaN()
                    : static_cast<double>(thinking) / static_cast<double>(rollouts));
  event["spanning_rollouts"] = spanning;
  event["lag_max"] = lag_max(batch);
  event["lag_histogram"] = boost::json::array(lags.begin(), lags.end());
}

void describe_report(RunEvent& event, const StepReport& report) {
  event["skipped"] = report.skipped;
  if (report.skipped) event["skip_reason"] = report.skip_reason;
  number(event, "loss", report.loss);
  number(event, "gradient_norm", report.gradient_norm);
  event["tokens"] = report.tokens;
  event["rows"] = report.rows;
  event["microbatches"] = report.microbatches;
  event["optimizer_steps"] = report.optimizer_steps;
  number(event, "entropy", report.entropy);
  number(event, "clip_low_share", report.clip_low_share);
  number(event, "clip_high_share", report.clip_high_share);
  number(event, "masked_share", report.masked_share);
  number(event, "ratio_max", report.ratio_max);
  number(event, "effective_sample_size", report.effective_sample_size);
  number(event, "mismatch_kl", report.mismatch_kl);
}

void describe_audit(RunEvent& event, const Audit& audit, const StepReport& report) {
  event["audited_rollouts"] = audit.rollouts;
  event["audited_spanning"] = audit.spanning;
  number(event, "log_prob_gap_max", std::max(audit.gap_max, report.log_prob_gap_max));
  event["log_prob_gap_tokens"] = audit.tokens + report.log_prob_gap_tokens;
}

namespace {

constexpr std::size_t audited_tokens_most = 4096;  // of one rollout, in its event

// To four digits: an event for people, and of thousands of tokens.
boost::json::value short_number(double value) {
  if (!std::isfinite(value)) return nullptr;
  char text[32];
  std::snprintf(text, sizeof text, "%.4g", value);
  return std::strtod(text, nullptr);
}

char letter_of(TokenFate fate) {
  switch (fate) {
    case TokenFate::kept:
      return '.';
    case TokenFate::clipped_low:
      return '<';
    case TokenFate::clipped_high:
      return '>';
    case TokenFate::masked:
      return 'm';
  }
  return '.';
}

RunEvent audit_event(std::uint64_t step, const Rollout& rollout, const WatchedTokens& seen,
    const std::vector<float>& anew) {
  std::size_t count = std::min({rollout.tokens.size(), seen.log_probs.size(), seen.entropy.size(),
      seen.fates.size(), audited_tokens_most});
  boost::json::array gaps;
  boost::json::array ratios;
  boost::json::array entropy;
  std::string fates;
  for (std::size_t i = 0; i < count; ++i) {
    double recorded = rollout.log_probs[i];
    if (i < anew.size()) gaps.push_back(short_number(gap_of(anew[i], rollout.log_probs[i])));
    ratios.push_back(short_number(std::exp(static_cast<double>(seen.log_probs[i]) - recorded)));
    entropy.push_back(short_number(seen.entropy[i]));
    fates += letter_of(seen.fates[i]);
  }
  return {{"event", "audit"}, {"rollout", rollout.id}, {"step", step}, {"gaps", std::move(gaps)},
      {"ratios", std::move(ratios)}, {"entropy", std::move(entropy)}, {"fates", fates}};
}

}  // namespace

std::vector<RunEvent> audit_events(
    const Batch& batch, const Audit& audit, const StepReport& report) {
  std::map<RolloutId, const WatchedTokens*> seen;
  for (const WatchedTokens& tokens : report.watched) seen[tokens.watch] = &tokens;
  std::vector<RunEvent> events;
  each_rollout(batch, [&](const Group&, const JudgedRollout& judged) {
    auto tokens = seen.find(judged.rollout.id);
    if (tokens == seen.end()) return;
    auto anew = audit.log_probs.find(judged.rollout.id);
    events.push_back(audit_event(batch.step, judged.rollout, *tokens->second,
        anew == audit.log_probs.end() ? std::vector<float>() : anew->second));
  });
  return events;
}

RunEvent stage_event(std::size_t stage, const char* kind, std::uint64_t steps) {
  return {{"event", "stage"}, {"stage", stage}, {"kind", kind}, {"steps", steps}};
}

RunEvent step_event(std::size_t stage, const char* kind, std::uint64_t step, std::uint64_t steps,
    double learning_rate) {
  return {{"event", "step"}, {"stage", stage}, {"kind", kind}, {"step", step}, {"steps", steps},
      {"learning_rate", learning_rate}};
}

RunEvent checkpoint_event(
    Version version, const std::string& folder, std::uint64_t bytes, double took_seconds) {
  return {{"event", "checkpoint"}, {"version", version}, {"folder", folder}, {"bytes", bytes},
      {"took_seconds", took_seconds}, {"best", false}};
}

RunEvent alarm_event(const std::string& text) {
  return {{"event", "alarm"}, {"text", text}};
}

std::string hex(Fingerprint fingerprint) {
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(fingerprint));
  return text;
}

}  // namespace tramontane
