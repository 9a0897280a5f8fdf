// Dr. GRPO (arXiv:2503.20783): no division by a sequence's own length, which favoured long wrong
// answers, nor by the deviation of its group. Each sequence weighs as the longest one does.
#include "actors/model/algorithms.h"

namespace tramontane::algorithms {

LossPart dr_grpo(const LossSequence& sequence, const MinibatchTotals& totals,
    const LossOptions& options, std::span<double> gradient) {
  return clipped_surrogate(sequence, 1 / (totals.sequences * totals.longest), options, gradient);
}

}  // namespace tramontane::algorithms
