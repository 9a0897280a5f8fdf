#pragma once
// The table of reinforcement algorithms. Each is one small file in algorithms/: a rule for
// advantages, and a function from one sequence's log-probabilities to its loss and the loss's
// gradient with respect to them. Everything else (model, gradients, optimizer) is shared.
//
//   const Algorithm& a = algorithm_named("magistral");   // Error(bad_input) names the rest
//
// To add one: write algorithms/NAME.cc, declare its function below, add a row to algorithms.cc.

#include "actors/model/advantages.h"
#include "actors/model/policy.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tramontane {

// The whole minibatch, over all its microbatches.
struct MinibatchTotals {
  double sequences = 0;
  double tokens = 0;   // completion tokens of all sequences
  double longest = 0;  // completion tokens of the longest
};

// One sequence as the loss sees it; all spans have one entry per completion token.
struct LossSequence {
  std::span<const float> log_probs;  // of the weights being trained
  std::span<const float> behaviour;  // of the distribution sampled from
  double advantage = 0;
  // Of the weights before the batch's first step; empty unless the algorithm wants them.
  std::span<const float> proximal;
};

// What came of one sequence.
struct LossPart {
  double loss = 0;                // its part of the minibatch's loss (to be minimised)
  std::uint64_t clipped_low = 0;  // tokens cut below, with a negative advantage
  std::uint64_t clipped_high = 0;
};

// Writes d loss / d log_probs, one per token.
using Objective = LossPart (*)(const LossSequence& sequence, const MinibatchTotals& totals,
    const LossOptions& options, std::span<double> gradient);

struct Algorithm {
  std::string_view name;
  AdvantageRule advantage;
  Objective objective;
  bool wants_proximal = false;  // LossSequence::proximal
};

const Algorithm& algorithm_named(std::string_view name);
std::vector<std::string> algorithm_names();

namespace algorithms {

// -w · sum over t of min(rho A, clip(rho, 1 - clip_low, 1 + clip_high) A): the clipped surrogate
// of PPO, where every token weighs w.
LossPart clipped_surrogate(const LossSequence& sequence, double weight, const LossOptions& options,
    std::span<double> gradient);

LossPart magistral(
    const LossSequence&, const MinibatchTotals&, const LossOptions&, std::span<double>);
LossPart grpo(const LossSequence&, const MinibatchTotals&, const LossOptions&, std::span<double>);
LossPart dapo(const LossSequence&, const MinibatchTotals&, const LossOptions&, std::span<double>);
LossPart dr_grpo(
    const LossSequence&, const MinibatchTotals&, const LossOptions&, std::span<double>);
LossPart cispo(const LossSequence&, const MinibatchTotals&, const LossOptions&, std::span<double>);
LossPart gspo(const LossSequence&, const MinibatchTotals&, const LossOptions&, std::span<double>);
LossPart truncated_is(
    const LossSequence&, const MinibatchTotals&, const LossOptions&, std::span<double>);

LossPart decoupled_ppo(
    const LossSequence&, const MinibatchTotals&, const LossOptions&, std::span<double>);

}  // namespace algorithms
}  // namespace tramontane
