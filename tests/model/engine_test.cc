#include "actors/model/engine.h"

#include "actors/model/policy.h"
#include "kernels/ops.h"
#include "runtime/base/check.h"
#include "tests/model/random_model.h"

#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

bool same(float a, float b) {
  return std::memcmp(&a, &b, sizeof a) == 0;
}

// Not the CPU's.
class ElsewhereWeights final : public ReadyWeights {
 public:
  ElsewhereWeights() : ReadyWeights(7, 1) {}
};

}  // namespace

TEST_CASE("a step draws what its logits give, and computes the log-probability of a target") {
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    CAPTURE(seed);
    ModelConfig config = random_config(seed);
    auto weights = ReadyWeights::prepare(config, random_weights(config, seed));
    Random random(seed);
    kernels::Sampling sampling{.temperature = 0.8F, .top_p = seed % 2 == 0 ? 1.0F : 0.7F};
    Decoder by_logits(config, {.kv_blocks = 24});
    Decoder by_step(config, {.kv_blocks = 24});
    std::vector<Decoder::Row> rows;
    for (std::uint32_t i = 0; i < 20; ++i) {
      if (i % 4 == 0) REQUIRE(by_logits.open(16) == by_step.open(16));
      rows.push_back({.sequence = i / 4,
          .token = random_tokens(config, random, 1)[0],
          .wants_output = random.below(3) != 0,
          .draw = {.seed = seed, .stream = i / 4, .position = i % 4},
          .target = random.below(2) == 0 ? -1 : random_tokens(config, random, 1)[0]});
    }
    auto sampled = by_step.step(rows, *weights, sampling);
    const float* logits = by_logits.forward(rows, *weights).data();
    std::size_t output = 0;
    for (const Decoder::Row& row : rows) {
      if (!row.wants_output) continue;
      const kernels::Sampled& found = sampled[output++];
      if (row.target < 0) {
        auto drawn = kernels::sample(logits, config.vocabulary, sampling, uniform(row.draw));
        CHECK(found.token == drawn.token);
        CHECK(same(found.log_prob, drawn.log_prob));
      } else {
        float expected = 0;
        kernels::token_log_prob(
            logits, 1, config.vocabulary, &row.target, sampling.temperature, &expected, nullptr);
        CHECK(found.token == row.target);
        CHECK(same(found.log_prob, expected));
      }
      logits += config.vocabulary;
    }
    CHECK(sampled.size() == output);
  }
}

TEST_CASE("an engine finds keys and values by the block table, whatever the blocks are") {
  ModelConfig config = random_config(4);
  auto device = cpu_device();
  auto weights = device->prepare(config, random_weights(config, 4));
  Random random(1);
  std::vector<Token> tokens = random_tokens(config, random, 40);
  auto last = [&](std::array<std::int32_t, 6> table, std::int32_t sequence) {
    auto engine = device->engine(config, {.kv_blocks = 9, .rows_max = 16});
    kernels::Sampled sampled;
    for (std::int32_t i = 0; i < 40; ++i) {
      EngineRow row{tokens[static_cast<std::size_t>(i)], i, sequence};
      EngineOutput output{.row = 0, .target = 1, .draw = {}};
      engine->step({.rows = {&row, 1},
                       .outputs = {&output, 1},
                       .block_table = table.data(),
                       .table_stride = 3,
                       .sampling = {},
                       .sampled = {&sampled, 1},
                       .logits = {}},
          *weights);
    }
    return sampled.log_prob;
  };
  float alone = last({0, 1, 2, 0, 0, 0}, 0);
  CHECK(same(alone, last({0, 0, 0, 8, 3, 5}, 1)));
  CHECK_FALSE(same(alone, last({0, 0, 0, 8, 3, 3}, 1)));  // two blocks in one place
}

TEST_CASE("logits that make no distribution are told, and weights of another device refused") {
  ModelConfig config = preset("micro", 21);
  auto arena = std::make_shared<Arena>(std::make_shared<const Manifest>(model_manifest(config)));
  for (float& f : arena->floats("model.embed_tokens.weight"))
    f = std::numeric_limits<float>::quiet_NaN();
  arena->seal(1);
  Decoder decoder(config, {.kv_blocks = 2});
  std::array rows = {Decoder::Row{.sequence = *decoder.open(2), .token = 3}};
  auto sampled = decoder.step(rows, *ReadyWeights::prepare(config, arena), {});
  REQUIRE(sampled.size() == 1);
  CHECK(sampled[0].token == -1);
  CHECK_THROWS_WITH_AS(
      decoder.step(rows, ElsewhereWeights(), {}), doctest::Contains("another device"), Bug);
}
