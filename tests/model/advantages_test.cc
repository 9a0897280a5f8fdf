#include "actors/model/advantages.h"

#include "runtime/base/random.h"

#include <cmath>
#include <numeric>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

void check_near(const std::vector<double>& found, const std::vector<double>& expected) {
  REQUIRE(found.size() == expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) CHECK(std::abs(found[i] - expected[i]) < 1e-5);
}

}  // namespace

TEST_CASE("advantages of two groups, worked by hand") {
  std::vector<double> scores = {1, 0, 0.1, 0.1};
  std::vector<std::uint64_t> groups = {4, 4, 9, 9};
  check_near(advantages(scores, groups, AdvantageRule::group_mean), {0.5, -0.5, 0, 0});
  // Group 4: std = sqrt(2 * 0.25 / 1) = 0.7071; group 9 has none.
  check_near(advantages(scores, groups, AdvantageRule::group_std), {0.70711, -0.70711, 0, 0});
  // Over the minibatch {0.5, -0.5, 0, 0}: mean 0, std = sqrt(0.5 / 3) = 0.40825.
  check_near(advantages(scores, groups, AdvantageRule::minibatch_std), {1.22474, -1.22474, 0, 0});
}

TEST_CASE("groups of any order and size have mean 0, and a minibatch unit deviation") {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    Random random(seed);
    std::size_t n = 8 + random.below(60);
    std::vector<double> scores(n);
    std::vector<std::uint64_t> groups(n);
    for (std::size_t i = 0; i < n; ++i) {
      scores[i] = static_cast<double>(random.uniform());
      groups[i] = random.below(5);
    }
    auto centred = advantages(scores, groups, AdvantageRule::group_mean);
    double sums[5] = {};
    for (std::size_t i = 0; i < n; ++i) sums[groups[i]] += centred[i];
    for (double sum : sums) CHECK(std::abs(sum) < 1e-9);
    auto normal = advantages(scores, groups, AdvantageRule::minibatch_std);
    double mean = std::accumulate(normal.begin(), normal.end(), 0.0) / static_cast<double>(n);
    double square = 0;
    for (double a : normal) square += (a - mean) * (a - mean);
    CHECK(std::abs(mean) < 1e-9);
    CHECK(std::sqrt(square / static_cast<double>(n - 1)) == doctest::Approx(1).epsilon(1e-4));
  }
}

TEST_CASE("a single rollout has nothing to compare with") {
  for (auto rule : {AdvantageRule::minibatch_std, AdvantageRule::group_std,
           AdvantageRule::group_mean, AdvantageRule::leave_one_out})
    check_near(advantages(std::vector{0.7}, std::vector<std::uint64_t>{1}, rule), {0});
  CHECK(advantages({}, {}, AdvantageRule::minibatch_std).empty());
}

TEST_CASE("leave-one-out compares with the others of the group, worked by hand") {
  // 1 against the mean of {0, 0.5}, 0 against that of {1, 0.5}, 0.5 against that of {1, 0}.
  std::vector<double> scores = {1, 0, 0.5};
  std::vector<std::uint64_t> groups = {3, 3, 3};
  check_near(advantages(scores, groups, AdvantageRule::leave_one_out), {0.75, -0.75, 0});
}

TEST_CASE("a length penalty alone is a whole advantage by the group's deviation, else as small") {
  // Group 1 differs by 0.02 of a length penalty, group 2 by the answer.
  std::vector<double> scores = {0.98, 1, 0.1, 1};
  std::vector<std::uint64_t> groups = {1, 1, 2, 2};
  auto by_group = advantages(scores, groups, AdvantageRule::group_std);
  CHECK(by_group[1] == doctest::Approx(0.7071).epsilon(1e-3));
  CHECK(by_group[3] == doctest::Approx(0.7071).epsilon(1e-3));
  auto by_minibatch = advantages(scores, groups, AdvantageRule::minibatch_std);
  CHECK(by_minibatch[1] / by_minibatch[3] == doctest::Approx(0.01 / 0.45).epsilon(1e-3));
  CHECK(advantages(scores, groups, AdvantageRule::group_mean)[1] == doctest::Approx(0.01));
}
