#pragma once
// The frequencies of rotary embeddings in double precision, written down from the papers that
// actors/model/rope.h names, for tests.

#include "actors/model/model_config.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace tramontane {

// Of dimension i and its partner, in radians per position.
inline double plain_frequency(const ModelConfig& c, std::int64_t i) {
  auto d = static_cast<double>(c.head_dim);
  double f = std::pow(c.rope_theta, -2.0 * static_cast<double>(i) / d);
  const RopeScaling& s = c.rope;
  auto factor = static_cast<double>(s.factor);
  auto context = static_cast<double>(s.original);
  if (s.kind == RopeKind::linear) return f / factor;
  if (s.kind == RopeKind::llama3) {
    double waves = context * f / (2 * std::numbers::pi);  // within the pre-trained context
    auto low = static_cast<double>(s.low_frequency);
    auto high = static_cast<double>(s.high_frequency);
    double kept = std::clamp((waves - low) / (high - low), 0.0, 1.0);
    return kept * f + (1 - kept) * f / factor;
  }
  if (s.kind == RopeKind::yarn) {
    auto turning = [&](float times) {
      return d * std::log(context / (static_cast<double>(times) * 2 * std::numbers::pi)) /
             (2 * std::log(c.rope_theta));
    };
    double first = turning(s.beta_fast);
    double last = turning(s.beta_slow);
    if (s.truncate) {
      first = std::floor(first);
      last = std::ceil(last);
    }
    first = std::max(first, 0.0);
    last = std::min(last, d - 1);
    double scaled = first == last
                        ? (static_cast<double>(i) > first ? 1 : 0)
                        : std::clamp((static_cast<double>(i) - first) / (last - first), 0.0, 1.0);
    return (1 - scaled) * f + scaled * f / factor;
  }
  return f;
}

// What queries and keys are multiplied by.
inline double plain_attention_factor(const ModelConfig& c) {
  return c.rope.kind == RopeKind::yarn ? static_cast<double>(c.rope.attention) : 1;
}

}  // namespace tramontane
