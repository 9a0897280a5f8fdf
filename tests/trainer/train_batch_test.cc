#include "actors/trainer/train_batch.h"

#include "actors/model/algorithms.h"
#include "runtime/base/random.h"

#include <cmath>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

// Of step 5: `groups` groups of two, the first of each better by one than the second.
Batch batch_of(std::size_t groups) {
  Batch batch;
  batch.step = 5;
  for (std::size_t g = 0; g < groups; ++g) {
    Group group{7 + g, {70, "1+1=", "2", {3, 4}}, {}};
    for (std::uint32_t sample = 0; sample < 2; ++sample) {
      JudgedRollout judged;
      judged.rollout.id = 2 * group.id + sample;
      judged.rollout.tokens = {1, 2, static_cast<Token>(g)};
      judged.rollout.log_probs.assign(3, -0.5F);
      judged.rollout.spans = {{0, 1, 3, 0, true}, {1, 3, 5, 0, false}};
      judged.rollout.finish = sample == 0 ? Finish::stop : Finish::length;
      judged.verdict.score = 1.0 - sample;
      group.rollouts.push_back(std::move(judged));
    }
    batch.groups.push_back(std::move(group));
  }
  return batch;
}

ReinforcePlan plan_of(const char* algorithm, std::uint32_t minibatch = 0) {
  ReinforcePlan plan;
  plan.algorithm = algorithm;
  plan.loss = loss_of(algorithm);
  plan.minibatch = minibatch;
  plan.steps = 10;
  plan.optimizer.options.learning_rate = 0.5;
  plan.ledger.group_size = 2;
  return plan;
}

// Keeps what each step was given; its log-probs say how many steps came before.
class Recorder final : public PolicyTrainer {
 public:
  void set_threads(unsigned) override {}

  void set_recompute(Recompute) override {}

  void import(const Arena&) override {}

  void export_to(Arena&) const override {}

  StepReport supervised_step(
      std::span<const TrainSequence>, const OptimizerOptions&, std::int64_t) override {
    return {};
  }

  StepReport reinforce_step(std::span<const TrainSequence> sequences, const LossOptions&,
      const OptimizerOptions& options, std::int64_t) override {
    steps.emplace_back(sequences.begin(), sequences.end());
    rates.push_back(options.learning_rate);
    std::size_t n = steps.size();
    auto tokens = static_cast<double>(n);
    std::vector<WatchedTokens> watched;
    for (const TrainSequence& s : sequences)
      if (s.watch) watched.push_back({.watch = *s.watch});
    return {.skipped = n == skip,
        .skip_reason = n == skip ? "the loss is nan" : "",
        .loss = tokens,
        .gradient_norm = 10 - tokens,
        .ratio_max = 1 + tokens,
        .log_prob_gap_max = tokens - 1,
        .log_prob_gap_tokens = n,
        .sequences = sequences.size(),
        .tokens = n,
        .rows = 100,
        .microbatches = 2,
        .watched = std::move(watched)};
  }

  std::vector<std::vector<float>> log_probs(
      std::span<const TrainSequence> sequences, double, std::int64_t) override {
    std::vector<std::vector<float>> values;
    for (const auto& s : sequences)
      values.emplace_back(s.completion.size(), -1.0F - static_cast<float>(steps.size()));
    return values;
  }

  ByteView parameters() const override { return {}; }

  Pieces optimizer_state() const override { return {}; }

  void load_optimizer_state(ByteView) override {}

  std::vector<std::vector<TrainSequence>> steps;
  std::vector<double> rates;
  std::size_t skip = 0;
};

}  // namespace

TEST_CASE("a batch is trained with each token's lag and each group's own advantages") {
  auto parts = minibatches(plan_of("grpo"), batch_of(3));
  REQUIRE(parts.size() == 1);
  REQUIRE(parts[0].size() == 6);
  const TrainSequence& s = parts[0][1];
  CHECK(s.prompt == std::vector<Token>{3, 4});
  CHECK(s.completion == std::vector<Token>{1, 2, 0});
  CHECK(s.behaviour_log_probs == std::vector<float>(3, -0.5F));
  CHECK(s.lags == std::vector<std::uint32_t>{2, 0, 0});
  CHECK(s.group == 7);
  CHECK(parts[0][0].advantage == doctest::Approx(0.7071).epsilon(1e-3));
  CHECK(s.advantage == doctest::Approx(-0.7071).epsilon(1e-3));
  CHECK(minibatches(plan_of("grpo"), Batch()).empty());
}

TEST_CASE("groups are never divided, and minibatches are as equal as may be") {
  auto sizes = [](std::size_t groups, std::uint32_t minibatch) {
    std::vector<std::size_t> found;
    for (const auto& part : minibatches(plan_of("grpo", minibatch), batch_of(groups)))
      found.push_back(part.size());
    return found;
  };
  CHECK(sizes(8, 0) == std::vector<std::size_t>{16});
  CHECK(sizes(8, 16) == std::vector<std::size_t>{16});
  CHECK(sizes(8, 4) == std::vector<std::size_t>{4, 4, 4, 4});
  CHECK(sizes(7, 8) == std::vector<std::size_t>{6, 8});
  CHECK(sizes(5, 4) == std::vector<std::size_t>{2, 4, 4});
  CHECK(sizes(3, 100) == std::vector<std::size_t>{6});
  // All of them, each once, in order.
  Token next = 0;
  for (const auto& part : minibatches(plan_of("grpo", 4), batch_of(7)))
    for (std::size_t i = 0; i < part.size(); i += 2) CHECK(part[i].completion[2] == next++);
  CHECK(next == 7);
}

TEST_CASE("Magistral's advantages are normalised over each minibatch by itself") {
  Batch batch = batch_of(4);
  for (auto& group : batch.groups)  // the last two groups differ by ten times as much
    if (group.id >= 9) group.rollouts[0].verdict.score = 10;
  for (const auto& part : minibatches(plan_of("magistral", 4), batch)) {
    REQUIRE(part.size() == 4);
    // {d, -d, d, -d}: std = d · sqrt(4 / 3), whatever d.
    for (std::size_t i = 0; i < 4; ++i)
      CHECK(part[i].advantage ==
            doctest::Approx((i % 2 == 0 ? 1 : -1) * std::sqrt(3.0 / 4)).epsilon(1e-4));
  }
}

TEST_CASE("a completion that was cut off counts among its group, and is masked if asked for") {
  ReinforcePlan plan = plan_of("grpo");
  plan.overlong = Overlong::mask;
  auto parts = minibatches(plan, batch_of(3));
  REQUIRE(parts.size() == 1);
  REQUIRE(parts[0].size() == 3);
  for (const auto& s : parts[0]) CHECK(s.advantage == doctest::Approx(0.7071).epsilon(1e-3));
  Batch all_cut = batch_of(2);
  for (auto& group : all_cut.groups)
    for (auto& judged : group.rollouts) judged.rollout.finish = Finish::length;
  CHECK(minibatches(plan, all_cut).empty());
  Recorder recorder;
  CHECK_FALSE(train_batch(recorder, plan, all_cut, 100).skipped);
  CHECK(recorder.steps.empty());
}

TEST_CASE("proximal log-probs are those before the batch's first minibatch") {
  Recorder recorder;
  train_batch(recorder, plan_of("decoupled_ppo", 4), batch_of(6), 100);
  REQUIRE(recorder.steps.size() == 3);
  for (const auto& step : recorder.steps)
    for (const auto& s : step) CHECK(s.proximal_log_probs == std::vector<float>(3, -1.0F));
  // The next batch's are anew; one minibatch, or a loss that has none, needs none.
  train_batch(recorder, plan_of("decoupled_ppo", 4), batch_of(6), 100);
  CHECK(recorder.steps[3][0].proximal_log_probs == std::vector<float>(3, -4.0F));
  train_batch(recorder, plan_of("decoupled_ppo"), batch_of(6), 100);
  CHECK(recorder.steps[6][0].proximal_log_probs.empty());
  train_batch(recorder, plan_of("magistral", 4), batch_of(6), 100);
  CHECK(recorder.steps[7][0].proximal_log_probs.empty());
}

TEST_CASE("sequences of rollouts that are watched say so, in whichever minibatch they are") {
  Batch batch = batch_of(6);
  RolloutId first = batch.groups[0].rollouts[1].rollout.id;
  RolloutId last = batch.groups[5].rollouts[0].rollout.id;
  std::vector<RolloutId> watched;
  for (const auto& part : minibatches(plan_of("magistral", 4), batch, {first, last, 1u << 30}))
    for (const auto& sequence : part)
      if (sequence.watch) watched.push_back(*sequence.watch);
  CHECK(watched == std::vector<RolloutId>{first, last});
  Recorder recorder;
  StepReport report = train_batch(recorder, plan_of("magistral", 4), batch, 100, {first, last});
  REQUIRE(report.watched.size() == 2);
  CHECK(report.watched[0].watch == first);
  CHECK(report.watched[1].watch == last);
}

TEST_CASE("a batch's report is that of all its minibatches") {
  Recorder recorder;
  StepReport report = train_batch(recorder, plan_of("magistral", 4), batch_of(6), 100);
  CHECK(report.optimizer_steps == 3);
  CHECK(report.sequences == 12);
  CHECK(report.tokens == 1 + 2 + 3);
  CHECK(report.rows == 300);
  CHECK(report.microbatches == 6);
  CHECK(report.loss == doctest::Approx((1 * 1 + 2 * 2 + 3 * 3) / 6.0));
  CHECK(report.gradient_norm == 9);
  CHECK(report.ratio_max == 4);
  // Later ones are trained by weights that their tokens were not written under.
  CHECK(report.log_prob_gap_max == 0);
  CHECK(report.log_prob_gap_tokens == 1);
  CHECK_FALSE(report.skipped);
  // The learning rate is the version's, for each of them.
  CHECK(recorder.rates == std::vector<double>(3, 0.5));

  Recorder skipping;
  skipping.skip = 2;
  report = train_batch(skipping, plan_of("magistral", 4), batch_of(6), 100);
  CHECK(report.skipped);
  CHECK(report.skip_reason == "one of 3 minibatches: the loss is nan");
  CHECK(skipping.steps.size() == 3);
}
