#pragma once
// The loss of reinforcement, as a choice on each of five axes. Every algorithm of the literature
// that this project knows is such a choice with its own bounds: a row of algorithms.cc.
//
//   advantage    how much better a completion is than the others          (advantages.h)
//   normaliser   what each token weighs
//   ratio        new / old probability: of each token, or of the whole sequence
//   clip         what becomes of a ratio far from 1
//   old          whose probability the ratio divides by: the behaviour policy's, or proximal's
//
// One minibatch's loss is the sum over its sequences i and their tokens t of
//
//   -w_i · I_it · f(rho_it) · A_i
//
// with the weight w_i of the normaliser and I_it = 1, or where `old` is proximal the importance
// proximal / behaviour, held constant.
//
//   auto weights = token_weights(loss, groups, lengths);     // of one minibatch
//   LossPart part = sequence_loss(loss, {log_probs, behaviour, {}, advantage, weights[i]}, slopes);
//
// Pure functions.

#include "actors/model/advantages.h"

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace tramontane {

// With G groups, S sequences and T tokens in the minibatch, and n_i tokens in sequence i:
enum class Normaliser : std::uint8_t {
  group_tokens,  // w = 1 / (G · tokens of i's group): every prompt of equal weight
  batch_tokens,  // w = 1 / T: every token of equal weight
  sequence,      // w = 1 / (S · n_i): every completion of equal weight
  budget,        // w = 1 / (S · length_budget): a constant, so that length is not favoured
};

enum class RatioOf : std::uint8_t {
  token,
  sequence,  // the geometric mean of the tokens' ratios, the same for all of them (GSPO)
};

enum class Clip : std::uint8_t {
  ppo,        // f·A = min(rho A, clip(rho, 1 - clip_low, 1 + clip_high) A)
  held,       // f = clip(rho, 1 - clip_low, 1 + clip_high) held constant, times log p (CISPO)
  truncated,  // f = min(rho, importance_cap) held constant, times log p
};

enum class OldPolicy : std::uint8_t {
  behaviour,  // that which wrote the token
  proximal,   // the weights before the batch's first optimizer step (decoupled PPO)
};

struct LossOptions {
  AdvantageRule advantage = AdvantageRule::minibatch_std;
  Normaliser normaliser = Normaliser::group_tokens;
  RatioOf ratio = RatioOf::token;
  Clip clip = Clip::ppo;
  OldPolicy old = OldPolicy::behaviour;
  double clip_low = 0.2;
  double clip_high = 0.28;
  double importance_cap = 0;  // of truncated weights and of proximal / behaviour; 0: not bounded
  double length_budget = 0;   // of Normaliser::budget, in tokens
  // Tokens whose importance trained / behaviour is outside are not learnt from, though they count
  // in the normaliser. 0: no bound.
  double mask_low = 0;
  double mask_high = 0;
  double temperature = 1;  // of the distribution that was sampled from

  bool operator==(const LossOptions&) const = default;
};

// One sequence as the loss sees it; all spans have one entry per completion token.
struct LossSequence {
  std::span<const float> log_probs;  // of the weights being trained
  std::span<const float> behaviour;  // of the policy that wrote them
  std::span<const float> proximal;   // with OldPolicy::proximal
  double advantage = 0;
  double weight = 0;  // of each of its tokens
};

// What the loss made of one token.
enum class TokenFate : std::uint8_t {
  kept,
  clipped_low,   // its ratio was cut below, with a negative advantage
  clipped_high,  // … above, with a positive one
  masked,        // its importance is outside mask_low … mask_high: not learnt from
};

// What came of one sequence.
struct LossPart {
  double loss = 0;                // its part of the minibatch's loss (to be minimised)
  std::uint64_t clipped_low = 0;  // tokens cut below, with a negative advantage
  std::uint64_t clipped_high = 0;
  std::uint64_t masked = 0;  // tokens outside mask_low … mask_high
};

// The weight of each token of each sequence of one minibatch. groups[i] and lengths[i] are the
// group and the completion tokens of sequence i.
std::vector<double> token_weights(const LossOptions& options, std::span<const std::uint64_t> groups,
    std::span<const std::uint64_t> lengths);

// Writes d loss / d log_probs, one per token, and, unless `fates` is empty, the fate of each.
LossPart sequence_loss(const LossOptions& options, const LossSequence& sequence,
    std::span<double> gradient, std::span<TokenFate> fates = {});

}  // namespace tramontane
