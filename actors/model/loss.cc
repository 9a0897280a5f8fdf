#include "actors/model/loss.h"

#include "runtime/base/check.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

namespace tramontane {
namespace {

double bound_or_none(double bound) {
  if (bound > 0) return bound;
  return std::numeric_limits<double>::infinity();
}

double difference(float a, float b) {
  return static_cast<double>(a) - static_cast<double>(b);
}

// One sequence's loss, token after token.
class SequenceLoss {
 public:
  SequenceLoss(const LossOptions& options, const LossSequence& sequence, std::span<TokenFate> fates)
      : o_(options),
        s_(sequence),
        fates_(fates),
        old_(options.old == OldPolicy::proximal ? sequence.proximal : sequence.behaviour) {
    if (o_.ratio == RatioOf::token) return;
    double sum = 0;
    for (std::size_t t = 0; t < s_.log_probs.size(); ++t)
      sum += difference(s_.log_probs[t], old_[t]);
    whole_ = std::exp(sum / static_cast<double>(s_.log_probs.size()));
  }

  LossPart run(std::span<double> gradient) {
    for (std::size_t t = 0; t < gradient.size(); ++t) gradient[t] = token(t);
    // A ratio of the whole sequence moves with each of its tokens, by the mean of the slopes.
    if (o_.ratio == RatioOf::sequence && o_.clip == Clip::ppo) {
      double sum = 0;
      for (double slope : gradient) sum += slope;
      std::fill(gradient.begin(), gradient.end(), sum / static_cast<double>(gradient.size()));
    }
    return part_;
  }

 private:
  double ratio(std::size_t t) const {
    return o_.ratio == RatioOf::sequence ? whole_ : std::exp(difference(s_.log_probs[t], old_[t]));
  }

  bool masked(double importance) const {
    return importance < o_.mask_low || importance > bound_or_none(o_.mask_high);
  }

  // Adds the token's part of the loss; returns its slope.
  double token(std::size_t t) {
    const double rho = ratio(t);
    double weight = s_.weight;
    double importance = rho;
    if (o_.old == OldPolicy::proximal) {
      importance = std::exp(difference(s_.proximal[t], s_.behaviour[t]));
      weight *= std::min(importance, bound_or_none(o_.importance_cap));
    }
    if (masked(importance)) {
      count(t, TokenFate::masked, part_.masked);
      return 0;
    }
    const double used = clipped(rho);
    if (s_.advantage < 0 && used > rho) count(t, TokenFate::clipped_low, part_.clipped_low);
    if (s_.advantage > 0 && used < rho) count(t, TokenFate::clipped_high, part_.clipped_high);
    if (o_.clip == Clip::ppo) {
      part_.loss -= weight * used * s_.advantage;
      return used == rho ? -weight * rho * s_.advantage : 0;
    }
    const double slope = -weight * used * s_.advantage;
    part_.loss += slope * static_cast<double>(s_.log_probs[t]);
    return slope;
  }

  void count(std::size_t t, TokenFate fate, std::uint64_t& of) {
    ++of;
    if (!fates_.empty()) fates_[t] = fate;
  }

  double clipped(double rho) const {
    if (o_.clip == Clip::truncated) return std::min(rho, bound_or_none(o_.importance_cap));
    const double within = std::clamp(rho, 1 - o_.clip_low, 1 + o_.clip_high);
    if (o_.clip == Clip::held) return within;
    return s_.advantage * within < s_.advantage * rho ? within : rho;
  }

  const LossOptions& o_;
  const LossSequence& s_;
  std::span<TokenFate> fates_;
  std::span<const float> old_;
  double whole_ = 1;
  LossPart part_;
};

}  // namespace

std::vector<double> token_weights(const LossOptions& options, std::span<const std::uint64_t> groups,
    std::span<const std::uint64_t> lengths) {
  TRAM_CHECK(groups.size() == lengths.size(), "a group for each sequence", groups.size());
  std::map<std::uint64_t, double> tokens_of;
  double tokens = 0;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    tokens_of[groups[i]] += static_cast<double>(lengths[i]);
    tokens += static_cast<double>(lengths[i]);
  }
  const auto sequences = static_cast<double>(groups.size());
  const auto group_count = static_cast<double>(tokens_of.size());
  std::vector<double> weights(groups.size());
  for (std::size_t i = 0; i < groups.size(); ++i) {
    switch (options.normaliser) {
      case Normaliser::group_tokens:
        weights[i] = 1 / (group_count * tokens_of[groups[i]]);
        break;
      case Normaliser::batch_tokens:
        weights[i] = 1 / tokens;
        break;
      case Normaliser::sequence:
        weights[i] = 1 / (sequences * static_cast<double>(lengths[i]));
        break;
      case Normaliser::budget:
        TRAM_CHECK(options.length_budget > 0, "a length budget", options.length_budget);
        weights[i] = 1 / (sequences * options.length_budget);
        break;
    }
  }
  return weights;
}

LossPart sequence_loss(const LossOptions& options, const LossSequence& sequence,
    std::span<double> gradient, std::span<TokenFate> fates) {
  const std::size_t tokens = sequence.log_probs.size();
  TRAM_CHECK(sequence.behaviour.size() == tokens, "a behaviour log-prob per token", tokens);
  TRAM_CHECK(gradient.size() == tokens, "a slope per token", tokens);
  TRAM_CHECK(options.old == OldPolicy::behaviour || sequence.proximal.size() == tokens,
      "a proximal log-prob per token", tokens);
  TRAM_CHECK(fates.empty() || fates.size() == tokens, "a fate per token", tokens);
  std::fill(fates.begin(), fates.end(), TokenFate::kept);
  return SequenceLoss(options, sequence, fates).run(gradient);
}

}  // namespace tramontane
