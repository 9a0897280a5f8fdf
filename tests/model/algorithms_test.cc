#include "actors/model/algorithms.h"

#include "runtime/base/random.h"
#include "runtime/base/result.h"

#include <cmath>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

struct Case {
  std::vector<float> log_probs;
  std::vector<float> behaviour;
  double advantage = 0;
  std::vector<float> proximal;
};

std::pair<LossPart, std::vector<double>> run(const char* name, const Case& c,
    const MinibatchTotals& totals, const LossOptions& options = {}) {
  std::vector<double> gradient(c.log_probs.size());
  LossPart part = algorithm_named(name).objective(
      {c.log_probs, c.behaviour, c.advantage, c.proximal}, totals, options, gradient);
  return {part, gradient};
}

float log_of(double p) {
  return static_cast<float>(std::log(p));
}

}  // namespace

TEST_CASE("Magistral's loss, worked by hand") {
  // Ratios 1, 1.5 (cut at 1.28), 0.5 (not cut: A > 0) with A = 2 and 10 tokens in all:
  // J = (2 + 2.56 + 1) / 10.
  Case up{{log_of(0.5), log_of(0.6), log_of(0.2)}, {log_of(0.5), log_of(0.4), log_of(0.4)}, 2};
  auto [part, gradient] = run("magistral", up, {.sequences = 4, .tokens = 10, .longest = 3});
  CHECK(part.loss == doctest::Approx(-0.556).epsilon(1e-5));
  CHECK(part.clipped_high == 1);
  CHECK(part.clipped_low == 0);
  CHECK(gradient[0] == doctest::Approx(-0.2).epsilon(1e-5));
  CHECK(gradient[1] == 0);
  CHECK(gradient[2] == doctest::Approx(-0.1).epsilon(1e-5));
  // The same with A = -2: 0.5 is cut at 0.8, 1.5 is not. J = (-2 - 3 - 1.6) / 10.
  up.advantage = -2;
  auto [down, slope] = run("magistral", up, {.sequences = 4, .tokens = 10, .longest = 3});
  CHECK(down.loss == doctest::Approx(0.66).epsilon(1e-5));
  CHECK(down.clipped_low == 1);
  CHECK(down.clipped_high == 0);
  CHECK(slope[0] == doctest::Approx(0.2).epsilon(1e-5));
  CHECK(slope[1] == doctest::Approx(0.3).epsilon(1e-5));
  CHECK(slope[2] == 0);
}

TEST_CASE("decoupled PPO's loss, worked by hand") {
  // Tokens with u = new/proximal and w = proximal/behaviour:
  //   0.5/0.5 = 1,   0.5/0.4 = 1.25
  //   0.6/0.4 = 1.5, 0.4/0.8 = 0.5      u is cut at 1.28 for A > 0
  //   0.2/0.4 = 0.5, 0.4/0.1 = 4        u is cut at 0.8 for A < 0; w at the cap of 2
  Case c{{log_of(0.5), log_of(0.6), log_of(0.2)}, {log_of(0.4), log_of(0.8), log_of(0.1)}, 2,
      {log_of(0.5), log_of(0.4), log_of(0.4)}};
  MinibatchTotals totals{.sequences = 4, .tokens = 10, .longest = 3};
  // J = 2 (1.25 · 1 + 0.5 · 1.28 + 2 · 0.5) / 10
  auto [up, gradient] = run("decoupled_ppo", c, totals);
  CHECK(up.loss == doctest::Approx(-0.578).epsilon(1e-5));
  CHECK(up.clipped_high == 1);
  CHECK(up.clipped_low == 0);
  CHECK(gradient[0] == doctest::Approx(-0.25).epsilon(1e-5));
  CHECK(gradient[1] == 0);
  CHECK(gradient[2] == doctest::Approx(-0.2).epsilon(1e-5));
  // J = -2 (1.25 · 1 + 0.5 · 1.5 + 4 · 0.8) / 10 without a cap.
  c.advantage = -2;
  auto [down, slope] = run("decoupled_ppo", c, totals, {.importance_cap = 0});
  CHECK(down.loss == doctest::Approx(1.04).epsilon(1e-5));
  CHECK(down.clipped_low == 1);
  CHECK(down.clipped_high == 0);
  CHECK(slope[1] == doctest::Approx(0.15).epsilon(1e-5));
  CHECK(slope[2] == 0);
}

TEST_CASE("decoupled PPO is Magistral's where proximal is behaviour, else no stale token is cut") {
  Case c{{log_of(0.5), log_of(0.6)}, {log_of(0.5), log_of(0.4)}, 1, {log_of(0.5), log_of(0.4)}};
  MinibatchTotals totals{.sequences = 1, .tokens = 2, .longest = 2};
  auto [decoupled, gradient] = run("decoupled_ppo", c, totals);
  auto [magistral, expected] = run("magistral", c, totals);
  CHECK(decoupled.loss == magistral.loss);
  CHECK(gradient == expected);
  CHECK(gradient[1] == 0);
  c.proximal = c.log_probs;  // the batch's first minibatch
  CHECK(run("decoupled_ppo", c, totals).second[1] == doctest::Approx(-0.75));
}

TEST_CASE("the algorithms weigh tokens as their papers say") {
  Case on_policy{
      {log_of(0.5), log_of(0.5)}, {log_of(0.5), log_of(0.5)}, 1, {log_of(0.5), log_of(0.5)}};
  MinibatchTotals totals{.sequences = 4, .tokens = 10, .longest = 5};
  auto weight = [&](const char* name) { return -run(name, on_policy, totals).second[0]; };
  CHECK(weight("magistral") == doctest::Approx(1.0 / 10));
  CHECK(weight("dapo") == doctest::Approx(1.0 / 10));
  CHECK(weight("grpo") == doctest::Approx(1.0 / (4 * 2)));
  CHECK(weight("dr_grpo") == doctest::Approx(1.0 / (4 * 5)));
  CHECK(weight("cispo") == doctest::Approx(1.0 / 10));
  CHECK(weight("truncated_is") == doctest::Approx(1.0 / 10));
  CHECK(weight("decoupled_ppo") == doctest::Approx(1.0 / 10));
  CHECK(weight("gspo") == doctest::Approx(1.0 / (4 * 2)));
}

TEST_CASE("weights that are held constant keep every token's gradient") {
  Case c{{log_of(0.9)}, {log_of(0.1)}, 1};  // ratio 9
  MinibatchTotals totals{.sequences = 1, .tokens = 1, .longest = 1};
  CHECK(run("magistral", c, totals).second[0] == 0);
  CHECK(run("cispo", c, totals).second[0] == doctest::Approx(-1.28));
  CHECK(run("truncated_is", c, totals).second[0] == doctest::Approx(-2));
  CHECK(run("truncated_is", c, totals, {.importance_cap = 5}).second[0] == doctest::Approx(-5));
  CHECK(run("truncated_is", c, totals, {.importance_cap = 0}).second[0] == doctest::Approx(-9));
}

TEST_CASE("gradients are the losses' own, by finite differences") {
  for (const char* name : {"magistral", "dapo", "grpo", "dr_grpo", "gspo", "decoupled_ppo"}) {
    for (std::uint64_t seed = 0; seed < 40; ++seed) {
      CAPTURE(name);
      CAPTURE(seed);
      Random random(seed);
      Case c;
      for (std::uint64_t t = 0; t < 1 + seed % 7; ++t) {
        c.behaviour.push_back(-0.1F - 2 * random.uniform());
        c.log_probs.push_back(c.behaviour.back() + 0.6F * (random.uniform() - 0.5F));
        c.proximal.push_back(c.log_probs.back() + 0.6F * (random.uniform() - 0.5F));
      }
      c.advantage = static_cast<double>(random.normal());
      MinibatchTotals totals{.sequences = 3, .tokens = 20, .longest = 9};
      auto [part, gradient] = run(name, c, totals);
      for (std::size_t t = 0; t < c.log_probs.size(); ++t) {
        constexpr float h = 1e-3F;
        Case more = c;
        Case less = c;
        more.log_probs[t] += h;
        less.log_probs[t] -= h;
        auto [high, ignored] = run(name, more, totals);
        auto [low, ignored_too] = run(name, less, totals);
        // Skip the kink itself.
        if (high.clipped_low + high.clipped_high != low.clipped_low + low.clipped_high) continue;
        double step =
            static_cast<double>(more.log_probs[t]) - static_cast<double>(less.log_probs[t]);
        CHECK(std::abs((high.loss - low.loss) / step - gradient[t]) < 1e-5);
      }
    }
  }
}

TEST_CASE("an unknown algorithm is refused with the names there are") {
  CHECK_THROWS_WITH_AS(algorithm_named("ppo"),
      "no algorithm is called 'ppo'; there are magistral, grpo, dapo, dr_grpo, cispo, gspo, "
      "truncated_is, decoupled_ppo",
      Error);
  CHECK(algorithm_names().front() == "magistral");
}
