// Random schedules, thousands of them: whatever the order of events, the ledger keeps its promises.
#include "runtime/base/check.h"
#include "storage/kv_store.h"
#include "tests/support/ledger_world.h"

#include "tests/support/test.h"

using namespace tramontane;

namespace {

LedgerOptions drawn_options(std::uint64_t seed) {
  Random random(seed, 1);
  LedgerOptions options;
  options.seed = 7;
  options.group_size = static_cast<std::uint32_t>(2 + random.below(3));
  options.batch = options.group_size * static_cast<std::uint32_t>(1 + random.below(3));
  options.max_lag = static_cast<std::uint32_t>(random.below(4));
  options.overdue = random.below(2) == 0 ? Overdue::wait : Overdue::drop;
  options.batch_of = random.below(2) == 0 ? BatchOf::issued : BatchOf::kept;
  options.run_ahead = static_cast<std::uint32_t>(1 + random.below(4));
  options.max_running = static_cast<std::uint32_t>(4 + random.below(40));
  options.steps = 2 + random.below(5);
  options.verify_attempts = 1'000'000;  // verdicts stay functions of the rollout
  return options;
}

std::string play(const WorldOptions& world_options, std::uint64_t reopen_every) {
  auto store = open_memory();
  LedgerWorld world(world_options);
  try {
    world.open(*store);
    if (reopen_every > 0) {
      for (int round = 0; round < 4; ++round) {
        for (std::uint64_t i = 0; i < reopen_every; ++i) world.turn();
        world.open(*store);
      }
    }
    if (!world.run())
      return "it does not end: " + world.ledger().why_no_tasks() + " / " +
             world.ledger().why_no_batch(world.ledger().counts().trained, world.now());
    world.check_settled(*store);
    if (world.batches().size() != world_options.options.steps) return "a batch is missing";
  } catch (const std::exception& error) {
    return error.what();
  }
  return {};
}

}  // namespace

TEST_CASE("random schedules settle each rollout exactly once, within the bound, batches equal") {
  for (std::uint64_t seed = 0; seed < 1500; ++seed) {
    auto problem = play({.options = drawn_options(seed), .seed = seed}, seed % 3 == 0 ? 60 : 0);
    CHECK_MESSAGE(problem.empty(), "seed ", seed, ": ", problem);
    if (!problem.empty()) return;
  }
}

TEST_CASE("generators that write under old weights are swept, never trained") {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    auto problem = play({.options = drawn_options(seed), .seed = seed, .obedient = false}, 0);
    CHECK_MESSAGE(problem.empty(), "seed ", seed, ": ", problem);
    if (!problem.empty()) return;
  }
}

TEST_CASE("the composition of batches does not depend on the order of completion") {
  for (std::uint64_t draw = 0; draw < 40; ++draw) {
    auto options = drawn_options(draw);
    options.overdue = Overdue::wait;
    std::map<std::uint64_t, std::vector<GroupId>> first;
    for (std::uint64_t seed = 0; seed < 8; ++seed) {
      auto store = open_memory();
      LedgerWorld world({.options = options, .seed = seed, .short_first = seed % 2 == 1});
      world.open(*store);
      REQUIRE(world.run());
      if (seed == 0) first = world.composition();
      CHECK(world.composition() == first);
    }
  }
}
