// What the trainer says of a step, and its audit of the log-probabilities.
#include "actors/trainer/step_event.h"

#include "tests/sim/sim_job.h"

#include <cmath>
#include <limits>
#include <map>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

double number(const RunEvent& event, const char* key) {
  return event.at(key).to_number<double>();
}

JudgedRollout judged(
    RolloutId id, std::vector<Token> tokens, std::vector<Span> spans, double score = 0) {
  JudgedRollout made;
  made.rollout.id = id;
  made.rollout.tokens = std::move(tokens);
  made.rollout.log_probs.assign(made.rollout.tokens.size(), -0.5F);
  made.rollout.spans = std::move(spans);
  made.verdict.score = score;
  return made;
}

// Of step 5: a rollout of version 5, one of 3 and 4, and one of 5 in another group.
Batch sample_batch() {
  Batch batch;
  batch.step = 5;
  Group first{7, {70, "1+1=", "2", {3, 4}}, {}};
  first.rollouts.push_back(judged(14, {1, 2, 3}, {{0, 3, 5, 0, true}}, 1));
  first.rollouts.push_back(judged(15, {4, 5, 6, 7}, {{0, 1, 3, 0, true}, {1, 4, 4, 0, false}}, 3));
  Group second{9, {90, "1+2=", "3", {5}}, {}};
  second.rollouts.push_back(judged(18, {2, 1}, {{0, 2, 5, 0, true}}, 2));
  batch.groups = {first, second};
  return batch;
}

// Rollouts as a generator would have written them: their log-probabilities are right.
struct AuditBench {
  AuditBench() {
    for (Version version : {4, 5}) {
      auto arena =
          std::make_shared<Arena>(std::make_shared<const Manifest>(model_manifest(job.model)));
      initialise(*arena, job.model, version);
      arena->seal(version);
      weights[version] = ReadyWeights::prepare(job.model, arena);
    }
    batch.step = 5;
    Group group{0, job.prompts[0].prompt, {}};
    group.rollouts.push_back(judged(0, {1, 2, 3}, {{0, 3, 5, 0, true}}));
    group.rollouts.push_back(judged(1, {4, 5, 6, 7}, {{0, 2, 4, 0, true}, {2, 4, 5, 0, false}}));
    group.rollouts.push_back(judged(2, {4, 5}, {{0, 2, 5, 0, true}}));
    for (auto& one : group.rollouts)
      one.rollout.log_probs = replay_log_probs(
          job.model, group.prompt.tokens, one.rollout, weights_of(), job.generator.temperature);
    batch.groups.push_back(std::move(group));
  }

  std::function<std::shared_ptr<const ReadyWeights>(Version)> weights_of() {
    return [this](Version version) {
      auto found = weights.find(version);
      return found == weights.end() ? nullptr : found->second;
    };
  }

  Audit audit(std::uint32_t count) {
    return audit_batch(job, batch, choose_audited(batch, count), weights_of());
  }

  float& log_prob(std::size_t rollout, std::size_t token) {
    return batch.groups[0].rollouts[rollout].rollout.log_probs[token];
  }

  Job job = sim_job(1);
  std::map<Version, std::shared_ptr<const ReadyWeights>> weights;
  Batch batch;
};

}  // namespace

TEST_CASE("the largest lag is that of the oldest token") {
  CHECK(lag_max(sample_batch()) == 2);
  CHECK(lag_max(Batch()) == 0);
}

TEST_CASE("a step's event counts its batch's rollouts, lags and thinking") {
  Job job = sim_job(1);
  job.tokenizer = std::make_shared<const Tokenizer>(
      Tokenizer::of_characters({"<eos>", "<think>"}, "0123456789+=?"));
  REQUIRE(job.tokenizer->id("<think>") == 1);
  Batch batch = sample_batch();
  batch.rollouts_seen = 12;
  batch.groups_without_contrast = 3;
  batch.rollouts_stale = 4;
  batch.rollouts_no_verdict = 5;
  batch.mean_score = 0.25;
  batch.mean_correct = 0.5;
  batch.mean_tokens = 17;
  batch.truncated_share = 0.125;
  RunEvent event;
  describe_batch(event, job, batch);
  CHECK(number(event, "rollouts") == 12);
  CHECK(number(event, "groups_kept") == 2);
  CHECK(number(event, "groups_without_contrast") == 3);
  CHECK(number(event, "rollouts_stale") == 4);
  CHECK(number(event, "rollouts_no_verdict") == 5);
  CHECK(number(event, "score") == 0.25);
  CHECK(number(event, "correct") == 0.5);
  CHECK(number(event, "tokens_mean") == 17);
  CHECK(number(event, "truncated_share") == 0.125);
  CHECK(number(event, "thinking_share") == doctest::Approx(1.0 / 3));  // it begins with <think>
  CHECK(number(event, "spanning_rollouts") == 1);
  CHECK(number(event, "lag_max") == 2);
  CHECK(event.at("lag_histogram") == boost::json::array{5, 3, 1});

  batch.groups.clear();
  batch.mean_score = std::nan("");
  describe_batch(event, job, batch);
  CHECK(event.at("thinking_share").is_null());
  CHECK(event.at("score").is_null());
  CHECK(event.at("lag_histogram") == boost::json::array{0});
  job.tokenizer = sim_job(1).tokenizer;  // without a <think>
  describe_batch(event, job, sample_batch());
  CHECK(number(event, "thinking_share") == 0);
}

TEST_CASE("a step's event has each figure of its report, and null for what is not finite") {
  StepReport report;
  report.loss = 1;
  report.gradient_norm = 2;
  report.tokens = 3;
  report.rows = 4;
  report.microbatches = 5;
  report.entropy = 6;
  report.clip_low_share = 7;
  report.clip_high_share = 8;
  report.ratio_max = 9;
  report.effective_sample_size = 10;
  report.mismatch_kl = 11;
  report.optimizer_steps = 12;
  report.masked_share = 13;
  report.skip_reason = "nothing";
  RunEvent event;
  describe_report(event, report);
  double expected = 0;
  for (const char* key : {"loss", "gradient_norm", "tokens", "rows", "microbatches", "entropy",
           "clip_low_share", "clip_high_share", "ratio_max", "effective_sample_size", "mismatch_kl",
           "optimizer_steps", "masked_share"})
    CHECK_MESSAGE(number(event, key) == ++expected, key);
  CHECK(event.at("skipped") == false);
  CHECK_FALSE(event.contains("skip_reason"));
  report.skipped = true;
  report.loss = std::numeric_limits<double>::infinity();
  describe_report(event, report);
  CHECK(event.at("skipped") == true);
  CHECK(event.at("skip_reason").as_string() == "nothing");
  CHECK(event.at("loss").is_null());
}

TEST_CASE("an audit computes rollouts anew, those of several versions first") {
  AuditBench bench;
  Audit one = bench.audit(1);
  CHECK(one.rollouts == 1);
  CHECK(one.spanning == 1);
  CHECK(one.tokens == 4);
  Audit all = bench.audit(8);
  CHECK(all.rollouts == 3);
  CHECK(all.spanning == 1);
  CHECK(all.tokens == 9);
  CHECK(all.gap_max == 0);
  CHECK(all.worst.empty());
  CHECK(bench.audit(0).rollouts == 0);
  bench.weights.erase(4);  // what is gone cannot be computed again
  CHECK(bench.audit(8).rollouts == 2);
  CHECK(bench.audit(8).spanning == 0);
}

TEST_CASE("an audit finds the largest gap, and names the rollout and token") {
  AuditBench bench;
  bench.log_prob(0, 1) += 0.25F;
  Audit audit = bench.audit(8);
  CHECK(audit.gap_max == doctest::Approx(0.25));
  CHECK(audit.worst.find("rollout 0 token 1: recorded ") == 0);
  bench.log_prob(2, 1) -= 0.5F;
  bench.log_prob(2, 0) += 0.125F;
  audit = bench.audit(8);
  CHECK(audit.gap_max == doctest::Approx(0.5));
  CHECK(audit.worst.find("rollout 2 token 1: recorded ") == 0);
  bench.log_prob(1, 3) = std::nanf("");
  audit = bench.audit(8);
  CHECK(audit.gap_max == std::numeric_limits<double>::max());
  RunEvent event;
  describe_audit(event, audit, StepReport{});
  CHECK(number(event, "log_prob_gap_max") == std::numeric_limits<double>::max());
}

TEST_CASE("a gap that is no number at all is told, whatever comes before it") {
  AuditBench bench;
  bench.log_prob(1, 0) = std::nanf("");
  bench.log_prob(0, 0) += 0.5F;
  Audit audit = bench.audit(8);
  CHECK(audit.gap_max == std::numeric_limits<double>::max());
  CHECK(audit.worst.find("rollout 1 token 0") == 0);
}

TEST_CASE(
    "the step's gap is the larger of the audit's and the trainer's, over the tokens of both") {
  Audit audit{.gap_max = 0.5, .rollouts = 3, .spanning = 1, .tokens = 9, .worst = {}};
  StepReport report;
  report.log_prob_gap_max = 0.25;
  report.log_prob_gap_tokens = 100;
  RunEvent event;
  describe_audit(event, audit, report);
  CHECK(number(event, "audited_rollouts") == 3);
  CHECK(number(event, "audited_spanning") == 1);
  CHECK(number(event, "log_prob_gap_max") == 0.5);
  CHECK(number(event, "log_prob_gap_tokens") == 109);
  report.log_prob_gap_max = 0.75;
  describe_audit(event, audit, report);
  CHECK(number(event, "log_prob_gap_max") == 0.75);
}

TEST_CASE("of an audited rollout it is told what became of each token") {
  AuditBench bench;
  bench.log_prob(0, 1) += 0.25F;
  bench.weights.erase(4);
  Audit audit = bench.audit(8);
  StepReport report;
  const float trained = bench.log_prob(0, 0) + static_cast<float>(std::log(1.5));
  report.watched.push_back(
      {0, {trained, bench.log_prob(0, 1), -std::numeric_limits<float>::infinity()},
          {0.5F, 0.123456F, std::nanf("")},
          {TokenFate::clipped_high, TokenFate::kept, TokenFate::masked}});
  const auto& spanning = bench.batch.groups[0].rollouts[1].rollout;
  report.watched.push_back({1, spanning.log_probs, std::vector<float>(4, 1.0F),
      std::vector<TokenFate>(4, TokenFate::clipped_low)});
  auto events = audit_events(bench.batch, audit, report);
  REQUIRE(events.size() == 2);
  CHECK(events[0].at("rollout").to_number<int>() == 0);
  CHECK(events[0].at("step").to_number<int>() == 5);
  CHECK(events[0].at("gaps") == boost::json::array{0.0, 0.25, 0.0});
  CHECK(events[0].at("ratios") == boost::json::array{1.5, 1.0, 0.0});
  CHECK(events[0].at("entropy") == boost::json::array{0.5, 0.1235, nullptr});
  CHECK(events[0].at("fates") == ">.m");
  // The weights that it was written under are gone: nothing was computed anew.
  CHECK(events[1].at("gaps") == boost::json::array{});
  CHECK(events[1].at("fates") == "<<<<");

  // A rollout of very many tokens is told as far as there is room.
  auto& longest = bench.batch.groups[0].rollouts[2].rollout;
  longest.tokens.assign(5000, 1);
  longest.log_probs.assign(5000, -1.0F);
  report.watched = {{2, longest.log_probs, longest.log_probs, std::vector<TokenFate>(5000)}};
  events = audit_events(bench.batch, audit, report);
  REQUIRE(events.size() == 1);
  CHECK(events[0].at("fates").as_string().size() == 4096);
  CHECK(events[0].at("ratios").as_array().size() == 4096);
}

TEST_CASE("stages, checkpoints and alarms are told with all there is to say of them") {
  CHECK(stage_event(2, "reinforce", 30) ==
        RunEvent{{"event", "stage"}, {"stage", 2}, {"kind", "reinforce"}, {"steps", 30}});
  CHECK(checkpoint_event(7, "a/b", 123, 0.5) == RunEvent{{"event", "checkpoint"}, {"version", 7},
                                                    {"folder", "a/b"}, {"bytes", 123},
                                                    {"took_seconds", 0.5}, {"best", false}});
  CHECK(alarm_event("fire") == RunEvent{{"event", "alarm"}, {"text", "fire"}});
}

TEST_CASE("a fingerprint is shown as 16 digits") {
  CHECK(hex(0) == "0000000000000000");
  CHECK(hex(0x00ABCDEF01234567) == "00abcdef01234567");
}
