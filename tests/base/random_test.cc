#include "runtime/base/random.h"

#include <set>

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
