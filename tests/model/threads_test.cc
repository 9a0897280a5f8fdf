// However many threads compute: the trainer's results, and the engine's.
#include "actors/model/policy.h"
#include "tests/model/training.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "tests/support/test.h"

using namespace tramontane;

TEST_CASE("steps and log-probs of a trainer are the same by any number of threads") {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    CAPTURE(seed);
    ModelConfig config = random_config(seed);
    if (seed % 2 == 1) config.serving = Dtype::bfloat16;
    auto arena = random_weights(config, seed);
    auto sequences = random_sequences(config, seed, 9, 40);
    std::vector<std::vector<float>> log_probs;
    Fingerprint weights = 0;
    for (unsigned threads : {1U, 2U, 5U}) {
      CAPTURE(threads);
      auto trainer = load_policy_trainer(config);
      trainer->set_threads(threads);
      trainer->import(*arena);
      behave(*trainer, sequences, seed, 0.1F);
      for (int step = 0; step < 3; ++step)
        trainer->reinforce_step(sequences, {}, {.learning_rate = 0.01}, 150);
      auto found = trainer->log_probs(sequences, 1, 150);
      if (threads == 1) {
        log_probs = found;
        weights = fingerprint_of(*trainer, config);
      }
      CHECK(found == log_probs);
      CHECK(fingerprint_of(*trainer, config) == weights);
    }
  }
}

TEST_CASE("tokens and log-probs of an engine are the same by any number of threads") {
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    CAPTURE(seed);
    ModelConfig config = random_config(seed);
    auto weights = ReadyWeights::prepare(config, random_weights(config, seed));
    std::vector<kernels::Sampled> expected;
    for (unsigned threads : {1U, 2U, 5U}) {
      CAPTURE(threads);
      Decoder decoder(config, {.kv_blocks = 128}, *cpu_device({.threads = threads}));
      Random random(seed);
      std::vector<Decoder::Row> rows;
      for (std::uint64_t s = 0; s < 20; ++s) {
        auto id = *decoder.open(60);
        for (Token t : random_tokens(config, random, 1 + random.below(20)))
          rows.push_back({id, t, random.below(3) == 0, {.seed = seed, .stream = s}});
      }
      std::vector<kernels::Sampled> found;
      for (int step = 0; step < 3; ++step) {
        auto sampled = decoder.step(rows, *weights, {.temperature = 0.9F, .top_p = 0.9F});
        found.insert(found.end(), sampled.begin(), sampled.end());
        for (Decoder::Row& row : rows) row.draw.position += 1;
        std::erase_if(rows, [](const Decoder::Row& row) { return !row.wants_output; });
      }
      if (threads == 1) expected = found;
      REQUIRE(found.size() == expected.size());
      for (std::size_t i = 0; i < found.size(); ++i) {
        CHECK(found[i].token == expected[i].token);
        CHECK(std::memcmp(&found[i].log_prob, &expected[i].log_prob, sizeof(float)) == 0);
      }
    }
  }
}
