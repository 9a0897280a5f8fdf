// Bytes that go bad on disk: found, named, quarantined; the job goes on.
#include "actors/ledger/format.h"
#include "actors/messages/types_capnp.h"
#include "runtime/base/check.h"
#include "runtime/base/result.h"
#include "storage/kv_store.h"
#include "tests/ledger/small_ledger.h"
#include "tests/support/ledger_world.h"

#include "tests/support/test.h"

using namespace tramontane;

namespace {

WorldOptions world_options(std::uint64_t seed) {
  WorldOptions world;
  world.seed = seed;
  world.options.group_size = 2;
  world.options.batch = 4;
  world.options.steps = 6;
  world.options.verify_attempts = 1'000'000;
  world.checkpoint_every = 2;
  world.options.batch_of = seed % 2 == 0 ? BatchOf::issued : BatchOf::kept;
  return world;
}

std::vector<std::string> keys_of(const KvStore& store, std::string_view kinds) {
  std::vector<std::string> keys;
  store.scan("", [&](std::string_view key, std::string_view) {
    if (kinds.find(ledger_key::parse(key).kind) != std::string_view::npos) keys.emplace_back(key);
    return true;
  });
  return keys;
}

// Plays to the end; what went wrong, or nothing.
std::string play_on(LedgerWorld& world, const KvStore& store) {
  try {
    if (!world.run()) return "it does not end";
    world.check_settled(store);
  } catch (const std::exception& error) {
    return error.what();
  }
  return {};
}

void flip(KvStore& store, const std::string& key, Random& random) {
  auto value = *store.get(key);
  auto at = random.below(value.size());
  value[at] = static_cast<char>(value[at] ^ (1 << random.below(8)));
  WriteBatch batch;
  batch.put(key, value);
  store.write(batch);
}

}  // namespace

TEST_CASE("damaged records of open groups are quarantined and done anew") {
  int found = 0;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    CAPTURE(seed);
    auto store = open_memory();
    LedgerWorld world(world_options(seed));
    Random random(seed, 3);
    world.open(*store);
    for (std::uint64_t i = 0, n = 20 + random.below(200); i < n; ++i) world.turn();
    auto open_from = world.ledger().counts().next_step_to_seal;
    std::vector<std::string> open_keys;
    auto state = decode_cursor(*store->get(ledger_key::state()));
    for (const auto& key : keys_of(*store, "rvS")) {
      if (ledger_key::parse(key).number >= state.next_group) open_keys.push_back(key);
    }
    if (open_keys.empty() || open_from == world_options(seed).options.steps) continue;
    auto key = open_keys[random.below(open_keys.size())];
    flip(*store, key, random);
    world.expect_damage();
    ++found;
    bool reopened = random.below(2) == 0;
    if (reopened) world.open(*store);
    // While it runs the ledger may not read the record again, as memory holds the same: then a
    // batch asked for again may lack that group. A ledger opened anew finds it.
    REQUIRE(play_on(world, *store) == "");
    auto quarantined = world.ledger().quarantined();
    if (reopened) {
      REQUIRE(!quarantined.empty());
      CHECK_MESSAGE(quarantined[0].find(ledger_key::describe(key)) == 0, quarantined[0]);
      CHECK(world.ledger().counts().records_quarantined >= 1);
      CHECK(store->get(ledger_key::quarantine(key)));
    }
  }
  CHECK(found > 200);
}

TEST_CASE(
    "a rollout or verdict that goes bad after the ledger was opened is set aside and done anew") {
  SmallLedger bench;
  Random random(10);
  bench.write_all(4, 0);
  auto rollout = ledger_key::rollout(0, 1);
  auto verdict = ledger_key::verdict(0, 1);
  auto damaged = rollout;
  SUBCASE("a verifier asks for it") {
    bench.open();
    flip(*bench.store, damaged, random);
    CHECK(bench.ledger->lease_finished("verifier/0", 4, 0).size() == 3);
  }
  SUBCASE("its batch is to be sealed") {
    bench.judge_all();
    bench.open();
    SUBCASE("the rollout") {}
    SUBCASE("the verdict") {
      damaged = verdict;
    }
    flip(*bench.store, damaged, random);
    CHECK_FALSE(bench.ledger->batch(0));
  }
  auto quarantined = bench.ledger->quarantined();
  REQUIRE(quarantined.size() == 1);
  CHECK_MESSAGE(quarantined[0].find(ledger_key::describe(damaged)) == 0, quarantined[0]);
  CHECK(bench.ledger->counts().records_quarantined == 1);
  CHECK(bench.store->get(ledger_key::quarantine(damaged)));
  CHECK_FALSE(bench.store->get(verdict));
  CHECK(bench.store->get(rollout).has_value() == (damaged == verdict));
  auto anew = bench.lease(4);
  if (damaged == rollout) {
    CHECK(anew.at(0).rollout.id == 1);
    CHECK(anew[0].rollout.tokens.empty());
    CHECK(bench.write(anew[0], 0, 3, 0, Finish::stop));
  }
  bench.now = 3600 * second;
  bench.ledger->expire(bench.now);
  bench.judge_all();
  auto batch = bench.ledger->batch(0);
  REQUIRE(batch);
  CHECK(batch->groups.size() == 2);
}

TEST_CASE("completions are held in memory up to 64 MiB, and read back from the store beyond") {
  constexpr std::uint32_t tokens = 2'500'000;  // 20 MB: three of the four of a batch have room
  SmallLedger bench;
  Random random(11);
  auto write = [&](std::uint32_t count) {
    for (const auto& task : bench.lease(count))
      REQUIRE(bench.write(task, 0, tokens, task.oldest_version, Finish::stop));
    bench.judge_all();
  };
  write(4);
  REQUIRE(bench.train(0));
  // The room that the first batch took is free again.
  write(4);
  flip(*bench.store, ledger_key::rollout(3, 1), random);
  CHECK_FALSE(bench.ledger->batch(1));
  CHECK(bench.ledger->quarantined().size() == 1);
  write(1);
  flip(*bench.store, ledger_key::rollout(2, 0), random);
  flip(*bench.store, ledger_key::rollout(2, 1), random);
  CHECK(bench.ledger->batch(1));
  CHECK(bench.ledger->quarantined().size() == 1);
}

TEST_CASE("a batch whose record is damaged is composed again, byte for byte") {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    CAPTURE(seed);
    auto store = open_memory();
    LedgerWorld world(world_options(seed));
    Random random(seed, 4);
    world.open(*store);
    while (world.batches().size() < 4) world.turn();
    auto keys = keys_of(*store, "b");
    auto victim = random.below(keys.size());
    flip(*store, keys[victim], random);
    if (random.below(2) == 0) flip(*store, keys[(victim + 1) % keys.size()], random);
    auto before = world.batches();
    world.open(*store);
    CHECK(world.ledger().quarantined().size() >= 1);
    for (std::uint64_t step = 0; step < 4; ++step) {
      auto again = world.ledger().batch(step);
      REQUIRE(again);
      // Groups and rollouts are the same; so are the figures, but for completions that a batch
      // passed over unfinished.
      std::vector<GroupId> groups;
      for (const auto& group : again->groups) groups.push_back(group.id);
      CHECK(groups == world.composition()[step]);
    }
    REQUIRE(play_on(world, *store) == "");  // compares each batch with what it was before
  }
}

TEST_CASE("a batch whose record goes bad while the ledger is open is composed again at once") {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    CAPTURE(seed);
    auto store = open_memory();
    LedgerWorld world(world_options(seed));
    Random random(seed, 7);
    world.open(*store);
    while (world.batches().size() < 3) world.turn();
    auto key = ledger_key::batch(random.below(3));
    flip(*store, key, random);
    auto step = ledger_key::parse(key).number;
    auto again = world.ledger().batch(step);
    REQUIRE(again);
    std::vector<GroupId> groups;
    for (const auto& group : again->groups) groups.push_back(group.id);
    CHECK(groups == world.composition()[step]);
    auto quarantined = world.ledger().quarantined();
    REQUIRE(quarantined.size() == 1);
    CHECK_MESSAGE(quarantined[0].find(ledger_key::describe(key)) == 0, quarantined[0]);
    REQUIRE(play_on(world, *store) == "");
  }
}

TEST_CASE("a ledger that goes back to a version with a damaged fingerprint has none to compare") {
  auto store = open_memory();
  LedgerWorld world(world_options(2));
  Random random(2, 8);
  world.open(*store);
  while (!world.ledger().recorded_fingerprint(2)) world.turn();
  flip(*store, ledger_key::fingerprint(2), random);
  world.ledger().restart_from(2);
  CHECK(world.ledger().quarantined().size() == 1);
  CHECK_FALSE(world.ledger().recorded_fingerprint(2));
}

TEST_CASE("how far a ledger got is told by whichever of its records says most") {
  auto store = open_memory();
  CHECK(progress_of(*store).sealed == 0);
  LedgerWorld world(world_options(4));
  Random random(4, 9);
  world.open(*store);
  while (world.batches().size() < 4) world.turn();
  auto whole = progress_of(*store);
  CHECK(whole.sealed == world.ledger().counts().next_step_to_seal);
  CHECK(whole.oldest == 0);
  flip(*store, ledger_key::state(), random);
  CHECK(progress_of(*store).sealed == whole.sealed);
  auto too_far = whole.sealed + 1;
  try {
    world.ledger().restart_from(too_far);
    FAIL("it went on from what it does not have");
  } catch (const Error& error) {
    CHECK(error.errc() == Errc::corrupt);
    CHECK_MESSAGE(
        error.text().find("it has lost those of steps") != std::string::npos, error.text());
  }
}

TEST_CASE("a rollout damaged after sealing drops its group from the batch, and says so") {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    CAPTURE(seed);
    auto store = open_memory();
    LedgerWorld world(world_options(seed));
    Random random(seed, 5);
    world.open(*store);
    while (world.batches().size() < 1 || world.composition()[0].empty()) {
      world.turn();
      if (world.batches().size() > 1) break;
    }
    auto kept = world.composition()[0];
    if (kept.empty()) continue;
    auto lost = kept[random.below(kept.size())];
    auto key = random.below(2) == 0 ? ledger_key::rollout(lost, 0) : ledger_key::verdict(lost, 1);
    flip(*store, key, random);
    auto batch = world.ledger().batch(0);
    REQUIRE(batch);
    CHECK(batch->groups.size() == kept.size() - 1);
    for (const auto& group : batch->groups) CHECK(group.id != lost);
    CHECK(world.ledger().quarantined().size() == 1);
    CHECK(world.ledger().batch(0) == batch);
    auto record = decode_batch(ledger_key::batch(0), *store->get(ledger_key::batch(0)));
    bool named = false;
    for (const auto& dropped : record.dropped) {
      named |= dropped.id == lost && dropped.reason == DropReason::damaged;
    }
    CHECK(named);
  }
}

TEST_CASE("records of samples that no group has are of no batch, and do no harm") {
  auto store = open_memory();
  LedgerWorld world(world_options(4));
  world.open(*store);
  std::uint64_t step = 0;
  while (world.batches().size() <= step) {
    world.turn();
    if (world.batches().size() > step && world.composition()[step].empty()) ++step;
  }
  GroupId group = world.composition()[step][0];
  auto size = world_options(4).options.group_size;
  WriteBatch batch;
  for (std::uint32_t sample : {size, size + 1, 0xFFFFFFFFU}) {
    auto rollout_key = ledger_key::rollout(group, sample);
    auto rollout =
        decode_rollout(ledger_key::rollout(group, 0), *store->get(ledger_key::rollout(group, 0)));
    batch.put(rollout_key, encode_rollout(rollout_key, rollout));
    batch.put(ledger_key::verdict(group, sample), "no verdict at all");
  }
  store->write(batch);
  auto again = world.ledger().batch(step);
  REQUIRE(again);
  CHECK(canonical_bytes(*again) == world.batches()[step]);
  CHECK(world.ledger().quarantined().empty());
  world.open(*store);
  CHECK(canonical_bytes(*world.ledger().batch(step)) == world.batches()[step]);
}

TEST_CASE("options, state and fingerprints that are damaged do not stop the job") {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    CAPTURE(seed);
    auto store = open_memory();
    LedgerWorld world(world_options(seed));
    Random random(seed, 6);
    world.open(*store);
    for (std::uint64_t i = 0, n = 20 + random.below(400); i < n; ++i) world.turn();
    auto before = world.ledger().counts();
    auto keys = keys_of(*store, "osf");
    auto key = keys[random.below(keys.size())];
    if (seed % 2 == 0) key = ledger_key::state();
    flip(*store, key, random);
    world.expect_damage();
    world.open(*store);
    auto after = world.ledger().counts();
    CHECK(after.next_step_to_seal == before.next_step_to_seal);
    if (key == ledger_key::state()) {
      CHECK(world.ledger().quarantined().size() == 1);
      // Groups without a record yet are issued again: nothing is known of them that could be lost.
      CHECK(after.groups_issued <= before.groups_issued);
    }
    REQUIRE(play_on(world, *store) == "");
  }
}
