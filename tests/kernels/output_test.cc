#include "kernels/ops.h"
#include "tests/kernels/compare.h"

#include <algorithm>
#include <map>

#include "tests/support/test.h"

namespace tramontane {
namespace {

using kernels::Sampling;

std::size_t size(std::int64_t n) {
  return static_cast<std::size_t>(n);
}

float log_prob(const Values& logits, std::int32_t target, float temperature = 1) {
  float result = 0;
  kernels::token_log_prob(logits.data(), 1, static_cast<std::int64_t>(logits.size()), &target,
      temperature, &result, nullptr);
  return result;
}

kernels::Sampled draw(const Values& logits, Sampling sampling, float u) {
  return kernels::sample(logits.data(), static_cast<std::int64_t>(logits.size()), sampling, u);
}

// The distribution by its definition: sorted, cut, renormalised, in double.
std::vector<double> by_definition(const Values& logits, Sampling sampling) {
  std::vector<std::size_t> order(logits.size());
  std::vector<double> p(logits.size());
  double total = 0;
  const float top = *std::max_element(logits.begin(), logits.end());
  for (std::size_t i = 0; i < p.size(); ++i) {
    order[i] = i;
    p[i] = std::exp((static_cast<double>(logits[i]) - top) / sampling.temperature);
    total += p[i];
  }
  std::stable_sort(order.begin(), order.end(),
      [&](std::size_t a, std::size_t b) { return logits[a] > logits[b]; });
  double mass = 0;
  double keep = 0;
  for (const std::size_t i : order) {
    if (sampling.top_p < 1 && mass >= sampling.top_p * total) {
      p[i] = 0;
    } else {
      mass += p[i];
      keep += p[i];
    }
  }
  for (double& x : p) x /= keep;
  return p;
}

}  // namespace

TEST_CASE("log-probabilities, entropy and their gradient agree with ATen") {
  Source source(31);
  for (const std::int64_t vocabulary : {1, 2, 15, 16, 21, 64, 65, 1000, 150001}) {
    for (const float temperature : {1.0F, 0.7F, 2.5F}) {
      CAPTURE(vocabulary);
      CAPTURE(temperature);
      const std::int64_t rows = vocabulary > 1000 ? 2 : 9;
      const Values logits = source.normal(rows * vocabulary, 3);
      const Values dlog_probs = source.normal(rows);
      std::vector<std::int32_t> targets;
      for (std::int64_t r = 0; r < rows; ++r)
        targets.push_back(static_cast<std::int32_t>(source.whole(0, vocabulary - 1)));
      const auto expected =
          reference::token_log_prob(logits, targets, dlog_probs, temperature, rows, vocabulary);
      Values log_probs(size(rows)), entropy(size(rows)), dlogits(size(rows * vocabulary));
      kernels::token_log_prob(logits.data(), rows, vocabulary, targets.data(), temperature,
          log_probs.data(), entropy.data());
      for (std::size_t r = 0; r < size(rows); ++r) {
        CHECK(std::abs(log_probs[r] - expected.log_probs[r]) < 2e-6 * (1 + vocabulary / 1e5));
        CHECK(std::abs(entropy[r] - expected.entropy[r]) < 4e-6);
      }
      kernels::token_log_prob_backward(dlog_probs.data(), logits.data(), rows, vocabulary,
          targets.data(), temperature, dlogits.data());
      Reals with_floor = expected.dlogits;  // a vocabulary of one has no gradient but rounding
      with_floor.push_back(1);
      Values padded = dlogits;
      padded.push_back(1);
      CHECK(gap(padded, with_floor) < 3e-6);
      Values in_place = logits;
      kernels::token_log_prob_backward(dlog_probs.data(), in_place.data(), rows, vocabulary,
          targets.data(), temperature, in_place.data());
      CHECK(in_place == dlogits);
    }
  }
}

TEST_CASE("a sampled token's log-probability is the trainer's, bit for bit, at any top_p") {
  Source source(32);
  for (int trial = 0; trial < 3000; ++trial) {
    const std::int64_t vocabulary = source.whole(1, 200);
    const Values logits = source.normal(vocabulary, 2);
    const Sampling sampling = {.temperature = trial % 3 == 0 ? 1.0F : 0.1F + 2 * source.uniform(),
        .top_p = trial % 2 == 0 ? 1.0F : source.uniform()};
    const auto sampled = draw(logits, sampling, source.uniform());
    REQUIRE(sampled.token >= 0);
    REQUIRE(sampled.token < vocabulary);
    const float trained = log_prob(logits, sampled.token, sampling.temperature);
    REQUIRE(std::memcmp(&trained, &sampled.log_prob, sizeof(float)) == 0);
    REQUIRE(std::isfinite(trained));
    REQUIRE(trained <= 1e-6F);
  }
}

TEST_CASE("a row's log-probability does not depend on its batch") {
  Source source(33);
  const std::int64_t rows = 33, vocabulary = 21;
  const Values logits = source.normal(rows * vocabulary, 2);
  std::vector<std::int32_t> targets;
  for (std::int64_t r = 0; r < rows; ++r)
    targets.push_back(static_cast<std::int32_t>(source.whole(0, vocabulary - 1)));
  Values together(size(rows)), entropy(size(rows));
  kernels::token_log_prob(
      logits.data(), rows, vocabulary, targets.data(), 1, together.data(), entropy.data());
  for (std::int64_t r = 0; r < rows; ++r) {
    const Values alone(logits.begin() + r * vocabulary, logits.begin() + (r + 1) * vocabulary);
    const float value = log_prob(alone, targets[size(r)]);
    CHECK(std::memcmp(&value, &together[size(r)], sizeof(float)) == 0);
  }
}

TEST_CASE("draws follow the distribution by chi-square") {
  Source source(34);
  for (const Sampling sampling :
      {Sampling{}, Sampling{.temperature = 0.5F}, Sampling{.temperature = 1.5F, .top_p = 0.8F}}) {
    const Values logits = source.normal(21);
    const auto expected = by_definition(logits, sampling);
    std::map<std::int32_t, int> counts;
    const int draws = 40000;
    for (int i = 0; i < draws; ++i) ++counts[draw(logits, sampling, source.uniform()).token];
    double chi = 0;
    for (std::int32_t t = 0; t < 21; ++t) {
      const double wanted = expected[size(t)] * draws;
      if (wanted == 0) {
        CHECK(counts[t] == 0);
      } else {
        chi += (counts[t] - wanted) * (counts[t] - wanted) / wanted;
      }
    }
    CHECK(chi < 52.4);  // 20 degrees of freedom, p = 1e-4
  }
}

TEST_CASE("an evenly spaced u reproduces the cumulative distribution in id order") {
  Source source(35);
  const Values logits = source.normal(300, 2);
  const auto p = by_definition(logits, {});
  double reached = 0;
  for (std::size_t t = 0; t < p.size(); ++t) {
    if (p[t] > 1e-4) {
      CHECK(draw(logits, {}, static_cast<float>(reached + 0.5 * p[t])).token ==
            static_cast<std::int32_t>(t));
    }
    reached += p[t];
  }
}

TEST_CASE("the top-p set is the smallest, ties by lower id, at any vocabulary") {
  Source source(36);
  for (const std::int64_t vocabulary : {2, 21, 64, 300, 5000}) {
    for (const float top_p : {0.01F, 0.3F, 0.9F, 0.99F}) {
      CAPTURE(vocabulary);
      CAPTURE(top_p);
      Values logits = source.normal(vocabulary, 2);
      for (float& x : logits) x = std::round(x * 4) / 4;  // many ties
      const Sampling sampling = {.temperature = 1, .top_p = top_p};
      const auto expected = by_definition(logits, sampling);
      // Half-way through the share of each token kept, that token is drawn; never another.
      int wrong = 0;
      double reached = 0;
      for (std::int32_t t = 0; t < vocabulary; ++t) {
        const double p = expected[size(t)];
        if (p > 1e-4)
          wrong += draw(logits, sampling, static_cast<float>(reached + 0.5 * p)).token != t;
        reached += p;
      }
      for (int i = 0; i < 200; ++i)
        wrong += expected[size(draw(logits, sampling, source.uniform()).token)] == 0;
      CHECK(wrong == 0);
    }
  }
}

TEST_CASE("top-p edges: nothing kept but the best, all kept, equal logits") {
  const Values logits = {0, 3, 3, 1};
  CHECK(draw(logits, {.top_p = 0}, 0.99F).token == 1);
  CHECK(draw(logits, {.top_p = 0}, 0.99F).log_prob == log_prob(logits, 1));
  CHECK(log_prob(logits, 2) == log_prob(logits, 1));
  const Values equal(8, 5.0F);
  CHECK(log_prob(equal, 7) == doctest::Approx(std::log(1.0 / 8)));
  CHECK(draw(equal, {.top_p = 0.5F}, 0.99F).token == 3);
  CHECK(draw(equal, {.top_p = 0.5F}, 0.99F).log_prob == log_prob(equal, 3));
  for (int i = 0; i < 8; ++i) CHECK(draw(equal, {}, (static_cast<float>(i) + 0.5F) / 8).token == i);
}

TEST_CASE("temperature zero takes the lowest id among the largest logits") {
  const Values logits = {-1, 4, 2, 4};
  const Sampling greedy = {.temperature = 0};
  const auto sampled = draw(logits, greedy, 0.999F);
  CHECK(sampled.token == 1);
  CHECK(sampled.log_prob == 0);
  CHECK(log_prob(logits, 1, 0) == 0);
  CHECK(log_prob(logits, 3, 0) == -INFINITY);
}

TEST_CASE("a tiny temperature neither overflows nor divides zero by zero") {
  const Values logits = {1e30F, -1e30F, 0};
  for (const float temperature : {1e-3F, 1e-30F, 1e-44F}) {
    CHECK(draw(logits, {.temperature = temperature}, 0.5F).token == 0);
    CHECK(log_prob(logits, 0, temperature) == 0);
  }
}

TEST_CASE("impossible tokens are never drawn, whatever u") {
  const Values logits = {-INFINITY, 0, -INFINITY, 1, -INFINITY};
  for (const float u : {0.0F, 1e-30F, 0.5F, std::nextafter(1.0F, 0.0F), 1.0F}) {
    const auto sampled = draw(logits, {}, u);
    CHECK((sampled.token == 1 || sampled.token == 3));
  }
  CHECK(draw(logits, {}, 0).token == 1);
  CHECK(draw(logits, {}, std::nextafter(1.0F, 0.0F)).token == 3);
  CHECK(log_prob(logits, 0) == -INFINITY);
  float value = 0, entropy = 0;
  const std::int32_t target = 1;
  kernels::token_log_prob(logits.data(), 1, 5, &target, 1, &value, &entropy);
  CHECK(entropy == doctest::Approx(0.5822).epsilon(1e-3));
}

TEST_CASE("logits without a distribution give token -1 and NaN, never a silent draw") {
  for (const Values& logits :
      {Values{1, NAN, 2}, Values{1, INFINITY, 2}, Values{-INFINITY, -INFINITY, -INFINITY}}) {
    for (const Sampling sampling :
        {Sampling{}, Sampling{.temperature = 0}, Sampling{.top_p = 0.5F}}) {
      CHECK(draw(logits, sampling, 0.5F).token == -1);
      CHECK(std::isnan(draw(logits, sampling, 0.5F).log_prob));
      CHECK(std::isnan(log_prob(logits, 0, sampling.temperature)));
    }
  }
}

TEST_CASE("one logit without a number leaves no distribution, wherever it stands") {
  Source source(37);
  for (const std::int64_t vocabulary : {1, 7, 16, 33, 64, 71}) {
    const Values clean = source.normal(vocabulary);
    for (std::int64_t at = 0; at < vocabulary; ++at) {
      for (const float wrong : {NAN, INFINITY}) {
        CAPTURE(vocabulary);
        CAPTURE(at);
        CAPTURE(wrong);
        Values logits = clean;
        logits[size(at)] = wrong;
        for (const float temperature : {0.0F, 1.0F}) {
          const auto sampled = draw(logits, {.temperature = temperature}, 0.5F);
          CHECK(sampled.token == -1);
          CHECK(std::isnan(sampled.log_prob));
          float value = 0, entropy = 0;
          const std::int32_t target = 0;
          kernels::token_log_prob(
              logits.data(), 1, vocabulary, &target, temperature, &value, &entropy);
          CHECK(std::isnan(value));
          CHECK(std::isnan(entropy));
        }
        const std::int32_t target = 0;
        const float slope = 1;
        Values gradient(size(vocabulary));
        kernels::token_log_prob_backward(
            &slope, logits.data(), 1, vocabulary, &target, 1, gradient.data());
        CHECK(std::ranges::all_of(gradient, [](float x) { return std::isnan(x); }));
      }
    }
  }
}

}  // namespace tramontane
