#include "actors/model/algorithms.h"

#include <cmath>

namespace tramontane::algorithms {

LossPart clipped_surrogate(const LossSequence& sequence, double weight, const LossOptions& options,
    std::span<double> gradient) {
  LossPart part;
  double a = sequence.advantage;
  for (std::size_t t = 0; t < sequence.log_probs.size(); ++t) {
    double ratio = std::exp(
        static_cast<double>(sequence.log_probs[t]) - static_cast<double>(sequence.behaviour[t]));
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
