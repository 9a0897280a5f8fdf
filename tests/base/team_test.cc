#include "runtime/base/team.h"

#include "runtime/base/check.h"

#include <atomic>
#include <memory>
#include <stdexcept>
#include <vector>

#include "tests/support/test.h"

using namespace tramontane;

TEST_CASE("a team does every part once, round after round") {
  for (unsigned threads : {1U, 2U, 3U, 7U}) {
    CAPTURE(threads);
    Team team(threads);
    CHECK(team.threads() == threads);
    for (std::int64_t parts : {0, 1, 2, 3, 8, 40}) {
      for (int round = 0; round < 10; ++round) {
        std::vector<int> done(static_cast<std::size_t>(parts));
        team.each(parts, [&](std::int64_t i) { ++done[static_cast<std::size_t>(i)]; });
        REQUIRE(done == std::vector<int>(static_cast<std::size_t>(parts), 1));
      }
    }
  }
}

TEST_CASE("pieces cover everything, in whole grains, and are no more than the threads") {
  for (unsigned threads : {1U, 2U, 5U}) {
    Team team(threads);
    for (std::int64_t count : {0, 1, 15, 16, 17, 63, 64, 65, 1000}) {
      for (std::int64_t grain : {1, 16}) {
        CAPTURE(count);
        CAPTURE(grain);
        std::vector<int> done(static_cast<std::size_t>(count));
        std::atomic<std::int64_t> pieces{0};
        team.split(count, grain, [&](std::int64_t begin, std::int64_t end) {
          ++pieces;
          if (begin % grain != 0 || (end % grain != 0 && end != count) || begin >= end)
            throw std::logic_error("no whole grains");
          for (std::int64_t i = begin; i < end; ++i) ++done[static_cast<std::size_t>(i)];
        });
        CHECK(done == std::vector<int>(static_cast<std::size_t>(count), 1));
        CHECK(pieces <= threads);
      }
    }
  }
}

TEST_CASE("a part that throws fails its call, and no later one") {
  Team team(3);
  std::atomic<int> done{0};
  auto fails = [&](std::int64_t i) {
    ++done;
    if (i == 5) throw std::runtime_error("the sixth");
  };
  CHECK_THROWS_WITH(team.each(20, fails), "the sixth");
  CHECK(done == 20);  // the others are computed all the same
  team.each(4, [&](std::int64_t) { ++done; });
  CHECK(done == 24);
  CHECK_THROWS_AS(Team(0), Bug);
}

TEST_CASE("a team that never worked ends too") {
  for (int i = 0; i < 50; ++i) std::make_unique<Team>(4).reset();
}
