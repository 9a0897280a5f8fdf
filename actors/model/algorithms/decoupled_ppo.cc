// Decoupled PPO (Hilton et al., arXiv:2110.00641, as in AReaL, arXiv:2505.24298): the policy that
// the update is kept close to is not the one that wrote the tokens. With proximal log-probabilities
// of the weights before the batch's first step,
//
//   J = mean over tokens of  w · min(u A, clip(u, 1 - clip_low, 1 + clip_high) A),
//   u = new / proximal,  w = proximal / behaviour, held constant, at most importance_cap.
//
// In the first minibatch of a batch u is 1, so that this is the policy gradient weighted by
// importance: stale tokens are not cut away, as they are where one ratio does both duties.
#include "actors/model/algorithms.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace tramontane::algorithms {

LossPart decoupled_ppo(const LossSequence& sequence, const MinibatchTotals& totals,
    const LossOptions& options, std::span<double> gradient) {
  LossPart part;
  double a = sequence.advantage;
  double cap =
      options.importance_cap > 0 ? options.importance_cap : std::numeric_limits<double>::infinity();
  for (std::size_t t = 0; t < sequence.log_probs.size(); ++t) {
    auto proximal = static_cast<double>(sequence.proximal[t]);
    double importance =
        std::min(std::exp(proximal - static_cast<double>(sequence.behaviour[t])), cap);
    double weight = importance / totals.tokens;
    double ratio = std::exp(static_cast<double>(sequence.log_probs[t]) - proximal);
    bool low = a < 0 && ratio < 1 - options.clip_low;
    bool high = a > 0 && ratio > 1 + options.clip_high;
    part.clipped_low += low ? 1 : 0;
    part.clipped_high += high ? 1 : 0;
    double used = low ? 1 - options.clip_low : high ? 1 + options.clip_high : ratio;
    part.loss -= weight * used * a;
    gradient[t] = low || high ? 0 : -weight * ratio * a;
  }
  return part;
}

}  // namespace tramontane::algorithms
