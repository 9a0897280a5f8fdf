// Weights that are served in bfloat16: decoded with rounded, trained in float32.
#include "actors/model/policy.h"
#include "kernels/ops.h"
#include "tests/model/training.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

ModelConfig random_bfloat16_config(std::uint64_t seed) {
  ModelConfig config = random_config(seed);
  config.serving = Dtype::bfloat16;
  return config;
}

std::shared_ptr<const Arena> exported(
    const PolicyTrainer& trainer, const Manifest& manifest, Version version = 0) {
  auto arena = std::make_shared<Arena>(std::make_shared<const Manifest>(manifest));
  trainer.export_to(*arena);
  arena->seal(version);
  return arena;
}

std::shared_ptr<const Arena> served(const PolicyTrainer& trainer, const ModelConfig& config) {
  return exported(trainer, serving_manifest(config));
}

// float32 weights of the values that bfloat16 ones have.
std::shared_ptr<const Arena> widened(const Arena& served, const ModelConfig& config) {
  auto wide = std::make_shared<Arena>(std::make_shared<const Manifest>(model_manifest(config)));
  for (const TensorEntry& tensor : served.manifest().tensors()) {
    std::span<float> to = wide->floats(tensor.name);
    const std::byte* from = served.bytes().data() + tensor.offset;
    if (tensor.dtype == Dtype::bfloat16)
      kernels::to_float32(reinterpret_cast<const kernels::Bfloat16*>(from),
          static_cast<std::int64_t>(to.size()), to.data());
    else
      std::memcpy(to.data(), from, tensor.size);
  }
  wide->seal(served.version());
  return wide;
}

std::unique_ptr<PolicyTrainer> trainer_for(const ModelConfig& config, const Arena& arena) {
  auto trainer = load_policy_trainer(config);
  trainer->import(arena);
  return trainer;
}

std::vector<std::vector<float>> decoded(const ModelConfig& config, const ReadyWeights& weights,
    const std::vector<TrainSequence>& sequences) {
  Decoder decoder(config, {.kv_blocks = 32});
  std::vector<std::vector<float>> log_probs;
  for (const TrainSequence& s : sequences)
    log_probs.push_back(decode_log_probs(decoder, config, weights, s.prompt, s.completion));
  return log_probs;
}

}  // namespace

TEST_CASE(
    "what is served is the nearest bfloat16 of each matrix, and norms and biases as they are") {
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    CAPTURE(seed);
    ModelConfig config = random_bfloat16_config(seed);
    auto arena = random_weights(config, seed);
    auto out = served(*trainer_for(config, *arena), config);
    CHECK(out->bytes().size() < arena->bytes().size());
    for (const TensorEntry& tensor : arena->manifest().tensors()) {
      CAPTURE(tensor.name);
      std::span<const float> values = arena->floats(tensor.name);
      const TensorEntry* found = out->manifest().find(tensor.name);
      REQUIRE(found != nullptr);
      REQUIRE(found->shape == tensor.shape);
      bool matrix = tensor.shape.size() > 1;
      REQUIRE(found->dtype == (matrix ? Dtype::bfloat16 : Dtype::float32));
      if (!matrix) {
        REQUIRE(std::memcmp(out->floats(tensor.name).data(), values.data(), tensor.size) == 0);
        continue;
      }
      const auto* bits =
          reinterpret_cast<const std::uint16_t*>(out->bytes().data() + found->offset);
      for (std::size_t i = 0; i < values.size(); ++i) {
        std::uint32_t word = 0;
        std::memcpy(&word, &values[i], sizeof word);
        std::uint32_t down = word >> 16;
        std::uint32_t rest = word & 0xffffU;
        bool up = rest > 0x8000U || (rest == 0x8000U && down % 2 == 1);
        REQUIRE(bits[i] == down + (up ? 1 : 0));
      }
    }
  }
}

TEST_CASE("served in bfloat16, the trainer's log-probs are the decoder's, bit for bit") {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    CAPTURE(seed);
    ModelConfig config = random_bfloat16_config(seed);
    auto trainer = trainer_for(config, *random_weights(config, seed));
    auto sequences = random_sequences(config, seed, 9, 50);
    for (int step = 0; step < 2; ++step) {
      auto arena = served(*trainer, config);
      auto expected = decoded(config, *ReadyWeights::prepare(config, arena), sequences);
      // Whatever shares the microbatch.
      for (std::int64_t rows_max : {1, 90, 10000})
        REQUIRE(trainer->log_probs(sequences, 1, rows_max) == expected);
      // It is the arithmetic of the widened weights.
      REQUIRE(expected ==
              decoded(config, *ReadyWeights::prepare(config, widened(*arena, config)), sequences));
      for (std::size_t i = 0; i < sequences.size(); ++i) {
        sequences[i].behaviour_log_probs = expected[i];
        std::fill(sequences[i].lags.begin(), sequences[i].lags.end(), 0);
      }
      StepReport report = trainer->reinforce_step(sequences, {}, {.learning_rate = 0.01}, 200);
      CHECK(report.log_prob_gap_max == 0);
      CHECK(report.log_prob_gap_tokens == report.tokens);
      CHECK(report.ratio_max == 1);
    }
  }
}

TEST_CASE("gradients are those of the weights that are served") {
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    CAPTURE(seed);
    ModelConfig config = random_bfloat16_config(seed);
    auto trainer = trainer_for(config, *random_weights(config, seed));
    ModelConfig plain = config;
    plain.serving = Dtype::float32;
    auto rounded = trainer_for(plain, *widened(*served(*trainer, config), plain));
    auto sequences = random_sequences(config, seed, 6, 20);
    trainer->supervised_step(sequences, gradient_only(), 100);
    rounded->supervised_step(sequences, gradient_only(), 100);
    CHECK(last_gradient(*trainer) == last_gradient(*rounded));
  }
}

TEST_CASE("steps too small for bfloat16 add up in the trainer, and a checkpoint keeps them") {
  ModelConfig config = random_bfloat16_config(2);
  auto trainer = trainer_for(config, *random_weights(config, 2));
  auto sequences = random_sequences(config, 2, 6, 20);
  auto first = served(*trainer, config);
  auto share = [&](const Arena& a) {  // of the bytes that are not as they were
    std::size_t changed = 0;
    for (std::size_t i = 0; i < a.bytes().size(); ++i)
      changed += a.bytes()[i] != first->bytes()[i] ? 1 : 0;
    return static_cast<double>(changed) / static_cast<double>(a.bytes().size());
  };
  OptimizerOptions small{.learning_rate = 1e-5};
  trainer->supervised_step(sequences, small, 100);
  double after_one = share(*served(*trainer, config));
  for (int i = 0; i < 60; ++i) trainer->supervised_step(sequences, small, 100);
  double after_many = share(*served(*trainer, config));
  CHECK(after_one < 0.1);
  CHECK(after_many > 3 * after_one);

  auto masters = exported(*trainer, model_manifest(config));
  auto again = trainer_for(config, *masters);
  again->load_optimizer_state(trainer->optimizer_state().joined());
  CHECK(served(*again, config)->fingerprint() == served(*trainer, config)->fingerprint());
  trainer->supervised_step(sequences, small, 100);
  again->supervised_step(sequences, small, 100);
  CHECK(fingerprint_of(*again, config) == fingerprint_of(*trainer, config));
  CHECK(served(*again, config)->fingerprint() == served(*trainer, config)->fingerprint());
}

TEST_CASE("rows of bfloat16 weights do not depend on the others of their step") {
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    CAPTURE(seed);
    ModelConfig config = random_bfloat16_config(seed);
    auto trainer = trainer_for(config, *random_weights(config, seed));
    auto weights = ReadyWeights::prepare(config, served(*trainer, config));
    Random random(seed);
    std::vector<std::vector<Token>> texts;
    for (int i = 0; i < 7; ++i)
      texts.push_back(random_tokens(config, random, 5 + random.below(30)));
    auto v = static_cast<std::size_t>(config.vocabulary);
    Decoder together(config, {.kv_blocks = 64});
    std::vector<Decoder::Row> rows;
    for (const auto& text : texts) {
      auto id = *together.open(static_cast<std::int64_t>(text.size()));
      for (Token t : text) rows.push_back({id, t});
    }
    const float* found = together.forward(rows, *weights).data();
    for (const auto& text : texts) {
      Decoder alone(config, {.kv_blocks = 8});
      auto id = *alone.open(static_cast<std::int64_t>(text.size()));
      for (Token t : text) {
        auto logits = alone.forward(std::array{Decoder::Row{id, t}}, *weights);
        REQUIRE(std::memcmp(logits.data(), found, v * sizeof(float)) == 0);
        found += v;
      }
    }
  }
}
