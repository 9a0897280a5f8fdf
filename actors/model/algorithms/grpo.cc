// GRPO (arXiv:2402.03300) without its KL term: every sequence of equal weight, its tokens sharing
// it.
#include "actors/model/algorithms.h"

namespace tramontane::algorithms {

LossPart grpo(const LossSequence& sequence, const MinibatchTotals& totals,
    const LossOptions& options, std::span<double> gradient) {
  auto tokens = static_cast<double>(sequence.log_probs.size());
  return clipped_surrogate(sequence, 1 / (totals.sequences * tokens), options, gradient);
}

}  // namespace tramontane::algorithms
