#include "scheduler/block_pool.h"

#include "runtime/base/check.h"
#include "runtime/base/random.h"

#include <set>
#include <vector>

#include "tests/support/test.h"

using namespace tramontane;

TEST_CASE("a pool hands out the lowest blocks first, then the last given back") {
  BlockPool pool(5);
  CHECK(pool.total() == 5);
  auto first = pool.take(2);
  REQUIRE(first);
  CHECK(*first == std::vector<std::int32_t>{0, 1});
  auto second = pool.take(2);
  REQUIRE(second);
  CHECK(*second == std::vector<std::int32_t>{2, 3});
  CHECK(pool.free() == 1);
  pool.give_back(*first);
  CHECK(pool.free() == 3);
  auto third = pool.take(3);
  REQUIRE(third);
  CHECK(*third == std::vector<std::int32_t>{0, 1, 4});
}

TEST_CASE("a pool gives all that was asked for, or nothing") {
  BlockPool pool(3);
  CHECK(pool.take(4) == std::nullopt);
  CHECK(pool.free() == 3);
  CHECK(pool.take(0) == std::vector<std::int32_t>{});
  CHECK(pool.take(3));
  CHECK(pool.take(1) == std::nullopt);
  CHECK(pool.take(0) == std::vector<std::int32_t>{});
  BlockPool empty(0);
  CHECK(empty.take(1) == std::nullopt);
}

TEST_CASE("a block that is given back twice, or was never the pool's, is a bug") {
  BlockPool pool(4);
  auto blocks = pool.take(2);
  REQUIRE(blocks);
  pool.give_back(*blocks);
  CHECK_THROWS_AS(pool.give_back(*blocks), Bug);
  CHECK_THROWS_AS(pool.give_back(std::vector<std::int32_t>{2}), Bug);
  CHECK_THROWS_AS(pool.give_back(std::vector<std::int32_t>{4}), Bug);
  CHECK_THROWS_AS(pool.give_back(std::vector<std::int32_t>{-1}), Bug);
  CHECK_THROWS_AS(pool.take(-1), Bug);
}

TEST_CASE("a block that is shared is free when its last holder has given it back") {
  BlockPool pool(3);
  auto blocks = pool.take(2);
  REQUIRE(blocks);
  CHECK(pool.holders(0) == 1);
  CHECK(pool.holders(2) == 0);
  pool.share(*blocks);
  pool.share(std::vector<std::int32_t>{1});
  CHECK(pool.holders(0) == 2);
  CHECK(pool.holders(1) == 3);
  pool.give_back(*blocks);
  CHECK(pool.free() == 1);
  pool.give_back(*blocks);
  CHECK(pool.free() == 2);
  CHECK(pool.holders(0) == 0);
  pool.give_back(std::vector<std::int32_t>{1});
  CHECK(pool.free() == 3);
  CHECK_THROWS_AS(pool.share(std::vector<std::int32_t>{1}), Bug);
  CHECK_THROWS_AS(pool.holders(3), Bug);
}

TEST_CASE("no block is ever in two hands, and none is lost") {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    Random random(seed);
    auto total = static_cast<std::int64_t>(1 + random.below(40));
    BlockPool pool(total);
    std::vector<std::vector<std::int32_t>> held;
    std::set<std::int32_t> taken;
    for (int turn = 0; turn < 300; ++turn) {
      if (random.below(2) == 0 && !held.empty()) {
        std::size_t which = random.below(held.size());
        for (std::int32_t block : held[which]) REQUIRE(taken.erase(block) == 1);
        pool.give_back(held[which]);
        held.erase(held.begin() + static_cast<std::ptrdiff_t>(which));
      } else if (auto blocks = pool.take(static_cast<std::int64_t>(random.below(8)))) {
        for (std::int32_t block : *blocks) {
          REQUIRE((block >= 0 && block < total));
          REQUIRE(taken.insert(block).second);
        }
        held.push_back(std::move(*blocks));
      }
      REQUIRE(pool.free() == total - static_cast<std::int64_t>(taken.size()));
    }
  }
}
