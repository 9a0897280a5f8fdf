// REINFORCE with truncated importance sampling (Ionides 2008; as in IMPALA and LlamaRL): the weight
// is held constant and capped above, by importance_cap (2, the default of verl and TRL).
#include "actors/model/algorithms.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace tramontane::algorithms {

LossPart truncated_is(const LossSequence& sequence, const MinibatchTotals& totals,
    const LossOptions& options, std::span<double> gradient) {
  double cap =
      options.importance_cap > 0 ? options.importance_cap : std::numeric_limits<double>::infinity();
  LossPart part;
  double a = sequence.advantage;
  for (std::size_t t = 0; t < sequence.log_probs.size(); ++t) {
    double log_prob = sequence.log_probs[t];
    double ratio = std::exp(log_prob - static_cast<double>(sequence.behaviour[t]));
    part.clipped_high += ratio > cap && a > 0 ? 1 : 0;
    gradient[t] = -std::min(ratio, cap) * a / totals.tokens;
    part.loss += gradient[t] * log_prob;
  }
  return part;
}

}  // namespace tramontane::algorithms
