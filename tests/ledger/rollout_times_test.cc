#include "actors/ledger/rollout_times.h"

#include "tests/support/test.h"

using namespace tramontane;

namespace {

Segment segment(RolloutId id, Version version, int tokens, Finish finish = Finish::running) {
  Segment out;
  out.rollout = id;
  out.span.version = version;
  out.tokens.resize(static_cast<std::size_t>(tokens));
  out.finish = finish;
  return out;
}

}  // namespace

TEST_CASE("a rollout's times go from its lease to its end, a part for each version") {
  RolloutTimes times;
  times.leased(7, 1000);
  CHECK_FALSE(times.appended(segment(7, 3, 4), 2000));
  CHECK_FALSE(times.appended(segment(7, 3, 2), 3000));
  CHECK_FALSE(times.appended(segment(8, 3, 2, Finish::stop), 3000));  // not followed
  times.leased(7, 900'000);                                           // by another generator
  auto written = times.appended(segment(7, 5, 1, Finish::stop), 1'000'000);
  REQUIRE(written);
  CHECK(written->id == 7);
  CHECK(written->from == 1000);
  REQUIRE(written->parts.size() == 2);
  CHECK(written->parts[0].version == 3);
  CHECK(written->parts[0].tokens == 6);
  CHECK(written->parts[0].to == 3000);
  CHECK(written->parts[1].version == 5);
  CHECK(written->parts[1].to == 1'000'000);
  CHECK_FALSE(times.appended(segment(7, 5, 1, Finish::stop), 1'000'000));
}

TEST_CASE("few rollouts are followed, one every so often; those that never end are given up") {
  RolloutTimes times;
  times.leased(1, 0);
  times.leased(2, RolloutTimes::begin_every - 1);
  CHECK_FALSE(times.appended(segment(2, 1, 1, Finish::stop), 5));
  Micros now = 0;
  for (RolloutId id = 10; id < 200; ++id) times.leased(id, now += RolloutTimes::begin_every);
  CHECK(times.appended(segment(10, 1, 1, Finish::stop), now));
  CHECK_FALSE(times.appended(segment(199, 1, 1, Finish::stop), now));
  now += RolloutTimes::given_up_after + 1;
  times.leased(200, now);  // where 10 was
  times.leased(201, now + RolloutTimes::begin_every);
  CHECK(times.appended(segment(201, 1, 1, Finish::stop), now));
  CHECK_FALSE(times.appended(segment(11, 1, 1, Finish::stop), now));
}
