#include "scheduler/packing.h"

#include "runtime/base/check.h"
#include "runtime/base/random.h"

#include <algorithm>

#include "tests/support/test.h"

using namespace tramontane;

TEST_CASE("first-fit decreasing packs a worked example") {
  std::vector<std::int64_t> sizes = {4, 8, 1, 4, 2, 1};
  auto bins = pack(sizes, 10);
  // By size: 8 4 4 2 1 1 -> {8, 2}, {4, 4, 1, 1}.
  REQUIRE(bins.size() == 2);
  CHECK(bins[0] == std::vector<std::size_t>{1, 4});
  CHECK(bins[1] == std::vector<std::size_t>{0, 3, 2, 5});
}

TEST_CASE("no items need no bins, and a bin needs room") {
  CHECK(pack({}, 5).empty());
  CHECK_THROWS_AS(pack({}, 0), Bug);
}

TEST_CASE("packing loses nothing, overfills nothing, and wastes little") {
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    Random random(seed);
    auto capacity = static_cast<std::int64_t>(1 + random.below(200));
    std::vector<std::int64_t> sizes(random.below(120));
    // Some seeds have items larger than a bin.
    std::uint64_t largest = static_cast<std::uint64_t>(capacity) * (seed % 4 == 0 ? 2 : 1);
    for (auto& size : sizes) size = static_cast<std::int64_t>(1 + random.below(largest));
    auto bins = pack(sizes, capacity);

    std::vector<int> seen(sizes.size());
    std::int64_t oversized = 0;
    std::int64_t rest = 0;
    for (std::int64_t size : sizes) {
      oversized += size > capacity ? 1 : 0;
      rest += size > capacity ? 0 : size;
    }
    std::int64_t least = (rest + capacity - 1) / capacity + oversized;  // no packing has fewer
    for (const auto& bin : bins) {
      REQUIRE_FALSE(bin.empty());
      std::int64_t sum = 0;
      for (std::size_t item : bin) {
        ++seen[item];
        sum += sizes[item];
      }
      CHECK((sum <= capacity || bin.size() == 1));
    }
    CHECK(std::all_of(seen.begin(), seen.end(), [](int n) { return n == 1; }));
    CHECK(static_cast<std::int64_t>(bins.size()) <= 2 * least);
    CHECK(bins == pack(sizes, capacity));
  }
}
