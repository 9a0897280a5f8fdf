// The whole loop, simulated under many seeds.
//
//   TRAM_SIM_SEED=17 sim_test      plays seed 17 alone, with a trace on stderr
//   TRAM_SIM_SEEDS=5000 sim_test   plays so many
//   TRAM_SIM_SHARD=1/2             … every second of them, beginning with seed 1
//   sim_test -ts='one process'     … with all actors in one process; or 'several processes'

#include "runtime/base/check.h"
#include "tests/sim/world.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "tests/support/test.h"

namespace tramontane {
namespace {

std::uint64_t number(const char* variable, std::uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

// Plays one seed; prints what went wrong, and how to see it again.
bool plays(std::uint64_t seed, Isolation isolation, bool trace, SimTally& tally) {
  SimWorld world(seed, trace, isolation);
  world.play();
  tally += world.tally();
  if (world.problems().empty()) return true;
  std::fprintf(stderr, "seed %llu failed; see it again with: TRAM_SIM_SEED=%llu sim_test\n",
      static_cast<unsigned long long>(seed), static_cast<unsigned long long>(seed));
  for (const std::string& problem : world.problems())
    std::fprintf(stderr, "  %s\n", problem.c_str());
  return false;
}

// How many seeds were played, and what happened in them.
std::uint64_t play(Isolation isolation, SimTally& tally) {
  if (std::getenv("TRAM_SIM_SEED") != nullptr) {
    CHECK(plays(number("TRAM_SIM_SEED", 0), isolation, true, tally));
    std::fprintf(stderr, "%s\n", describe(tally).c_str());
    return 1;
  }
  bool slow = isolation == Isolation::process && std::getenv("TRAM_SANITIZED") != nullptr;
  std::uint64_t seeds = number("TRAM_SIM_SEEDS", slow ? 250 : 1000);
  std::uint64_t shard = 0;
  std::uint64_t shards = 1;
  if (const char* text = std::getenv("TRAM_SIM_SHARD")) {
    unsigned long long a = 0;
    unsigned long long b = 1;
    REQUIRE(std::sscanf(text, "%llu/%llu", &a, &b) == 2);
    shard = a;
    shards = b;
  }
  std::uint64_t failed = 0;
  std::uint64_t played = 0;
  auto began = std::chrono::steady_clock::now();
  for (std::uint64_t seed = shard; seed < seeds && failed < 10; seed += shards) {
    failed += plays(seed, isolation, false, tally) ? 0 : 1;
    ++played;
  }
  double took = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  std::fprintf(stderr, "%llu seeds in %.1f s: %s\n", static_cast<unsigned long long>(played), took,
      describe(tally).c_str());
  CHECK(failed == 0);
  return played;
}

void check_same_twice(Isolation isolation) {
  for (std::uint64_t seed : {3, 14, 15}) {
    SimWorld first(seed, false, isolation);
    SimWorld second(seed, false, isolation);
    first.play();
    second.play();
    CHECK(first.fingerprint() == second.fingerprint());
  }
  SimWorld one(3, false, isolation);
  SimWorld other(14, false, isolation);
  one.play();
  other.play();
  CHECK(one.fingerprint() != other.fingerprint());
}

}  // namespace

TEST_SUITE_BEGIN("one process");

TEST_CASE("the loop keeps its promises whatever fails, under every seed") {
  SimTally tally;
  std::uint64_t played = play(Isolation::thread, tally);
  if (played < 100) return;
  // A simulation that meets no faults proves nothing.
  CHECK(tally.crashes > played / 5);
  CHECK(tally.power_cuts > played / 20);
  CHECK(tally.kills > played / 2);
  CHECK(tally.lost > played / 4);
  CHECK(tally.duplicated > played);
  CHECK(tally.bad_transfers > played / 20);
  CHECK(tally.replayed > played / 10);
  CHECK(tally.spanning > played);
  CHECK(tally.resumed > played / 2);
  CHECK(tally.set_aside > played / 50);
  CHECK(tally.rows_shared > played);
  CHECK(tally.stale > 0);
  CHECK(tally.no_verdict > 0);
  CHECK(tally.correct > 0);
  CHECK(tally.log_probs_checked > 100 * played);
}

TEST_CASE("a seed plays the same twice") {
  check_same_twice(Isolation::thread);
}

TEST_SUITE_END();

TEST_SUITE_BEGIN("several processes");

TEST_CASE("the loop keeps its promises whatever workers die, under every seed") {
  SimTally tally;
  std::uint64_t played = play(Isolation::process, tally);
  if (played < 100) return;
  CHECK(tally.crashes > played / 20);
  CHECK(tally.power_cuts > played / 50);
  CHECK(tally.kills > played);
  CHECK(tally.workers > 5 * played);  // some jobs have few
  CHECK(tally.stalls > played / 12);
  CHECK(tally.cuts > played / 12);
  CHECK(tally.moves > played / 12);
  CHECK(tally.bad_transfers > played / 20);
  CHECK(tally.replayed > played / 10);
  CHECK(tally.spanning > played);
  CHECK(tally.resumed > played / 5);
  CHECK(tally.log_probs_checked > 100 * played);
}

TEST_CASE("a seed plays the same twice") {
  check_same_twice(Isolation::process);
}

TEST_SUITE_END();

}  // namespace tramontane
