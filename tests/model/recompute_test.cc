// What a trainer's step computes again, instead of keeping it.
#include "actors/model/footprint.h"
#include "actors/model/policy.h"
#include "tests/model/training.h"

#include <vector>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

// What a trainer makes of some sequences: its log-probs, the gradient of a step, and its weights
// after some more.
struct Made {
  std::vector<std::vector<float>> log_probs;
  std::vector<float> gradient;
  double entropy = 0;
  Fingerprint weights = 0;
};

Made train(const ModelConfig& config, std::uint64_t seed, Recompute recompute, unsigned threads) {
  auto trainer = load_policy_trainer(config);
  trainer->set_recompute(recompute);
  trainer->set_threads(threads);
  trainer->import(*random_weights(config, seed));
  auto sequences = random_sequences(config, seed, 9, 40);
  behave(*trainer, sequences, seed, 0.1F);
  Made made;
  made.entropy = trainer->reinforce_step(sequences, {}, gradient_only(), 150).entropy;
  made.gradient = last_gradient(*trainer);
  for (int step = 0; step < 2; ++step) {
    trainer->reinforce_step(sequences, {}, {.learning_rate = 0.01}, 150);
    trainer->supervised_step(sequences, {.learning_rate = 0.01}, 90);
  }
  made.log_probs = trainer->log_probs(sequences, 0.7, 150);
  made.weights = fingerprint_of(*trainer, config);
  return made;
}

}  // namespace

TEST_CASE("gradients, steps and log-probs are the same whether layers are computed again or kept") {
  for (std::uint64_t seed = 0; seed < 24; ++seed) {
    CAPTURE(seed);
    ModelConfig config = random_config(seed);
    if (seed % 2 == 1) config.serving = Dtype::bfloat16;
    Made kept = train(config, seed, Recompute::none, 1);
    Made again = train(config, seed, Recompute::layers, 1 + seed % 3);
    CHECK(again.gradient == kept.gradient);
    CHECK(again.entropy == kept.entropy);
    CHECK(again.log_probs == kept.log_probs);
    CHECK(again.weights == kept.weights);
  }
}

TEST_CASE("what is computed again is not counted as kept") {
  ModelConfig config = random_config(3);
  config.layers = 8;
  constexpr std::int64_t rows = 4096;
  std::int64_t kept = activation_floats(config, rows);
  std::int64_t again = activation_floats(config, rows, Recompute::layers);
  CHECK(again < kept / 3);
  config.layers = 9;  // one more is its input more
  CHECK(activation_floats(config, rows, Recompute::layers) - again ==
        doctest::Approx(rows * config.width).epsilon(0.01));
  CHECK(trainer_packed_words(config, Recompute::layers) <
        trainer_packed_words(config, Recompute::none) / 4);
}
