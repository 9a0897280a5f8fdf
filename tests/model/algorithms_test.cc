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
  std::vector<float> proximal = {};
};

std::pair<LossPart, std::vector<double>> run(
    const LossOptions& options, const Case& c, double weight) {
  std::vector<double> gradient(c.log_probs.size());
  LossPart part =
      sequence_loss(options, {c.log_probs, c.behaviour, c.proximal, c.advantage, weight}, gradient);
  return {part, gradient};
}

float log_of(double p) {
  return static_cast<float>(std::log(p));
}

}  // namespace

TEST_CASE("Magistral's loss, worked by hand") {
  // Ratios 1, 1.5 (cut at 1.28), 0.5 (not cut: A > 0) with A = 2, each token of weight 1/10:
  // J = (2 + 2.56 + 1) / 10.
  Case up{{log_of(0.5), log_of(0.6), log_of(0.2)}, {log_of(0.5), log_of(0.4), log_of(0.4)}, 2};
  auto [part, gradient] = run(loss_of("magistral"), up, 0.1);
  CHECK(part.loss == doctest::Approx(-0.556).epsilon(1e-5));
  CHECK(part.clipped_high == 1);
  CHECK(part.clipped_low == 0);
  CHECK(gradient[0] == doctest::Approx(-0.2).epsilon(1e-5));
  CHECK(gradient[1] == 0);
  CHECK(gradient[2] == doctest::Approx(-0.1).epsilon(1e-5));
  // The same with A = -2: 0.5 is cut at 0.8, 1.5 is not. J = (-2 - 3 - 1.6) / 10.
  up.advantage = -2;
  auto [down, slope] = run(loss_of("magistral"), up, 0.1);
  CHECK(down.loss == doctest::Approx(0.66).epsilon(1e-5));
  CHECK(down.clipped_low == 1);
  CHECK(down.clipped_high == 0);
  CHECK(slope[0] == doctest::Approx(0.2).epsilon(1e-5));
  CHECK(slope[1] == doctest::Approx(0.3).epsilon(1e-5));
  CHECK(slope[2] == 0);
}

TEST_CASE("each token's fate is told where it is asked for") {
  Case c{{log_of(0.5), log_of(0.6), log_of(0.2)}, {log_of(0.5), log_of(0.4), log_of(0.4)}, 2};
  LossOptions options = loss_of("magistral");
  std::vector<double> gradient(3);
  std::vector<TokenFate> fates(3, TokenFate::masked);
  sequence_loss(options, {c.log_probs, c.behaviour, {}, 2, 0.1}, gradient, fates);
  CHECK(fates == std::vector<TokenFate>{TokenFate::kept, TokenFate::clipped_high, TokenFate::kept});
  sequence_loss(options, {c.log_probs, c.behaviour, {}, -2, 0.1}, gradient, fates);
  CHECK(fates == std::vector<TokenFate>{TokenFate::kept, TokenFate::kept, TokenFate::clipped_low});
  options.mask_low = 0.9;  // the ratios are 1, 1.5 and 0.5
  options.mask_high = 1.1;
  LossPart part = sequence_loss(options, {c.log_probs, c.behaviour, {}, 2, 0.1}, gradient, fates);
  CHECK(fates == std::vector<TokenFate>{TokenFate::kept, TokenFate::masked, TokenFate::masked});
  CHECK(part.masked == 2);
  CHECK(part.clipped_high == 0);
}

TEST_CASE("Magistral gives every group the same weight, however long its completions") {
  // Section 2.1: 1 / Σ_i |o_i| within a group, E over groups. Group 4 has 10 tokens, group 9 has
  // 1000: each of their tokens weighs 1/20 and 1/2000.
  std::vector<std::uint64_t> groups = {4, 4, 9, 9};
  std::vector<std::uint64_t> lengths = {2, 8, 400, 600};
  auto weights = token_weights(loss_of("magistral"), groups, lengths);
  CHECK(weights[0] == doctest::Approx(1.0 / 20));
  CHECK(weights[1] == doctest::Approx(1.0 / 20));
  CHECK(weights[2] == doctest::Approx(1.0 / 2000));
  CHECK(weights[3] == doctest::Approx(1.0 / 2000));
}

TEST_CASE("the normalisers, worked by hand") {
  std::vector<std::uint64_t> groups = {1, 2, 1};
  std::vector<std::uint64_t> lengths = {2, 10, 4};
  auto weights = [&](Normaliser normaliser) {
    return token_weights({.normaliser = normaliser, .length_budget = 50}, groups, lengths);
  };
  CHECK(weights(Normaliser::group_tokens)[0] == doctest::Approx(1.0 / (2 * 6)));
  CHECK(weights(Normaliser::group_tokens)[1] == doctest::Approx(1.0 / (2 * 10)));
  CHECK(weights(Normaliser::batch_tokens)[1] == doctest::Approx(1.0 / 16));
  CHECK(weights(Normaliser::sequence)[0] == doctest::Approx(1.0 / (3 * 2)));
  CHECK(weights(Normaliser::sequence)[2] == doctest::Approx(1.0 / (3 * 4)));
  for (double w : weights(Normaliser::budget)) CHECK(w == doctest::Approx(1.0 / (3 * 50)));
  CHECK(token_weights({}, {}, {}).empty());
}

TEST_CASE("each algorithm is the choice that its paper makes") {
  auto is = [](const char* name, AdvantageRule advantage, Normaliser normaliser, double low,
                double high) {
    CAPTURE(name);
    LossOptions loss = loss_of(name);
    CHECK(loss.advantage == advantage);
    CHECK(loss.normaliser == normaliser);
    CHECK(loss.clip_low == low);
    CHECK(loss.clip_high == high);
  };
  using A = AdvantageRule;
  using N = Normaliser;
  is("magistral", A::minibatch_std, N::group_tokens, 0.2, 0.28);
  is("grpo", A::group_std, N::sequence, 0.2, 0.2);
  is("dapo", A::group_std, N::group_tokens, 0.2, 0.28);
  is("dr_grpo", A::group_mean, N::budget, 0.2, 0.2);
  is("cispo", A::group_std, N::group_tokens, 1, 4);
  is("gspo", A::group_std, N::sequence, 3e-4, 4e-4);
  CHECK(loss_of("gspo").ratio == RatioOf::sequence);
  CHECK(loss_of("cispo").clip == Clip::held);
  CHECK(loss_of("truncated_is").clip == Clip::truncated);
  CHECK(loss_of("truncated_is").importance_cap == 2);
  CHECK(loss_of("decoupled_ppo").old == OldPolicy::proximal);
  CHECK(loss_of("decoupled_ppo").importance_cap == 0);
}

TEST_CASE("decoupled PPO's loss, worked by hand") {
  // Tokens with u = new/proximal and w = proximal/behaviour:
  //   0.5/0.5 = 1,   0.5/0.4 = 1.25
  //   0.6/0.4 = 1.5, 0.4/0.8 = 0.5      u is cut at 1.28 for A > 0
  //   0.2/0.4 = 0.5, 0.4/0.1 = 4        u is cut at 0.8 for A < 0; w at the cap of 2
  Case c{{log_of(0.5), log_of(0.6), log_of(0.2)}, {log_of(0.4), log_of(0.8), log_of(0.1)}, 2,
      {log_of(0.5), log_of(0.4), log_of(0.4)}};
  LossOptions options = loss_of("decoupled_ppo");
  options.clip_high = 0.28;
  options.importance_cap = 2;
  // J = 2 (1.25 · 1 + 0.5 · 1.28 + 2 · 0.5) / 10
  auto [up, gradient] = run(options, c, 0.1);
  CHECK(up.loss == doctest::Approx(-0.578).epsilon(1e-5));
  CHECK(up.clipped_high == 1);
  CHECK(up.clipped_low == 0);
  CHECK(gradient[0] == doctest::Approx(-0.25).epsilon(1e-5));
  CHECK(gradient[1] == 0);
  CHECK(gradient[2] == doctest::Approx(-0.2).epsilon(1e-5));
  // J = -2 (1.25 · 1 + 0.5 · 1.5 + 4 · 0.8) / 10 without a cap.
  c.advantage = -2;
  options.importance_cap = 0;
  auto [down, slope] = run(options, c, 0.1);
  CHECK(down.loss == doctest::Approx(1.04).epsilon(1e-5));
  CHECK(down.clipped_low == 1);
  CHECK(down.clipped_high == 0);
  CHECK(slope[1] == doctest::Approx(0.15).epsilon(1e-5));
  CHECK(slope[2] == 0);
}

TEST_CASE(
    "decoupled PPO is the one ratio's where proximal is behaviour, else cuts no stale token") {
  Case c{{log_of(0.5), log_of(0.6)}, {log_of(0.5), log_of(0.4)}, 1, {log_of(0.5), log_of(0.4)}};
  LossOptions options = loss_of("decoupled_ppo");
  auto [decoupled, gradient] = run(options, c, 0.5);
  LossOptions single = options;
  single.old = OldPolicy::behaviour;
  auto [one, expected] = run(single, c, 0.5);
  CHECK(decoupled.loss == one.loss);
  CHECK(gradient == expected);
  CHECK(gradient[1] == 0);
  c.proximal = c.log_probs;  // the batch's first minibatch
  CHECK(run(options, c, 0.5).second[1] == doctest::Approx(-0.75));
}

TEST_CASE("weights that are held constant keep every token's gradient") {
  Case c{{log_of(0.9)}, {log_of(0.1)}, 1};  // ratio 9
  CHECK(run(loss_of("magistral"), c, 1).second[0] == 0);
  CHECK(run(loss_of("cispo"), c, 1).second[0] == doctest::Approx(-5));
  LossOptions truncated = loss_of("truncated_is");
  CHECK(run(truncated, c, 1).second[0] == doctest::Approx(-2));
  truncated.importance_cap = 5;
  CHECK(run(truncated, c, 1).second[0] == doctest::Approx(-5));
  truncated.importance_cap = 0;
  CHECK(run(truncated, c, 1).second[0] == doctest::Approx(-9));
  // CISPO has no lower bound: a ratio of 1/9 weighs 1/9.
  Case rare{{log_of(0.1)}, {log_of(0.9)}, -1};
  CHECK(run(loss_of("cispo"), rare, 1).second[0] == doctest::Approx(1.0 / 9));
  CHECK(run(loss_of("cispo"), rare, 1).first.clipped_low == 0);
}

TEST_CASE("tokens outside the mask are not learnt from, and counted") {
  // Importance 1, 6 and 1/10.
  Case c{{log_of(0.5), log_of(0.6), log_of(0.05)}, {log_of(0.5), log_of(0.1), log_of(0.5)}, -1};
  LossOptions options = loss_of("truncated_is");
  options.importance_cap = 0;
  options.mask_low = 0.5;
  options.mask_high = 5;
  auto [part, gradient] = run(options, c, 1);
  CHECK(part.masked == 2);
  CHECK(gradient == std::vector<double>{1, 0, 0});
  CHECK(part.loss == doctest::Approx(std::log(0.5)));
  options.mask_low = 0;
  CHECK(run(options, c, 1).first.masked == 1);
  options.mask_high = 0;
  CHECK(run(options, c, 1).first.masked == 0);
  // Of decoupled PPO the importance is proximal / behaviour: here 2, 1 and 1.
  LossOptions decoupled = loss_of("decoupled_ppo");
  decoupled.mask_high = 1.5;
  c.proximal = {log_of(1.0), log_of(0.1), log_of(0.5)};
  CHECK(run(decoupled, c, 1).first.masked == 1);
  CHECK(run(decoupled, c, 1).second[0] == 0);
}

TEST_CASE("an unknown algorithm is refused with the names there are") {
  CHECK_THROWS_WITH_AS(loss_of("ppo"),
      "no algorithm is called 'ppo'; there are magistral, grpo, dapo, dr_grpo, cispo, gspo, "
      "truncated_is, decoupled_ppo",
      Error);
  CHECK(algorithm_names().front() == "magistral");
}
