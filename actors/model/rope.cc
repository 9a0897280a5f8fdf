#include "actors/model/rope.h"

#include "actors/model/model_config.h"
#include "kernels/ops.h"
#include "kernels/rope_table.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace tramontane {

namespace {

void scale_llama3(const RopeScaling& s, std::vector<float>& frequencies) {
  auto context = static_cast<float>(s.original);
  float span = s.high_frequency - s.low_frequency;
  float longest = context / s.low_frequency;
  float shortest = context / s.high_frequency;
  for (float& f : frequencies) {
    float wavelength = 1.0F / f * static_cast<float>(2 * std::numbers::pi);
    if (wavelength > longest) {
      f = f / s.factor;
    } else if (!(wavelength < shortest)) {
      float smooth = (1.0F / wavelength * context - s.low_frequency) / span;
      f = (1.0F - smooth) * f / s.factor + smooth * f;
    }
  }
}

// The dimension whose wave turns so many times within the pre-trained context.
double dimension_of(double turns, std::int64_t head_dim, double theta, std::int64_t context) {
  return static_cast<double>(head_dim) *
         std::log(static_cast<double>(context) / (turns * 2 * std::numbers::pi)) /
         (2 * std::log(theta));
}

void scale_yarn(
    const RopeScaling& s, std::int64_t head_dim, double theta, std::vector<float>& frequencies) {
  double first = dimension_of(static_cast<double>(s.beta_fast), head_dim, theta, s.original);
  double last = dimension_of(static_cast<double>(s.beta_slow), head_dim, theta, s.original);
  if (s.truncate) {
    first = std::floor(first);
    last = std::ceil(last);
  }
  first = std::max(first, 0.0);
  last = std::min(last, static_cast<double>(head_dim - 1));
  if (first == last) last += 0.001;
  for (std::size_t i = 0; i < frequencies.size(); ++i) {
    float ramp =
        (static_cast<float>(i) - static_cast<float>(first)) / static_cast<float>(last - first);
    float kept = 1.0F - std::clamp(ramp, 0.0F, 1.0F);
    float interpolated = 1.0F / (s.factor * (1.0F / frequencies[i]));
    frequencies[i] = interpolated * (1.0F - kept) + frequencies[i] * kept;
  }
}

}  // namespace

std::vector<float> rope_frequencies(
    std::int64_t head_dim, double theta, const RopeScaling& scaling) {
  std::vector<float> frequencies = kernels::rope_frequencies(head_dim, theta);
  switch (scaling.kind) {
    case RopeKind::plain:
    case RopeKind::dynamic:
      break;
    case RopeKind::linear:
      for (float& f : frequencies) f = f / scaling.factor;
      break;
    case RopeKind::llama3:
      scale_llama3(scaling, frequencies);
      break;
    case RopeKind::yarn:
      scale_yarn(scaling, head_dim, theta, frequencies);
      break;
  }
  return frequencies;
}

std::vector<float> rope_table(const ModelConfig& config) {
  float factor = config.rope.kind == RopeKind::yarn ? config.rope.attention : 1;
  return kernels::rope_table(
      config.context, rope_frequencies(config.head_dim, config.rope_theta, config.rope), factor);
}

}  // namespace tramontane
