#include "actors/ledger/ledger.h"
#include "actors/messages/types_capnp.h"
#include "runtime/base/check.h"
#include "runtime/base/result.h"
#include "storage/kv_store.h"
#include "tests/support/ledger_world.h"
#include "tests/support/temp_folder.h"

#include <map>

#include "tests/support/test.h"

using namespace tramontane;

TEST_CASE("a reader beside the writer sees rollouts, batches and why groups were dropped") {
  TempFolder folder;
  auto store = open_rocksdb(folder.path(), {});
  WorldOptions options;
  options.options.group_size = 3;
  options.options.batch = 12;
  options.options.steps = 6;
  options.options.verify_attempts = 1'000'000;
  options.faults = false;
  LedgerWorld world(options);
  world.open(*store);
  while (world.batches().size() < 4) world.turn();

  LedgerReader reader(folder.path());
  CHECK(reader.options().group_size == 3);
  CHECK(reader.options().steps == 6);
  for (const auto& [step, bytes] : world.batches()) {
    auto batch = reader.batch(step);
    REQUIRE(batch);
    CHECK(canonical_bytes(*batch) == bytes);
    CHECK(reader.recorded_fingerprint(step + 1) == world.ledger().recorded_fingerprint(step + 1));
  }
  CHECK_FALSE(reader.batch(4));

  auto counts = world.ledger().counts();
  auto all = reader.list(1'000'000, nullptr);
  CHECK(all.size() == counts.groups_issued * 3);
  CHECK(std::is_sorted(all.begin(), all.end(), [](auto& a, auto& b) { return a.id > b.id; }));
  std::map<std::string, std::uint64_t> states;
  for (const auto& rollout : all) {
    ++states[rollout.state];
    if (rollout.state == "trained") {
      CHECK(rollout.step.has_value());
      CHECK(rollout.score == verdict_of(rollout.id, 3).score);
      CHECK(rollout.tokens == length_of(rollout.id));
      CHECK(rollout.oldest <= rollout.newest);
    }
  }
  CHECK(states["trained"] > 0);
  CHECK(states["dropped: no contrast"] == 3 * counts.groups_without_contrast);
  CHECK(states["finished"] == counts.rollouts_finished + counts.rollouts_judging);
  CHECK(states["waiting"] + states["leased"] == counts.rollouts_waiting + counts.rollouts_leased);

  auto dropped = reader.list(
      2, [](const RolloutSummary& rollout) { return rollout.state == "dropped: no contrast"; });
  CHECK(dropped.size() == 2);
  auto one = reader.rollout(all.back().id);
  REQUIRE(one);
  CHECK(one->rollout.tokens.size() == length_of(all.back().id));
  CHECK_FALSE(reader.rollout(1'000'000));
}

TEST_CASE("a reader shows a rollout that is being written, as far as it is") {
  TempFolder folder;
  auto store = open_rocksdb(folder.path(), {});
  WorldOptions options;
  options.options.group_size = 3;
  options.options.batch = 12;
  options.options.steps = 6;
  options.options.seed = 5;
  LedgerWorld world(options);
  world.open(*store);
  auto half_written = [&] {
    return LedgerReader(folder.path()).list(1, [](const RolloutSummary& rollout) {
      return rollout.finish == Finish::running && rollout.tokens > 0;
    });
  };
  auto found = half_written();
  for (int turn = 0; turn < 1000 && found.empty(); ++turn) {
    world.turn();
    found = half_written();
  }
  REQUIRE(!found.empty());
  auto half = LedgerReader(folder.path()).rollout(found[0].id);
  REQUIRE(half);
  CHECK(half->rollout.id == found[0].id);
  CHECK(half->rollout.group == found[0].id / 3);
  CHECK(half->rollout.sample == found[0].id % 3);
  CHECK(half->rollout.seed == 5);
  CHECK(half->rollout.finish == Finish::running);
  CHECK(half->rollout.tokens.size() == found[0].tokens);
  CHECK(half->rollout.log_probs.size() == found[0].tokens);
  CHECK(half->rollout.spans.back().end == found[0].tokens);
  CHECK(half->verdict.no_verdict == "not judged yet");
}

TEST_CASE("a folder without a ledger is not_found, by name") {
  TempFolder folder;
  try {
    LedgerReader reader(folder.path() + "/none");
    FAIL("opened nothing");
  } catch (const Error& error) {
    CHECK(error.errc() == Errc::not_found);
    CHECK(error.text().find("/none") != std::string::npos);
  }
}

TEST_CASE("retention leaves what is kept readable") {
  TempFolder folder;
  auto store = open_rocksdb(folder.path(), {});
  WorldOptions options;
  options.options.group_size = 2;
  options.options.batch = 4;
  options.options.steps = 10;
  options.options.keep_batches = 3;
  options.options.verify_attempts = 1'000'000;
  LedgerWorld world(options);
  world.open(*store);
  REQUIRE(world.run());
  LedgerReader reader(folder.path());
  CHECK_FALSE(reader.batch(6));
  CHECK(reader.batch(7));
  auto all = reader.list(1000, nullptr);
  REQUIRE(!all.empty());
  CHECK(all.back().step == 7);
}
