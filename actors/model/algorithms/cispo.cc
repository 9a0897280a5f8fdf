// CISPO (MiniMax-M1, arXiv:2506.13585): the importance weight is clipped and held constant, so that
// no token loses its gradient.
#include "actors/model/algorithms.h"

#include <algorithm>
#include <cmath>

namespace tramontane::algorithms {

LossPart cispo(const LossSequence& sequence, const MinibatchTotals& totals,
    const LossOptions& options, std::span<double> gradient) {
  LossPart part;
  double a = sequence.advantage;
  for (std::size_t t = 0; t < sequence.log_probs.size(); ++t) {
    double log_prob = sequence.log_probs[t];
    double ratio = std::exp(log_prob - static_cast<double>(sequence.behaviour[t]));
    double weight = std::clamp(ratio, 1 - options.clip_low, 1 + options.clip_high);
    part.clipped_low += weight > ratio && a < 0 ? 1 : 0;
    part.clipped_high += weight < ratio && a > 0 ? 1 : 0;
    gradient[t] = -weight * a / totals.tokens;
    part.loss += gradient[t] * log_prob;
  }
  return part;
}

}  // namespace tramontane::algorithms
