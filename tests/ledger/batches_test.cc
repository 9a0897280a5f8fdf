// Which groups are issued, and what becomes of them: admission, batches, replay, retention.
#include "actors/ledger/format.h"
#include "actors/messages/types_capnp.h"
#include "runtime/base/result.h"
#include "tests/ledger/small_ledger.h"

#include <map>
#include <set>

#include "tests/support/test.h"

using namespace tramontane;

TEST_CASE("wait: no group is issued that could become staler than max_lag") {
  SmallLedger
      bench;  // 4 completions a batch, max_lag 1: batches 0 and 1 before anything is trained
  CHECK(bench.lease(100).size() == 8);
  CHECK(bench.ledger->why_no_tasks() ==
        "max_lag 1: batch 2 may be written once version 1 is trained; it is at 0");
  bench.ledger->release("generator/0");
  bench.write_all(8, 0);
  bench.judge_all();
  REQUIRE(bench.train(0));
  auto tasks = bench.lease(100);
  CHECK(tasks.size() == 4);
  CHECK(tasks[0].oldest_version == 1);
}

TEST_CASE("max_lag 0 is the synchronous mode") {
  auto options = small();
  options.max_lag = 0;
  SmallLedger bench(options);
  for (std::uint64_t step = 0; step < 5; ++step) {
    auto tasks = bench.lease(100);
    REQUIRE(tasks.size() == 4);
    CHECK(bench.lease(1).empty());
    for (const auto& task : tasks) {
      CHECK(task.oldest_version == step);
      REQUIRE(bench.write(task, 0, 3, step, Finish::stop));
    }
    bench.judge_all();
    CHECK(bench.lease(1).empty());
    REQUIRE(bench.train(step));
  }
}

TEST_CASE("steps end the issue of prompts") {
  auto options = small();
  options.steps = 1;
  SmallLedger bench(options);
  CHECK(bench.lease(100).size() == 4);
  CHECK(bench.ledger->why_no_tasks() == "all prompts of the last step 0 are issued");
}

TEST_CASE("max_running bounds what is being written") {
  auto options = small();
  options.max_running = 3;
  SmallLedger bench(options);
  CHECK(bench.lease(100).size() == 3);
  CHECK(bench.lease(100).empty());
  CHECK(bench.ledger->why_no_tasks().find("max_running 3") == 0);
}

TEST_CASE("groups without contrast leave a batch smaller, or are replaced") {
  for (auto batch_of : {BatchOf::issued, BatchOf::kept}) {
    auto options = small();
    options.batch_of = batch_of;
    SmallLedger bench(options);
    bench.write_all(8, 0);
    bench.judge_all([](const Rollout& rollout) {
      return SmallLedger::scored(rollout.group == 0 ? 1.0 : rollout.sample);
    });
    auto batch = bench.ledger->batch(0);
    REQUIRE(batch);
    CHECK(batch->groups_without_contrast == 1);
    if (batch_of == BatchOf::issued) {
      REQUIRE(batch->groups.size() == 1);
      CHECK(batch->rollouts_seen == 4);
      CHECK(batch->mean_score == 0.75);
      CHECK(bench.lease(100).empty());
    } else {
      REQUIRE(batch->groups.size() == 2);
      CHECK(batch->groups[1].id == 2);
      CHECK(batch->rollouts_seen == 6);
      // The dropped group made room for another one.
      CHECK(bench.lease(100).size() == 2);
    }
    CHECK(batch->groups[0].id == 1);
    CHECK(bench.ledger->counts().groups_without_contrast == 1);
  }
}

TEST_CASE("what cannot count is settled by the batch it stands before, behind the last by that") {
  for (std::uint64_t steps : {1, 2}) {
    CAPTURE(steps);
    auto options = small();
    options.batch_of = BatchOf::kept;
    options.steps = steps;
    SmallLedger bench(options);
    bench.write_all(100, 0);
    GroupId first_of_last = 2 * (steps - 1);
    bench.judge_all([&](const Rollout& rollout) {
      return SmallLedger::scored(rollout.group == first_of_last ? 1.0 : rollout.sample);
    });
    if (steps == 2) {
      auto first = bench.ledger->batch(0);
      REQUIRE(first);
      CHECK(first->rollouts_seen == 4);
      CHECK(first->groups_without_contrast == 0);
      REQUIRE(bench.ledger->trained(0, 1));
    }
    // In the place of the group without contrast comes one without verdicts, in its place another.
    bench.write_all(2, steps - 1);
    bench.judge_all([](const Rollout&) {
      Verdict none;
      none.no_verdict = "timed out";
      return none;
    });
    bench.write_all(2, steps - 1);
    bench.judge_all();
    // Of the same job without that rule, the first two groups are the last batch.
    bench.options.drop_without_contrast = false;
    bench.open();
    auto last = bench.ledger->batch(steps - 1);
    REQUIRE(last);
    REQUIRE(last->groups.size() == 2);
    CHECK(last->groups[0].id == first_of_last);
    CHECK(last->groups[1].id == first_of_last + 1);
    CHECK(last->rollouts_seen == 6);
    CHECK(last->rollouts_no_verdict == 2);
  }
}

TEST_CASE("what got no verdict is masked; a group needs two verdicts") {
  SmallLedger bench([] {
    auto options = small();
    options.group_size = 3;
    options.batch = 6;
    return options;
  }());
  bench.write_all(6, 0);
  bench.judge_all([](const Rollout& rollout) {
    Verdict none;
    none.no_verdict = "timed out";
    bool judged = rollout.group == 0 ? rollout.sample != 1 : rollout.sample == 1;
    return judged ? SmallLedger::scored(rollout.sample) : none;
  });
  auto batch = bench.ledger->batch(0);
  REQUIRE(batch);
  REQUIRE(batch->groups.size() == 1);
  REQUIRE(batch->groups[0].rollouts.size() == 2);
  CHECK(batch->groups[0].rollouts[1].rollout.sample == 2);
  CHECK(batch->rollouts_no_verdict == 3);
  CHECK(batch->rollouts_seen == 6);
  CHECK(batch->mean_score == 1.0);
}

TEST_CASE("drop: what is too stale is dropped in the last sweep and replaced") {
  auto options = small();
  options.overdue = Overdue::drop;
  options.run_ahead = 3;
  options.max_lag = 1;
  SmallLedger bench(options);
  auto tasks = bench.lease(100);
  CHECK(tasks.size() == 16);  // batches 0 to 3
  // Batches 0 and 1 are written at once; group 4 begins under version 0 and stays unfinished.
  for (const auto& task : tasks) {
    if (task.rollout.group < 4) REQUIRE(bench.write(task, 0, 2, 0, Finish::stop));
    if (task.rollout.group == 4) REQUIRE(bench.write(task, 0, 1, 0));
  }
  bench.judge_all();
  REQUIRE(bench.train(0));
  REQUIRE(bench.train(1));
  for (const auto& task : tasks) {
    if (task.rollout.group > 4) REQUIRE(bench.write(task, 0, 2, 2, Finish::stop));
  }
  bench.judge_all();
  auto batch = bench.ledger->batch(2);
  REQUIRE(batch);
  CHECK(batch->rollouts_stale == 2);
  CHECK(batch->groups[0].id == 5);
  CHECK(batch->groups[1].id == 6);
  for (const auto& task : tasks) {
    if (task.rollout.group == 4) CHECK(bench.write(task, 1, 2, 2).error() == Errc::stale);
  }
  CHECK(bench.lease(100).size() == 10);  // batches 3 to 5, less group 7 that is there
}

TEST_CASE("of a group that became too stale nothing is leased, of its neighbours everything") {
  auto options = small();
  options.overdue = Overdue::drop;
  options.run_ahead = 3;
  SmallLedger bench(options);
  for (const auto& task : bench.lease(100)) {
    auto group = task.rollout.group;
    if (group < 4) REQUIRE(bench.write(task, 0, 2, 0, Finish::stop));
    if (group == 4) REQUIRE(bench.write(task, 0, 1, 0));
  }
  bench.judge_all();
  REQUIRE(bench.train(0));
  bench.ledger->release("generator/0");
  for (const auto& task : bench.lease(100)) {
    if (task.rollout.group == 6) REQUIRE(bench.write(task, 0, 2, 0, Finish::stop));
  }
  bench.ledger->release("generator/0");
  // Once batch 1 is sealed, groups 4 and 6 cannot be in any: the next to be sealed is 2.
  REQUIRE(bench.train(1));
  CHECK(bench.ledger->lease_finished("verifier/0", 100, 0).empty());
  std::set<RolloutId> leased;
  for (const auto& task : bench.lease(100)) leased.insert(task.rollout.id);
  for (RolloutId id : {8, 9, 12, 13}) CHECK(leased.count(id) == 0);
  for (RolloutId id : {10, 11, 14, 15, 16}) CHECK(leased.count(id) == 1);
}

TEST_CASE("a replay that goes differently is told") {
  SmallLedger bench;
  bench.write_all(8, 0);
  bench.judge_all();
  REQUIRE(bench.train(0));
  CHECK(bench.ledger->recorded_fingerprint(1) == 1000);
  CHECK(bench.ledger->trained(0, 1000));
  CHECK(bench.ledger->trained(0, 1001).error() == Errc::corrupt);
  CHECK(bench.ledger->last_refusal().find("version 1 has fingerprint 3e9") == 0);
  CHECK(bench.ledger->trained(7, 1).error() == Errc::bad_input);
  CHECK_FALSE(bench.ledger->recorded_fingerprint(2));
}

TEST_CASE("a restart from a checkpoint gives the sealed batches again") {
  auto options = small();
  options.keep_batches = 1;
  SmallLedger bench(options);
  std::map<std::uint64_t, std::string> bytes;
  for (std::uint64_t step = 0; step < 4; ++step) {
    bench.write_all(100, step);
    bench.judge_all();
    bytes[step] = canonical_bytes(*bench.ledger->batch(step));
    REQUIRE(bench.train(step));
    if (step == 2) bench.ledger->checkpointed(3);
  }
  CHECK_THROWS_AS((void)bench.ledger->batch(0), Error);  // past retention
  CHECK(canonical_bytes(*bench.ledger->batch(2)) == bytes[2]);
  bench.open();
  bench.ledger->restart_from(3);
  CHECK(bench.ledger->counts().trained == 3);
  CHECK(canonical_bytes(*bench.ledger->batch(3)) == bytes[3]);
  REQUIRE(bench.ledger->trained(3, 1003));
  CHECK_THROWS_AS(bench.ledger->restart_from(9), Error);
  CHECK_THROWS_AS(bench.ledger->restart_from(1), Error);  // its batches are gone
}

TEST_CASE("retention by bytes removes trained batches, oldest first") {
  auto options = small();
  options.keep_bytes = 3000;
  SmallLedger bench(options);
  for (std::uint64_t step = 0; step < 6; ++step) {
    bench.write_all(100, step);
    bench.judge_all();
    REQUIRE(bench.train(step));
    auto before = bench.store->size_bytes();
    bench.ledger->checkpointed(step + 1);
    CHECK(bench.store->size_bytes() <= before);
  }
  CHECK_THROWS_AS((void)bench.ledger->batch(0), Error);
  CHECK(bench.ledger->batch(5));
  CHECK(bench.store->size_bytes() < 10'000);
}

TEST_CASE("of a batch that retention removes nothing stays") {
  auto options = small();
  options.keep_batches = 1;
  SmallLedger bench(options);
  for (std::uint64_t step = 0; step < 4; ++step) {
    bench.write_all(100, step);
    bench.judge_all();
    REQUIRE(bench.train(step));
    bench.ledger->checkpointed(step + 1);
    std::set<GroupId> groups;
    bench.store->scan(ledger_key::groups(), [&](std::string_view key, std::string_view) {
      groups.insert(ledger_key::parse(key).number);
      return true;
    });
    // Those of the batch that is kept, and those already written for the next one.
    CHECK(*groups.begin() == 2 * step);
    CHECK_NOTHROW((void)bench.ledger->batch(step));
    if (step > 0) CHECK_THROWS_AS((void)bench.ledger->batch(step - 1), Error);
  }
}

TEST_CASE("a ledger that was opened anew counts the same bytes of its batches") {
  auto bytes_of = [](auto reopen) {
    SmallLedger bench;
    auto tasks = bench.lease(4);
    for (const auto& task : tasks) REQUIRE(bench.write(task, 0, 2, 0));
    reopen(bench, 0);
    for (const auto& task : bench.lease(4)) REQUIRE(bench.write(task, 2, 3, 0, Finish::stop));
    reopen(bench, 1);
    bench.judge_all();
    reopen(bench, 2);
    REQUIRE(bench.ledger->batch(0));
    auto key = ledger_key::batch(0);
    return decode_batch(key, *bench.store->get(key)).bytes;
  };
  auto at = [](int wanted) {
    return [wanted](SmallLedger& bench, int now) {
      bench.ledger->release("generator/0");
      if (now == wanted) bench.open();
    };
  };
  auto bytes = bytes_of(at(-1));
  CHECK(bytes > 4 * 100);
  for (int when : {0, 1, 2}) {
    CAPTURE(when);
    CHECK(bytes_of(at(when)) == bytes);
  }
}

TEST_CASE("what a batch waits for is said in words") {
  SmallLedger bench;
  CHECK(bench.ledger->why_no_batch(0, 0) == "4 of 4 completions missing: 4 not issued yet");
  auto tasks = bench.lease(3);
  bench.now = second + second / 5;
  REQUIRE(bench.write(tasks[0], 0, 2, 0, Finish::stop));
  CHECK(bench.ledger->why_no_batch(0, bench.now) ==
        "4 of 4 completions missing: 1 wait for a generator, 2 being written by generator/0 "
        "(oldest 1.2 s), 1 wait for a verdict");
  CHECK(bench.ledger->why_no_batch(1, 0) == "batch 0 comes first");
}
