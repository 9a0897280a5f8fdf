// What a job's stages ask for at each step: learning rate, demonstrations, prompts.
#include "actors/job/job.h"
#include "runtime/base/check.h"
#include "runtime/base/random.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace tramontane {
namespace {

constexpr std::uint64_t demonstration_stream = 0x64656d6f;
constexpr std::uint64_t style_stream = 0x7374796c;

}  // namespace

OptimizerOptions OptimizerPlan::at(std::uint64_t step, std::uint64_t steps) const {
  OptimizerOptions now = options;
  if (step < warmup_steps) {
    now.learning_rate *= static_cast<double>(step + 1) / warmup_steps;
    return now;
  }
  // From 0 at the end of the warm-up to 1 in the last step.
  auto done = static_cast<double>(step + 1) - warmup_steps;
  auto all = std::max(1.0, static_cast<double>(steps) - warmup_steps);
  double progress = std::min(1.0, done / all);
  if (schedule == Schedule::stable) {
    double decay = std::max(1.0, decay_share * static_cast<double>(steps));
    progress = std::clamp(1 - (all - done) / decay, 0.0, 1.0);
  }
  double left =
      schedule == Schedule::cosine ? (1 + std::cos(std::numbers::pi * progress)) / 2 : 1 - progress;
  now.learning_rate *= final_share + (1 - final_share) * left;
  return now;
}

std::vector<TrainSequence> WarmStartPlan::sequences(std::uint64_t step, std::uint64_t seed) const {
  TRAM_CHECK(!styles.empty(), "a warm start without styles");
  std::uint64_t size = styles[0].sequences.size();
  std::vector<TrainSequence> out;
  out.reserve(batch);
  for (std::uint32_t i = 0; i < batch; ++i) {
    std::uint64_t at = step * batch + i;
    std::uint64_t index = permuted(at % size, size,
        philox({seed, demonstration_stream, static_cast<std::uint32_t>(at / size), 0})[0]);
    double u = uniform(
        {seed, style_stream, static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(at >> 32)});
    std::size_t style = 0;
    while (style + 1 < styles.size() && u >= styles[style].share) u -= styles[style++].share;
    out.push_back(styles[style].sequences[index]);
  }
  return out;
}

std::uint64_t Job::seed_of(Purpose purpose) const {
  return derived_seed(seed, static_cast<std::uint64_t>(purpose));
}

Prompt Job::prompt_of(GroupId group) const {
  std::uint64_t size = prompts.size();
  auto epoch = group / size;
  auto key = philox({.seed = seed_of(Purpose::prompts), .stream = epoch});
  return prompts[permuted(group % size, size, (static_cast<std::uint64_t>(key[0]) << 32) | key[1])]
      .prompt;
}

}  // namespace tramontane
