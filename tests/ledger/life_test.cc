// What is counted and leased over a rollout's life, what is refused, and what a ledger that is
// opened anew knows of it.
#include "actors/ledger/format.h"
#include "runtime/base/result.h"
#include "tests/ledger/small_ledger.h"
#include "tests/support/faulty_store.h"

#include <limits>
#include <utility>

#include "tests/support/test.h"

using namespace tramontane;

TEST_CASE("each rollout is counted where it is in its life") {
  SmallLedger bench;
  auto tasks = bench.lease(6);
  auto counts = bench.ledger->counts();
  CHECK(counts.groups_issued == 3);
  CHECK(counts.rollouts_leased == 6);
  CHECK(counts.rollouts_waiting == 0);
  for (int i = 0; i < 4; ++i) REQUIRE(bench.write(tasks[i], 0, 2, 0, Finish::stop));
  counts = bench.ledger->counts();
  CHECK(counts.rollouts_leased == 2);
  CHECK(counts.rollouts_finished == 4);
  CHECK(counts.rollouts_generated == 4);
  auto leased = bench.ledger->lease_finished("verifier/0", 3, 0);
  REQUIRE(leased.size() == 3);
  counts = bench.ledger->counts();
  CHECK(counts.rollouts_finished == 1);
  CHECK(counts.rollouts_judging == 3);
  for (int i = 0; i < 2; ++i)
    REQUIRE(bench.ledger->judge(leased[i].lease, SmallLedger::scored(i), 0));
  counts = bench.ledger->counts();
  CHECK(counts.rollouts_judging == 1);
  CHECK(counts.rollouts_judged == 2);
  CHECK(counts.groups_complete == 1);
  CHECK(bench.ledger->release("generator/0") == 2);
  CHECK(bench.ledger->release("verifier/0") == 1);
  CHECK(bench.ledger->release("verifier/0") == 0);
  counts = bench.ledger->counts();
  CHECK(counts.rollouts_waiting == 2);
  CHECK(counts.rollouts_leased == 0);
  CHECK(counts.rollouts_finished == 2);
  CHECK(counts.rollouts_judging == 0);
  CHECK(counts.rollouts_resumed == 0);
  auto before = counts;
  bench.open();
  counts = bench.ledger->counts();
  CHECK(counts.rollouts_waiting == before.rollouts_waiting);
  CHECK(counts.rollouts_finished == before.rollouts_finished);
  CHECK(counts.rollouts_judged == before.rollouts_judged);
  CHECK(counts.groups_complete == before.groups_complete);
  CHECK(counts.rollouts_generated == before.rollouts_generated);
}

TEST_CASE("each kind of lease lasts as long as its own option says") {
  auto options = small();
  options.generate_lease = 10 * second;
  options.verify_lease = 4 * second;
  SmallLedger bench(options);
  auto tasks = bench.lease(2);
  REQUIRE(bench.write(tasks[0], 0, 2, 0, Finish::stop));
  bench.now = second;
  auto leased = bench.ledger->lease_finished("verifier/0", 1, bench.now);
  REQUIRE(leased.size() == 1);
  CHECK(bench.ledger->expire(5 * second - 1) == 0);
  CHECK(bench.ledger->expire(5 * second) == 1);
  CHECK(bench.ledger->counts().rollouts_finished == 1);
  CHECK(bench.ledger->expire(10 * second - 1) == 0);
  bench.now = 10 * second - 1;
  REQUIRE(bench.write(tasks[1], 0, 1, 0));
  CHECK(bench.ledger->expire(20 * second - 2) == 0);
  CHECK(bench.ledger->expire(20 * second - 1) == 1);
  CHECK(bench.ledger->counts().leases_expired == 2);
}

TEST_CASE("leases have the number of the ledger's opening, which is written down before them") {
  SmallLedger bench;
  std::uint64_t lease = 0;
  for (std::uint64_t opening = 1; opening <= 3; ++opening) {
    std::vector<std::string> keys;
    bench.store->scan(ledger_key::incarnations(), [&](std::string_view key, std::string_view) {
      keys.emplace_back(key);
      return true;
    });
    CHECK(keys == std::vector<std::string>{ledger_key::incarnation(opening)});
    for (const auto& task : bench.lease(2)) {
      CHECK((task.lease >> 40) == opening);
      CHECK(task.lease > std::exchange(lease, task.lease));
    }
    bench.open();
  }
}

TEST_CASE("a lease is of use for what it was given out for, and for nothing else") {
  SmallLedger bench;
  auto tasks = bench.lease(2);
  REQUIRE(bench.write(tasks[0], 0, 2, 0, Finish::stop));
  auto leased = bench.ledger->lease_finished("verifier/0", 1, 0);
  REQUIRE(leased.size() == 1);
  CHECK(leased[0].lease != tasks[0].lease);
  CHECK(bench.ledger->judge(tasks[1].lease, SmallLedger::scored(1), 0).error() == Errc::stale);
  auto segment = SmallLedger::segment(tasks[0], 2, 3, 0);
  segment.lease = leased[0].lease;
  CHECK(bench.ledger->append(segment, 0).error() == Errc::stale);
  CHECK(bench.ledger->renew({leased[0].lease, tasks[1].lease}, 0) ==
        std::vector<LeaseId>{leased[0].lease});
  segment = SmallLedger::segment(tasks[1], 0, 1, 0);
  segment.lease = 0;
  CHECK(bench.ledger->append(segment, 0).error() == Errc::stale);
}

TEST_CASE("a rollout lost by as many verifiers as may try has no verdict, for good") {
  auto options = small();
  options.verify_attempts = 2;
  SmallLedger bench(options);
  bench.write_all(2, 0);
  for (int attempt = 1; attempt <= 2; ++attempt) {
    CHECK(bench.ledger->counts().rollouts_no_verdict == 0);
    REQUIRE(bench.ledger->lease_finished("verifier/0", 1, 0).size() == 1);
    CHECK(bench.ledger->release("verifier/0") == 1);
  }
  CHECK(bench.ledger->counts().rollouts_no_verdict == 1);
  CHECK(bench.ledger->counts().rollouts_judged == 1);
  auto verdict_key = ledger_key::verdict(0, 0);
  CHECK(decode_verdict(verdict_key, *bench.store->get(verdict_key)).no_verdict ==
        "verifier lost it 2 times");
  auto left = bench.ledger->lease_finished("verifier/0", 9, 0);
  REQUIRE(left.size() == 1);
  CHECK(left[0].rollout.id == 1);
  REQUIRE(bench.ledger->judge(left[0].lease, SmallLedger::scored(1), 0));
  CHECK(bench.ledger->counts().groups_complete == 1);
  bench.open();
  CHECK(bench.ledger->counts().groups_complete == 1);
  CHECK(bench.ledger->counts().rollouts_no_verdict == 1);
  CHECK(bench.ledger->lease_finished("verifier/0", 9, 0).empty());
}

TEST_CASE("a verdict whose components are not finite is refused by the component's name") {
  SmallLedger bench;
  bench.write_all(1, 0);
  auto leased = bench.ledger->lease_finished("verifier/0", 1, 0);
  auto verdict = SmallLedger::scored(1);
  verdict.components = {
      {"format", 0.5, ""}, {"length", std::numeric_limits<double>::infinity(), ""}};
  CHECK(bench.ledger->judge(leased[0].lease, verdict, 0).error() == Errc::bad_input);
  CHECK(bench.ledger->last_refusal().find("'length' is not a finite number") != std::string::npos);
  verdict.components[1].value = -1;
  CHECK(bench.ledger->judge(leased[0].lease, verdict, 0));
}

TEST_CASE("a segment that says again what is there must say the same") {
  SmallLedger bench;
  auto task = bench.lease(1)[0];
  REQUIRE(bench.write(task, 0, 2, 0));
  REQUIRE(bench.write(task, 2, 4, 0));
  CHECK(bench.write(task, 0, 4, 0));
  auto other = SmallLedger::segment(task, 1, 3, 0);
  CHECK(bench.ledger->append(other, 0));
  other.log_probs[1] -= 1;
  CHECK(bench.ledger->append(other, 0).error() == Errc::bad_input);
  other = SmallLedger::segment(task, 1, 3, 0);
  other.log_probs.pop_back();
  CHECK(bench.ledger->append(other, 0).error() == Errc::bad_input);
  // One that would end it there says something new.
  CHECK(bench.write(task, 2, 4, 0, Finish::stop).error() == Errc::bad_input);
  CHECK(bench.ledger->counts().rollouts_finished == 0);
  REQUIRE(bench.write(task, 4, 5, 0, Finish::stop));
  CHECK(bench.write(task, 4, 5, 0, Finish::stop));
  CHECK(bench.ledger->counts().rollouts_finished == 1);
}

TEST_CASE("options that make no sense are refused") {
  auto refused = [](auto change, const char* why) {
    auto options = small();
    change(options);
    auto store = open_memory();
    try {
      Ledger(*store, prompt, options);
      FAIL("opened although " << why);
    } catch (const Error& error) {
      CHECK(error.errc() == Errc::bad_input);
      CHECK_MESSAGE(error.text().find(why) != std::string::npos, error.text());
    }
  };
  refused([](auto& o) { o.group_size = 1; }, "group_size must be at least 2");
  refused([](auto& o) { o.batch = 0; }, "must be a multiple of group_size");
  refused([](auto& o) { o.batch = 3; }, "must be a multiple of group_size");
  refused([](auto& o) { o.max_running = 0; }, "max_running");
  refused([](auto& o) { o.verify_attempts = 0; }, "verify_attempts");
  refused([](auto& o) { o.generate_lease = 0; }, "leases must last");
  refused([](auto& o) { o.verify_lease = 0; }, "leases must last");
  auto ahead = [](LedgerOptions& o) {
    o.overdue = Overdue::drop;
    o.run_ahead = 0;
  };
  refused(ahead, "run_ahead 0");
  auto options = small();
  ahead(options);
  options.max_lag = 0;
  options.max_running = 1;
  options.verify_attempts = 1;
  options.generate_lease = options.verify_lease = 1;
  auto store = open_memory();
  Ledger(*store, prompt, options);
}

TEST_CASE("a ledger that went back gives out nothing that would be too stale before the replay") {
  SmallLedger bench;
  for (std::uint64_t step = 0; step < 4; ++step) {
    bench.write_all(4, step);
    bench.judge_all();
    REQUIRE(bench.train(step));
  }
  bench.ledger->checkpointed(3);
  CHECK(bench.ledger->counts().checkpointed == 3);
  bench.ledger->restart_from(1);
  CHECK(bench.ledger->counts().trained == 1);
  CHECK(bench.ledger->counts().checkpointed == 1);
  CHECK(bench.lease(100).empty());
  REQUIRE(bench.ledger->trained(1, 1001));
  CHECK(bench.lease(100).empty());
  REQUIRE(bench.ledger->trained(2, 1002));
  auto tasks = bench.lease(100);
  REQUIRE(!tasks.empty());
  for (const auto& task : tasks) CHECK(task.oldest_version <= 3);
}

TEST_CASE("where a ledger stood is known from its other records, if its state is lost") {
  auto options = small();
  options.keep_batches = 2;
  SmallLedger bench(options);
  for (std::uint64_t step = 0; step < 5; ++step) {
    bench.write_all(100, step);
    bench.judge_all();
    REQUIRE(bench.train(step));
    bench.ledger->checkpointed(step + 1);
  }
  auto task = bench.lease(1)[0];
  REQUIRE(bench.write(task, 0, 1, 5));
  auto before = bench.ledger->counts();
  WriteBatch batch;
  batch.remove(ledger_key::state());
  bench.store->write(batch);
  bench.open();
  auto after = bench.ledger->counts();
  CHECK(bench.ledger->quarantined() == std::vector<std::string>{"the ledger's state is missing"});
  CHECK(after.next_step_to_seal == before.next_step_to_seal);
  CHECK(after.trained == before.trained);
  CHECK(after.checkpointed == 3);  // the oldest batch that is kept
  CHECK(after.groups_issued == before.groups_issued);
  CHECK(after.records_quarantined == 1);
  // And it goes on.
  auto again = bench.lease(1)[0];
  CHECK(again.rollout.id == task.rollout.id);
  CHECK(again.rollout.tokens == std::vector<Token>{static_cast<Token>(task.rollout.id * 100)});
  bench.open();
  CHECK(bench.ledger->quarantined().empty());
}

TEST_CASE("a group is as old as its oldest token, also when it is read back") {
  auto options = small();
  options.overdue = Overdue::drop;
  options.run_ahead = 4;
  for (bool reopened : {false, true}) {
    CAPTURE(reopened);
    SmallLedger bench(options);
    for (const auto& task : bench.lease(14)) {
      if (task.rollout.id == 9) {
        REQUIRE(bench.write(task, 0, 1, 1));
        REQUIRE(bench.write(task, 1, 2, 0));
        REQUIRE(bench.write(task, 2, 3, 1, Finish::stop));
      } else {
        REQUIRE(bench.write(task, 0, 3, task.rollout.group < 4 ? 0 : 1, Finish::stop));
      }
    }
    bench.judge_all();
    REQUIRE(bench.train(0));
    REQUIRE(bench.train(1));
    if (reopened) bench.open();
    // At max_lag 1 the token of version 0 is too old for step 2, and its group with it.
    auto batch = bench.ledger->batch(2);
    REQUIRE(batch);
    REQUIRE(batch->groups.size() == 2);
    CHECK(batch->groups[0].id == 5);
    CHECK(batch->groups[1].id == 6);
    CHECK(batch->rollouts_stale == 2);
    CHECK(bench.ledger->counts().rollouts_stale == 2);
  }
}

TEST_CASE("what was judged correct is counted as correct by a ledger that is opened anew") {
  SmallLedger bench;
  bench.write_all(4, 0);
  bench.judge_all([](const Rollout& rollout) {
    auto verdict = SmallLedger::scored(rollout.sample);
    verdict.correct = rollout.id == 1;
    return verdict;
  });
  bench.open();
  auto batch = bench.ledger->batch(0);
  REQUIRE(batch);
  CHECK(batch->mean_correct == 0.25);
}

TEST_CASE("a ledger is on disk once it is open, before anything is asked of it") {
  auto memory = open_memory();
  FaultyStore store(*memory, {});
  Ledger ledger(store, prompt, small());
  CHECK(store.writes() > 0);
  CHECK(store.syncs() == 1);
}
