// Every algorithm against its paper's formula in plain ATen ops: loss and gradient.
#include "actors/model/algorithms.h"
#include "runtime/base/random.h"
#include "tests/model/paper_losses.h"

#include <cmath>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

// One minibatch: groups of several sizes and lengths, tokens written by several versions.
struct Minibatch {
  std::vector<std::vector<float>> log_probs, behaviour, proximal;
  std::vector<double> scores;
  std::vector<std::uint64_t> groups;
  std::vector<std::uint64_t> lengths;
};

Minibatch random_minibatch(Random& random) {
  Minibatch m;
  std::uint64_t groups = 1 + random.below(5);
  for (std::uint64_t g = 0; g < groups; ++g) {
    std::uint64_t members = 2 + random.below(5);
    for (std::uint64_t i = 0; i < members; ++i) {
      std::uint64_t tokens = 1 + random.below(g % 2 == 0 ? 4 : 40);
      std::vector<float> trained, behaviour, proximal;
      float staleness = 0.05F;
      for (std::uint64_t t = 0; t < tokens; ++t) {
        if (random.below(5) == 0) staleness = 0.6F * random.uniform();
        trained.push_back(-0.05F - 3 * random.uniform());
        behaviour.push_back(trained.back() + staleness * random.normal());
        proximal.push_back(trained.back() + 0.2F * random.normal());
      }
      m.log_probs.push_back(trained);
      m.behaviour.push_back(behaviour);
      m.proximal.push_back(proximal);
      m.scores.push_back(0.1 * static_cast<double>(random.below(11)));
      m.groups.push_back(70 + g);
      m.lengths.push_back(tokens);
    }
  }
  return m;
}

struct Outcome {
  double loss = 0;
  std::vector<std::vector<double>> gradient;
};

Outcome ours(const LossOptions& options, const Minibatch& m) {
  Outcome outcome;
  auto values = advantages(m.scores, m.groups, options.advantage);
  auto weights = token_weights(options, m.groups, m.lengths);
  for (std::size_t i = 0; i < m.scores.size(); ++i) {
    std::vector<double> slopes(m.lengths[i]);
    LossPart part = sequence_loss(options,
        {.log_probs = m.log_probs[i],
            .behaviour = m.behaviour[i],
            .proximal = m.proximal[i],
            .advantage = values[i],
            .weight = weights[i]},
        slopes);
    outcome.loss += part.loss;
    outcome.gradient.push_back(slopes);
  }
  return outcome;
}

at::Tensor tensor(const std::vector<float>& values) {
  return at::from_blob(
      const_cast<float*>(values.data()), {static_cast<std::int64_t>(values.size())}, at::kFloat)
      .to(at::kDouble)
      .clone();
}

Outcome papers(const std::string& name, const PaperBounds& bounds, const Minibatch& m) {
  std::vector<PaperSequence> sequences;
  for (std::size_t i = 0; i < m.scores.size(); ++i)
    sequences.push_back({tensor(m.log_probs[i]).requires_grad_(true), tensor(m.behaviour[i]),
        tensor(m.proximal[i]), m.scores[i], m.groups[i]});
  at::Tensor loss = paper_loss(name, sequences, bounds);
  loss.backward();
  Outcome outcome;
  outcome.loss = loss.item<double>();
  for (const auto& s : sequences) {
    at::Tensor g = s.log_probs.grad().contiguous();
    outcome.gradient.emplace_back(g.data_ptr<double>(), g.data_ptr<double>() + g.size(0));
  }
  return outcome;
}

void check_equal(const Outcome& found, const Outcome& expected) {
  CHECK(std::abs(found.loss - expected.loss) < 1e-6 * (1 + std::abs(expected.loss)));
  REQUIRE(found.gradient.size() == expected.gradient.size());
  double gap = 0;
  for (std::size_t i = 0; i < found.gradient.size(); ++i)
    for (std::size_t t = 0; t < found.gradient[i].size(); ++t)
      gap = std::max(gap, std::abs(found.gradient[i][t] - expected.gradient[i][t]));
  CHECK(gap < 1e-6);
}

// As the papers print them, not as the table has them.
PaperBounds published(const std::string& name) {
  if (name == "magistral" || name == "dapo") return {.low = 0.2, .high = 0.28};
  if (name == "cispo") return {.low = 1, .high = 4};
  if (name == "gspo") return {.low = 3e-4, .high = 4e-4};
  if (name == "truncated_is") return {.cap = 2};
  return {.low = 0.2, .high = 0.2, .cap = 0, .budget = 48};
}

}  // namespace

TEST_CASE("every algorithm's loss and gradient are those of its paper, at its own bounds") {
  for (const std::string& name : algorithm_names()) {
    LossOptions options = loss_of(name);
    options.length_budget = 48;
    for (std::uint64_t seed = 0; seed < 60; ++seed) {
      CAPTURE(name);
      CAPTURE(seed);
      Random random(seed);
      // Several minibatches of one batch: each its own advantages and normaliser.
      for (int part = 0; part < 3; ++part) {
        Minibatch m = random_minibatch(random);
        check_equal(ours(options, m), papers(name, published(name), m));
      }
    }
  }
}

TEST_CASE("bounds that are given take the place of the algorithm's own") {
  for (const std::string& name : algorithm_names()) {
    CAPTURE(name);
    LossOptions options = loss_of(name);
    options.clip_low = 0.1;
    options.clip_high = 0.15;
    options.importance_cap = 1.2;
    options.length_budget = 7;
    Random random(5);
    Minibatch m = random_minibatch(random);
    check_equal(
        ours(options, m), papers(name, {.low = 0.1, .high = 0.15, .cap = 1.2, .budget = 7}, m));
  }
}
