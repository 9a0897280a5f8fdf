// Magistral (arXiv:2506.10910, section 2.1): the clipped surrogate with a higher upper bound, no KL
// term, every token of the minibatch of equal weight.
#include "actors/model/algorithms.h"

namespace tramontane::algorithms {

LossPart magistral(const LossSequence& sequence, const MinibatchTotals& totals,
    const LossOptions& options, std::span<double> gradient) {
  return clipped_surrogate(sequence, 1 / totals.tokens, options, gradient);
}

}  // namespace tramontane::algorithms
