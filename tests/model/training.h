#pragma once
// What the tests of the trainer share: sequences as a generator would have made them, and the
// gradient of a step, read from the optimizer's state.

#include "actors/model/policy.h"
#include "tests/model/random_model.h"

#include <cstring>
#include <memory>
#include <vector>

namespace tramontane {

inline std::vector<TrainSequence> random_sequences(const ModelConfig& config, std::uint64_t seed,
    std::size_t count, std::uint64_t length_max = 30) {
  Random random(seed, 103);
  std::vector<TrainSequence> sequences(count);
  for (std::size_t i = 0; i < count; ++i) {
    TrainSequence& s = sequences[i];
    s.prompt = random_tokens(config, random, 1 + random.below(12));
    s.completion = random_tokens(config, random, 1 + random.below(length_max));
    s.advantage = static_cast<double>(random.normal());
    s.group = i / 4;
    s.lags.assign(s.completion.size(), 1);
  }
  return sequences;
}

// Behaviour log-probs near the current ones: ratios within and beyond the clip bounds.
inline void behave(PolicyTrainer& trainer, std::vector<TrainSequence>& sequences,
    std::uint64_t seed, float spread, double temperature = 1) {
  Random random(seed, 104);
  auto log_probs = trainer.log_probs(sequences, temperature, 4096);
  for (std::size_t i = 0; i < sequences.size(); ++i) {
    sequences[i].behaviour_log_probs = log_probs[i];
    for (float& p : sequences[i].behaviour_log_probs) p += spread * random.normal();
  }
}

// A step that changes nothing and leaves the gradient as the optimizer's mean.
inline OptimizerOptions gradient_only() {
  return {.learning_rate = 0, .beta1 = 0, .clip_norm = 0};
}

inline std::vector<float> last_gradient(const PolicyTrainer& trainer) {
  Bytes state = trainer.optimizer_state().joined();
  std::size_t bytes = (state.size() - 32) / 2;
  std::vector<float> gradient(bytes / sizeof(float));
  std::memcpy(gradient.data(), state.data() + 32, bytes);
  return gradient;
}

inline Fingerprint fingerprint_of(const PolicyTrainer& trainer, const ModelConfig& config) {
  Arena arena(std::make_shared<const Manifest>(model_manifest(config)));
  trainer.export_to(arena);
  arena.seal(0);
  return arena.fingerprint();
}

}  // namespace tramontane
