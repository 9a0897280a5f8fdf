// What a step tells of the tokens of sequences that are watched.
#include "actors/model/algorithms.h"
#include "actors/model/policy.h"
#include "tests/model/random_model.h"
#include "tests/model/training.h"

#include <algorithm>

#include "tests/support/test.h"

using namespace tramontane;

TEST_CASE("tokens that are watched are told as the step saw them") {
  ModelConfig config = random_config(5);
  auto arena = random_weights(config, 5);
  auto trainer = load_policy_trainer(config);
  trainer->import(*arena);
  auto sequences = random_sequences(config, 5, 23);
  behave(*trainer, sequences, 5, 0.3F);
  LossOptions loss = loss_of("magistral");
  auto log_probs = trainer->log_probs(sequences, loss.temperature, 50);
  StepReport unwatched = trainer->reinforce_step(sequences, loss, gradient_only(), 50);
  CHECK(unwatched.watched.empty());
  trainer->import(*arena);
  for (std::size_t i = 0; i < sequences.size(); ++i) sequences[i].watch = 1000 + i;
  StepReport report = trainer->reinforce_step(sequences, loss, gradient_only(), 50);
  CHECK(report.loss == unwatched.loss);
  REQUIRE(report.watched.size() == sequences.size());
  double entropy = 0;
  double low = 0;
  double high = 0;
  for (const WatchedTokens& tokens : report.watched) {
    std::size_t i = tokens.watch - 1000;
    CHECK(tokens.log_probs == log_probs.at(i));
    CHECK(tokens.fates.size() == sequences[i].completion.size());
    for (float value : tokens.entropy) entropy += static_cast<double>(value);
    low += static_cast<double>(
        std::count(tokens.fates.begin(), tokens.fates.end(), TokenFate::clipped_low));
    high += static_cast<double>(
        std::count(tokens.fates.begin(), tokens.fates.end(), TokenFate::clipped_high));
  }
  auto all = static_cast<double>(report.tokens);
  CHECK(entropy / all == doctest::Approx(report.entropy).epsilon(1e-9));
  CHECK(low / all == doctest::Approx(report.clip_low_share));
  CHECK(high / all == doctest::Approx(report.clip_high_share));
  CHECK(low + high > 0);
}
