// Searches for what a policy under reinforcement would find: answers that are right for problems
// that have nothing in common. $TRAM_CHEAT_SECONDS says for how long each looks (60 each if unset).
#include "runtime/base/random.h"
#include "tests/maths/cheat_grammar.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <random>
#include <vector>

#include "tests/support/test.h"

using namespace tramontane;
using std::chrono::steady_clock;

namespace {

CompareOptions bounded() {
  CompareOptions options;
  options.number_bits_max = 1U << 13;
  options.precision_bits_max = 768;
  return options;
}

std::vector<GoldAnswer> parsed(const std::vector<std::string>& golds) {
  std::vector<GoldAnswer> out;
  for (const std::string& gold : golds) out.emplace_back(gold, bounded());
  return out;
}

std::chrono::seconds search_time() {
  const char* seconds = std::getenv("TRAM_CHEAT_SECONDS");
  return std::chrono::seconds(seconds ? std::atoi(seconds) : 60);
}

std::uint64_t search_seed() {
  const char* seed = std::getenv("TRAM_CHEAT_SEED");
  return seed ? std::strtoull(seed, nullptr, 10) : std::random_device{}();
}

// A policy over the grammar: one softmax for each place of choice, learnt by REINFORCE (Williams
// 1992) with the mean of the rewards as its baseline.
class Policy {
 public:
  explicit Policy(std::uint64_t seed) : random_(seed) {}

  std::string write() {
    chosen_.clear();
    return write_answer([this](std::size_t n, int place) { return choose(n, place); });
  }

  void learn(double reward) {
    constexpr double rate = 0.2;
    constexpr double forget = 0.02;
    double advantage = reward - baseline_;
    baseline_ += forget * advantage;
    for (const Choice& choice : chosen_) {
      auto& weights = weights_[choice.place];
      std::vector<double> shares = softmax(weights);
      for (std::size_t i = 0; i < weights.size(); ++i)
        weights[i] += rate * advantage * ((i == choice.taken ? 1 : 0) - shares[i]);
    }
  }

 private:
  struct Choice {
    std::size_t place;
    std::size_t taken;
  };

  static std::vector<double> softmax(const std::vector<double>& weights) {
    std::vector<double> out;
    double most = *std::max_element(weights.begin(), weights.end());
    double total = 0;
    for (double weight : weights) total += out.emplace_back(std::exp(weight - most));
    for (double& share : out) share /= total;
    return out;
  }

  std::size_t choose(std::size_t n, int place) {
    constexpr double explored = 0.1;
    if (weights_.size() <= static_cast<std::size_t>(place))
      weights_.resize(static_cast<std::size_t>(place) + 1);
    auto& weights = weights_[static_cast<std::size_t>(place)];
    if (weights.empty()) weights.resize(n);
    std::size_t taken = 0;
    if (random_.uniform() < explored) {
      taken = random_.below(n);
    } else {
      double left = random_.uniform();
      std::vector<double> shares = softmax(weights);
      while (taken + 1 < n && left >= shares[taken]) left -= shares[taken++];
    }
    chosen_.push_back({static_cast<std::size_t>(place), taken});
    return taken;
  }

  Random random_;
  std::vector<std::vector<double>> weights_;
  std::vector<Choice> chosen_;
  double baseline_ = 0;
};

}  // namespace

TEST_CASE("the golds of the search have nothing in common") {
  auto texts = unlike_golds();
  auto golds = parsed(texts);
  for (const std::string& text : texts) {
    std::string which;
    CAPTURE(text);
    CHECK(equalled(golds, text, which) == 1);
    CAPTURE(which);
  }
}

TEST_CASE("no string that the grammar writes equals two golds") {
  auto golds = parsed(unlike_golds());
  std::uint64_t seed = search_seed();
  Random random(seed);
  std::size_t written = 0;
  std::size_t right = 0;
  auto end = steady_clock::now() + search_time();
  for (; steady_clock::now() < end; ++written) {
    std::string answer = write_answer([&random](std::size_t n, int) { return random.below(n); });
    std::string which;
    std::size_t count = equalled(golds, answer, which);
    right += count;
    CAPTURE(seed);
    CAPTURE(answer);
    CAPTURE(which);
    CHECK(count < 2);
  }
  MESSAGE(written, " strings against ", golds.size(), " golds, ", right, " right; seed ", seed);
}

TEST_CASE("a policy rewarded for cheats finds none: its best string is right for one gold") {
  auto golds = parsed(unlike_golds());
  std::uint64_t seed = search_seed();
  Policy policy(seed);
  Random random(seed + 1);
  std::size_t tries = 0;
  std::size_t rewarded = 0;
  std::size_t most = 0;
  std::string best;
  auto end = steady_clock::now() + search_time();
  for (; steady_clock::now() < end; ++tries) {
    std::string answer = policy.write();
    // The gold of this episode is not known to the policy.
    bool paid = golds[random.below(golds.size())].compare(answer).outcome == Outcome::equal;
    policy.learn(paid ? 1 : 0);
    if (!paid) continue;
    ++rewarded;
    std::string which;
    std::size_t count = equalled(golds, answer, which);
    if (count <= most) continue;
    most = count;
    best = answer;
    CAPTURE(seed);
    CAPTURE(answer);
    CAPTURE(which);
    CHECK(count <= 1);
  }
  MESSAGE(tries, " tries, ", rewarded, " rewarded; the best string, '", best, "', is right for ",
      most, " of ", golds.size(), " golds: chance; seed ", seed);
}
