// GSPO (arXiv:2507.18071): one ratio for a whole sequence, the geometric mean of its tokens',
// clipped as one. Its bounds are tighter than a token's: 3e-4 and 4e-4 in the paper.
#include "actors/model/algorithms.h"

#include <cmath>

namespace tramontane::algorithms {

LossPart gspo(const LossSequence& sequence, const MinibatchTotals& totals,
    const LossOptions& options, std::span<double> gradient) {
  LossPart part;
  auto tokens = static_cast<double>(sequence.log_probs.size());
  double sum = 0;
  for (std::size_t t = 0; t < sequence.log_probs.size(); ++t)
    sum += static_cast<double>(sequence.log_probs[t]) - static_cast<double>(sequence.behaviour[t]);
  double ratio = std::exp(sum / tokens);
  double a = sequence.advantage;
  bool low = a < 0 && ratio < 1 - options.clip_low;
  bool high = a > 0 && ratio > 1 + options.clip_high;
  double used = low ? 1 - options.clip_low : high ? 1 + options.clip_high : ratio;
  part.loss = -used * a / totals.sequences;
  part.clipped_low = low ? sequence.log_probs.size() : 0;
  part.clipped_high = high ? sequence.log_probs.size() : 0;
  // d ratio / d log_prob = ratio / tokens, the same for every token.
  double slope = low || high ? 0 : -ratio * a / (totals.sequences * tokens);
  for (double& g : gradient) g = slope;
  return part;
}

}  // namespace tramontane::algorithms
