#include "runtime/base/random.h"

#include <cmath>
#include <set>
#include <vector>

#include "tests/support/test.h"

using namespace tramontane;

TEST_CASE("philox gives the known answers of Random123") {
  // kat_vectors of Random123: philox4x32 10.
  auto zero = philox({});
  CHECK(zero[0] == 0x6627e8d5);
  CHECK(zero[1] == 0xe169c58d);
  CHECK(zero[2] == 0xbc57ac4c);
  CHECK(zero[3] == 0x9b00dbd8);
  auto ones = philox({~0ULL, ~0ULL, ~0U, ~0U});
  CHECK(ones[0] == 0x408f276d);
  CHECK(ones[1] == 0x41c83b0e);
  CHECK(ones[2] == 0xa20bc7c6);
  CHECK(ones[3] == 0x6d5451fd);
  // Digits of pi: words that all differ, so that each has its place.
  auto pi = philox({.seed = 0x299f31d0'a4093822,
      .stream = 0x03707344'13198a2e,
      .position = 0x243f6a88,
      .lane = 0x85a308d3});
  CHECK(pi[0] == 0xd16cfe09);
  CHECK(pi[1] == 0x94fdcceb);
  CHECK(pi[2] == 0x5001e420);
  CHECK(pi[3] == 0x24126ea1);
}

TEST_CASE("a permutation visits every index once") {
  for (std::uint64_t size : {1, 2, 3, 7, 64, 1000}) {
    std::set<std::uint64_t> seen;
    for (std::uint64_t i = 0; i < size; ++i) seen.insert(permuted(i, size, 42));
    CHECK(seen.size() == size);
    CHECK(*seen.rbegin() == size - 1);
  }
}

TEST_CASE("uniform stays in [0, 1) and its mean is a half") {
  Random random(3);
  double sum = 0;
  for (int i = 0; i < 100000; ++i) {
    float u = random.uniform();
    REQUIRE(u >= 0.0F);
    REQUIRE(u < 1.0F);
    sum += u;
  }
  CHECK(sum / 100000 == doctest::Approx(0.5).epsilon(0.01));
}

TEST_CASE("a permutation stays what it is: a run that is resumed goes on in the same order") {
  std::vector<std::uint64_t> ten;
  for (std::uint64_t i = 0; i < 10; ++i) ten.push_back(permuted(i, 10, 42));
  CHECK(ten == std::vector<std::uint64_t>{9, 1, 4, 3, 0, 8, 5, 2, 7, 6});
  std::vector<std::uint64_t> of_many;
  for (std::uint64_t i = 0; i < 5; ++i) of_many.push_back(permuted(i, 1000, 7));
  CHECK(of_many == std::vector<std::uint64_t>{872, 959, 962, 364, 156});
}

TEST_CASE("a stream of draws is philox at one position after the other") {
  Random random(5, 9);
  for (std::uint32_t position = 0; position < 3; ++position)
    CHECK(random.uniform() == uniform({5, 9, position, 0}));
  CHECK(random.below(1000) == uniform_below({5, 9, 3, 0}, 1000));
  CHECK(random.uniform() == uniform({5, 9, 4, 0}));
  CHECK(uniform({5, 9, 4, 0}) == static_cast<float>(philox({5, 9, 4, 0})[0] >> 8) / 16'777'216.0F);
}

TEST_CASE("draws below a bound take every value, each as often") {
  Random random(11);
  std::vector<int> seen(10);
  for (int i = 0; i < 20'000; ++i) ++seen.at(random.below(10));
  for (int count : seen) CHECK(count == doctest::Approx(2000).epsilon(0.1));
  CHECK(random.below(1) == 0);
  std::uint64_t most = 0;
  for (int i = 0; i < 100; ++i) most = std::max(most, random.below(~std::uint64_t{0}));
  CHECK(most > ~std::uint64_t{0} / 10 * 9);
}

TEST_CASE("normal draws have mean 0, variance 1, and tails on both sides") {
  Random random(4);
  constexpr int draws = 50'000;
  double sum = 0;
  double squares = 0;
  int below = 0;
  int above = 0;
  for (int i = 0; i < draws; ++i) {
    double x = random.normal();
    REQUIRE(std::isfinite(x));
    sum += x;
    squares += x * x;
    below += x < -1.96 ? 1 : 0;
    above += x > 1.96 ? 1 : 0;
  }
  CHECK(std::abs(sum / draws) < 0.02);
  CHECK(squares / draws == doctest::Approx(1).epsilon(0.03));
  CHECK(below == doctest::Approx(0.025 * draws).epsilon(0.15));
  CHECK(above == doctest::Approx(0.025 * draws).epsilon(0.15));
}
