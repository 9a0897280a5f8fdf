#include "actors/model/algorithms.h"
#include "actors/model/policy.h"
#include "runtime/base/result.h"
#include "tests/model/training.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

std::unique_ptr<PolicyTrainer> trainer_for(const ModelConfig& config, const Arena& arena) {
  auto trainer = load_policy_trainer(config);
  trainer->import(arena);
  return trainer;
}

}  // namespace

TEST_CASE("the trainer's log-probs are the decoder's, bit for bit") {
  std::size_t tokens = 0;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    CAPTURE(seed);
    ModelConfig config = random_config(seed);
    auto arena = random_weights(config, seed);
    auto weights = ReadyWeights::prepare(config, arena);
    auto trainer = trainer_for(config, *arena);
    float temperature = seed % 3 == 0 ? 0.7F : 1.0F;
    auto sequences = random_sequences(config, seed, 11, 60);
    Decoder decoder(config, {.kv_blocks = 32});
    std::vector<std::vector<float>> expected;
    for (const TrainSequence& s : sequences)
      expected.push_back(
          decode_log_probs(decoder, config, *weights, s.prompt, s.completion, temperature));
    // Whatever shares the microbatch.
    for (std::int64_t rows_max : {1, 90, 200, 10000})
      REQUIRE(
          trainer->log_probs(sequences, static_cast<double>(temperature), rows_max) == expected);
    for (const auto& e : expected) tokens += e.size();

    // And the step says so.
    for (std::size_t i = 0; i < sequences.size(); ++i) {
      sequences[i].behaviour_log_probs = expected[i];
      if (i % 2 == 0) std::fill(sequences[i].lags.begin(), sequences[i].lags.end(), 0);
    }
    StepReport report = trainer->reinforce_step(
        sequences, {.temperature = static_cast<double>(temperature)}, {}, 200);
    CHECK(report.log_prob_gap_max == 0);
    CHECK(report.log_prob_gap_tokens > 0);
    CHECK(report.log_prob_gap_tokens < report.tokens);
    CHECK(report.ratio_max == 1);
    CHECK(report.mismatch_kl == 0);
    CHECK(report.effective_sample_size == doctest::Approx(1));
  }
  CHECK(tokens > 5000);
}

TEST_CASE("the gap is measured over rollouts of the very version, and nothing else") {
  ModelConfig config = preset("micro", 21);
  auto trainer = trainer_for(config, *random_weights(config, 1));
  auto sequences = random_sequences(config, 1, 6);
  behave(*trainer, sequences, 1, 0);
  for (std::uint32_t& lag : sequences[2].lags) lag = 0;
  sequences[2].behaviour_log_probs.back() += 0.25F;
  sequences[3].behaviour_log_probs.back() += 0.5F;  // an older version: not counted
  StepReport report = trainer->reinforce_step(sequences, {}, {}, 4096);
  CHECK(report.log_prob_gap_max == doctest::Approx(0.25));
  CHECK(report.log_prob_gap_tokens == sequences[2].completion.size());
}

TEST_CASE("gradients are the loss's own, by finite differences") {
  for (std::uint64_t seed = 0; seed < 14; ++seed) {
    CAPTURE(seed);
    ModelConfig config = random_config(seed);
    auto arena = random_weights(config, seed);
    auto trainer = trainer_for(config, *arena);
    auto sequences = random_sequences(config, seed, 5, 12);
    trainer->supervised_step(sequences, gradient_only(), 100);
    std::vector<float> gradient = last_gradient(*trainer);

    auto loss_at = [&](const std::vector<double>& direction, double step) {
      Arena moved(arena->shared_manifest());
      for (std::size_t i = 0; i < direction.size(); ++i)
        moved.data()[i] =
            static_cast<float>(static_cast<double>(arena->data()[i]) + step * direction[i]);
      trainer->import(moved);
      double sum = 0;
      std::size_t tokens = 0;
      for (const auto& log_probs : trainer->log_probs(sequences, 1, 100)) {
        for (float p : log_probs) sum -= static_cast<double>(p);
        tokens += log_probs.size();
      }
      return sum / static_cast<double>(tokens);
    };
    // Along the gradient itself, and along each tensor's part of it.
    for (const TensorEntry& tensor : arena->manifest().tensors()) {
      CAPTURE(tensor.name);
      std::vector<double> direction(gradient.size());
      double square = 0;
      for (std::size_t i = tensor.offset / 4; i < (tensor.offset + tensor.size) / 4; ++i) {
        direction[i] = static_cast<double>(gradient[i]);
        square += direction[i] * direction[i];
      }
      double norm = std::sqrt(square);
      if (norm < 1e-6) continue;  // biases of k: softmax does not see them
      for (double& d : direction) d /= norm;
      // Where a row changes its experts the loss jumps, and it may bend: a smaller step sees more.
      double slope = 0;
      for (double h : {4e-3, 1e-3, 2.5e-4}) {
        slope = (loss_at(direction, h) - loss_at(direction, -h)) / (2 * h);
        if (slope == doctest::Approx(norm).epsilon(0.02).scale(0.02)) break;
      }
      CHECK(slope == doctest::Approx(norm).epsilon(0.02).scale(0.02));
    }
  }
}

TEST_CASE("microbatches add up to the same gradient") {
  ModelConfig config = random_config(5);
  auto arena = random_weights(config, 5);
  auto trainer = trainer_for(config, *arena);
  auto sequences = random_sequences(config, 5, 23);
  behave(*trainer, sequences, 5, 0.3F);
  for (const std::string& algorithm : algorithm_names()) {
    CAPTURE(algorithm);
    LossOptions loss = loss_of(algorithm);
    loss.length_budget = 30;
    trainer->import(*arena);
    StepReport whole = trainer->reinforce_step(sequences, loss, gradient_only(), 10000);
    std::vector<float> expected = last_gradient(*trainer);
    trainer->import(*arena);
    StepReport parts = trainer->reinforce_step(sequences, loss, gradient_only(), 50);
    std::vector<float> found = last_gradient(*trainer);
    CHECK(whole.microbatches == 1);
    CHECK(parts.microbatches > 5);
    CHECK(parts.loss == doctest::Approx(whole.loss).epsilon(1e-9));
    CHECK(parts.entropy == doctest::Approx(whole.entropy).epsilon(1e-9));
    double difference = 0;
    for (std::size_t i = 0; i < found.size(); ++i)
      difference = std::max(difference, static_cast<double>(std::abs(found[i] - expected[i])));
    CHECK(difference < 1e-5 * (1 + whole.gradient_norm));
  }
}

TEST_CASE("a loss that divides by proximal finds them itself where none are given") {
  ModelConfig config = random_config(6);
  auto arena = random_weights(config, 6);
  auto trainer = trainer_for(config, *arena);
  auto batch = random_sequences(config, 6, 12);
  behave(*trainer, batch, 6, 0.3F);
  LossOptions loss = loss_of("decoupled_ppo");
  loss.temperature = 0.9;
  auto before = trainer->log_probs(batch, 0.9, 100);
  // They are those of this very step: the ratio to them is 1.
  StepReport own = trainer->reinforce_step(batch, loss, gradient_only(), 100);
  std::vector<float> gradient = last_gradient(*trainer);
  CHECK(own.clip_low_share + own.clip_high_share == 0);
  trainer->import(*arena);
  for (std::size_t i = 0; i < batch.size(); ++i) batch[i].proximal_log_probs = before[i];
  StepReport given = trainer->reinforce_step(batch, loss, gradient_only(), 100);
  CHECK(given.loss == own.loss);
  CHECK(last_gradient(*trainer) == gradient);

  // After another step the weights have moved away from them.
  trainer->import(*arena);
  std::span<const TrainSequence> all(batch);
  trainer->reinforce_step(all.first(6), loss, {.learning_rate = 0.05}, 100);
  StepReport second = trainer->reinforce_step(all.last(6), loss, gradient_only(), 100);
  CHECK(second.clip_low_share + second.clip_high_share > 0);

  batch[3].proximal_log_probs.pop_back();
  CHECK_THROWS_AS(trainer->reinforce_step(batch, loss, {}, 100), Error);
}

TEST_CASE("AdamW and clipping do what PyTorch's do, worked from the gradient") {
  ModelConfig config = preset("micro", 21);
  auto arena = random_weights(config, 2);
  auto trainer = trainer_for(config, *arena);
  auto sequences = random_sequences(config, 2, 4);
  std::vector<double> p(arena->data(), arena->data() + arena->bytes().size() / 4);
  std::vector<double> m(p.size());
  std::vector<double> v(p.size());
  std::vector<double> decay(p.size());  // of matrices: norms and biases have none
  for (const TensorEntry& tensor : arena->manifest().tensors())
    if (tensor.shape.size() > 1)
      std::fill_n(
          decay.begin() + static_cast<std::ptrdiff_t>(tensor.offset / 4), tensor.size / 4, 0.1);
  OptimizerOptions options{.learning_rate = 0.01, .weight_decay = 0.1, .clip_norm = 0.5};
  for (int step = 1; step <= 3; ++step) {
    auto probe = trainer_for(config, *arena);
    Arena now(arena->shared_manifest());
    trainer->export_to(now);
    probe->import(now);
    probe->supervised_step(sequences, gradient_only(), 4096);
    std::vector<float> g = last_gradient(*probe);
    StepReport report = trainer->supervised_step(sequences, options, 4096);
    double norm = 0;
    for (float x : g) norm += static_cast<double>(x) * static_cast<double>(x);
    norm = std::sqrt(norm);
    CHECK(report.gradient_norm == doctest::Approx(norm).epsilon(1e-5));
    CHECK(norm > 0.5);  // clipping is at work
    for (std::size_t i = 0; i < p.size(); ++i) {
      double x = static_cast<double>(g[i]) * 0.5 / norm;
      m[i] = 0.9 * m[i] + 0.1 * x;
      v[i] = 0.95 * v[i] + 0.05 * x * x;
      p[i] -= 0.01 * decay[i] * p[i];
      p[i] -= 0.01 * (m[i] / (1 - std::pow(0.9, step))) /
              (std::sqrt(v[i] / (1 - std::pow(0.95, step))) + 1e-8);
    }
    trainer->export_to(now);
    double difference = 0;
    for (std::size_t i = 0; i < p.size(); ++i)
      difference = std::max(difference, std::abs(p[i] - static_cast<double>(now.data()[i])));
    CHECK(difference < 1e-4);
  }
}

TEST_CASE("a toy mapping is learnt") {
  ModelConfig config = preset("micro", 12);
  Arena arena(std::make_shared<const Manifest>(model_manifest(config)));
  initialise(arena, config, 1);
  auto trainer = trainer_for(config, arena);
  std::vector<TrainSequence> sequences;  // n -> n + 1, then the end
  for (Token n = 1; n < 10; ++n) sequences.push_back({.prompt = {n}, .completion = {n + 1, 0}});
  StepReport first = trainer->supervised_step(sequences, {.learning_rate = 0.02}, 4096);
  StepReport last;
  for (int i = 0; i < 150; ++i)
    last = trainer->supervised_step(sequences, {.learning_rate = 0.02}, 4096);
  CHECK(first.loss > 2);
  CHECK(last.loss < 0.01);
  CHECK(last.entropy < 0.05);
  CHECK(first.tokens == 18);
  CHECK(first.rows == 18);
}

TEST_CASE("reinforcement makes what is rewarded likelier") {
  ModelConfig config = preset("micro", 12);
  Arena arena(std::make_shared<const Manifest>(model_manifest(config)));
  initialise(arena, config, 1);
  auto trainer = trainer_for(config, arena);
  std::vector<TrainSequence> sequences;
  for (Token t = 0; t < 12; ++t)
    sequences.push_back(
        {.prompt = {1}, .completion = {t}, .lags = {0}, .advantage = t == 7 ? 2.0 : -0.18});
  for (int i = 0; i < 60; ++i) {
    behave(*trainer, sequences, 1, 0);
    trainer->reinforce_step(sequences, {}, {.learning_rate = 0.01}, 4096);
  }
  CHECK(trainer->log_probs(sequences, 1, 4096)[7][0] > -0.1F);
}

TEST_CASE("clip shares and ratios are reported as they are") {
  ModelConfig config = preset("micro", 21);
  auto trainer = trainer_for(config, *random_weights(config, 1));
  std::vector<TrainSequence> sequences(2);
  sequences[0] = {.prompt = {1}, .completion = {2, 3}, .lags = {1, 1}, .advantage = 1};
  sequences[1] = {.prompt = {1}, .completion = {4, 5}, .lags = {1, 1}, .advantage = -1};
  behave(*trainer, sequences, 1, 0);
  auto off = [](float& p, double ratio) { p -= static_cast<float>(std::log(ratio)); };
  off(sequences[0].behaviour_log_probs[0], 1.5);  // cut above
  off(sequences[1].behaviour_log_probs[1], 0.5);  // cut below
  StepReport report = trainer->reinforce_step(sequences, {}, gradient_only(), 4096);
  CHECK(report.clip_high_share == doctest::Approx(0.25));
  CHECK(report.clip_low_share == doctest::Approx(0.25));
  CHECK(report.ratio_mean == doctest::Approx(1).epsilon(1e-5));  // (1.5 + 1 + 1 + 0.5) / 4
  CHECK(report.ratio_max == doctest::Approx(1.5).epsilon(1e-5));
  CHECK(report.effective_sample_size == doctest::Approx(16 / (4 * 4.5)).epsilon(1e-5));
  double kl = (1.5 - std::log(1.5) - 1 + 0.5 - std::log(0.5) - 1) / 4;
  CHECK(report.mismatch_kl == doctest::Approx(kl).epsilon(1e-4));
  // J = (1.28 + 1 - 1 - 0.8) / 4.
  CHECK(report.loss == doctest::Approx(-0.12).epsilon(1e-5));
}

TEST_CASE("a loss or gradient that is not finite changes nothing") {
  ModelConfig config = preset("micro", 21);
  auto trainer = trainer_for(config, *random_weights(config, 1));
  auto sequences = random_sequences(config, 1, 6);
  behave(*trainer, sequences, 1, 0.1F);
  trainer->reinforce_step(sequences, {}, {}, 4096);
  Fingerprint before = fingerprint_of(*trainer, config);
  Bytes state = trainer->optimizer_state().joined();
  auto broken = sequences;
  broken[3].advantage = std::numeric_limits<double>::quiet_NaN();
  StepReport report = trainer->reinforce_step(broken, {}, {}, 40);
  CHECK(report.skipped);
  CHECK(report.skip_reason == "the loss is nan");
  CHECK(fingerprint_of(*trainer, config) == before);
  CHECK(trainer->optimizer_state().joined() == state);
  broken[3].advantage = 1e60;  // a loss of that size is a number, a slope is none
  report = trainer->reinforce_step(broken, {}, {}, 40);
  CHECK(report.skipped);
  CHECK(std::isfinite(report.loss));
  CHECK(report.skip_reason.find("the gradient's norm is ") == 0);
  CHECK(fingerprint_of(*trainer, config) == before);
  CHECK(trainer->optimizer_state().joined() == state);
  CHECK_FALSE(trainer->reinforce_step(sequences, {}, {}, 40).skipped);
  CHECK(fingerprint_of(*trainer, config) != before);
  CHECK(trainer->supervised_step({}, {}, 40).skip_reason == "there are no sequences");
}

TEST_CASE("the optimizer's state continues a run bit for bit") {
  ModelConfig config = random_config(8);
  auto run = [&](bool interrupted) {
    auto trainer = trainer_for(config, *random_weights(config, 8));
    for (std::uint64_t step = 0; step < 6; ++step) {
      if (interrupted && step == 3) {
        Arena arena(std::make_shared<const Manifest>(model_manifest(config)));
        trainer->export_to(arena);
        Bytes state = trainer->optimizer_state().joined();
        trainer = trainer_for(config, arena);
        trainer->load_optimizer_state(state);
      }
      trainer->supervised_step(random_sequences(config, step, 9), {}, 64);
    }
    return fingerprint_of(*trainer, config);
  };
  Fingerprint expected = run(false);
  CHECK(run(false) == expected);
  CHECK(run(true) == expected);
}

TEST_CASE("state and weights of another shape are refused") {
  ModelConfig config = preset("micro", 21);
  auto trainer = trainer_for(config, *random_weights(config, 1));
  ModelConfig wider = preset("nano", 21);
  auto other = trainer_for(wider, *random_weights(wider, 1));
  CHECK_THROWS_AS(trainer->load_optimizer_state(other->optimizer_state().joined()), Error);
  Bytes cut = trainer->optimizer_state().joined();
  cut.pop_back();
  CHECK_THROWS_AS(trainer->load_optimizer_state(cut), Error);
  cut.resize(3);
  CHECK_THROWS_AS(trainer->load_optimizer_state(cut), Error);
  CHECK_THROWS_WITH_AS(trainer->import(*random_weights(wider, 1)),
      "tensor 'model.embed_tokens.weight' has shape (21, 64) in float32; the model's config wants "
      "(21, 16) in float32",
      Error);
}

TEST_CASE("a vocabulary whose logits come in parts gives the very same step") {
  // Logits come 256 rows at a time, as many as a sequence has; sums over rows go in such blocks.
  ModelConfig config = preset("micro", 70'000);
  config.context = 256;
  auto arena = random_weights(config, 6);
  Random random(6, 7);
  std::vector<TrainSequence> sequences(3);
  for (TrainSequence& s : sequences) {
    s.prompt = random_tokens(config, random, 1);
    s.completion = random_tokens(config, random, 256);
  }
  auto alone = trainer_for(config, *arena);
  auto together = trainer_for(config, *arena);
  REQUIRE(alone->log_probs(sequences, 0.9, 256) == together->log_probs(sequences, 0.9, 768));
  StepReport first = alone->supervised_step(sequences, {}, 256);
  StepReport second = together->supervised_step(sequences, {}, 768);
  CHECK(first.microbatches == 3);
  CHECK(second.microbatches == 1);
  CHECK(first.gradient_norm == second.gradient_norm);
  CHECK(fingerprint_of(*alone, config) == fingerprint_of(*together, config));
}

TEST_CASE("sequences that make no sense are named") {
  ModelConfig config = preset("micro", 21);
  auto trainer = trainer_for(config, *random_weights(config, 1));
  auto refused = [&](const TrainSequence& s, bool reinforce) -> std::string {
    std::vector<TrainSequence> both = {
        {.prompt = {1}, .completion = {2}, .behaviour_log_probs = {-1}, .lags = {0}}, s};
    try {
      if (reinforce)
        trainer->reinforce_step(both, {}, {}, 100);
      else
        trainer->supervised_step(both, {}, 100);
    } catch (const Error& error) {
      return error.text();
    }
    return "accepted";
  };
  CHECK(refused({.prompt = {}, .completion = {1}}, false) ==
        "sequence 1 cannot be trained on: its prompt is empty");
  CHECK(refused({.prompt = {1}, .completion = {}}, false) ==
        "sequence 1 cannot be trained on: its completion is empty");
  CHECK(refused({.prompt = {1}, .completion = {21}}, false) ==
        "sequence 1 cannot be trained on: token 21 is not of the vocabulary of 21");
  CHECK(refused({.prompt = {1}, .completion = std::vector<Token>(129, 1)}, false) ==
        "sequence 1 cannot be trained on: its 129 positions are over the context of 128");
  CHECK(refused({.prompt = {1}, .completion = {1}}, true) ==
        "sequence 1 cannot be trained on: it has 0 behaviour log-probs for 1 tokens");
}

TEST_CASE("a plug-in that is not there is named, with the remedy") {
  const char* plugin = std::getenv("TRAM_TRAINER");
  std::string good = plugin == nullptr ? "" : plugin;
  setenv("TRAM_TRAINER", "/nowhere/trainer.so", 1);
  CHECK_THROWS_AS(load_policy_trainer(preset("micro", 21)), Error);
  setenv("TRAM_TRAINER", good.c_str(), 1);
}
