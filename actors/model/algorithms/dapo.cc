// DAPO (arXiv:2503.14476): GRPO with every token of equal weight and a higher upper bound. Its
// dynamic sampling is the dropping of groups without contrast.
#include "actors/model/algorithms.h"

namespace tramontane::algorithms {

LossPart dapo(const LossSequence& sequence, const MinibatchTotals& totals,
    const LossOptions& options, std::span<double> gradient) {
  return clipped_surrogate(sequence, 1 / totals.tokens, options, gradient);
}

}  // namespace tramontane::algorithms
