// The life of a rollout: tasks, segments, leases, verdicts, and what is refused.
#include "actors/messages/types_capnp.h"
#include "runtime/base/result.h"
#include "tests/ledger/small_ledger.h"
#include "tests/support/faulty_store.h"

#include <cmath>
#include <limits>

#include "tests/support/test.h"

using namespace tramontane;

TEST_CASE("a prompt goes all the way from task to batch") {
  SmallLedger bench;
  auto tasks = bench.lease(4);
  REQUIRE(tasks.size() == 4);
  CHECK(tasks[0].rollout.id == 0);
  CHECK(tasks[3].rollout.group == 1);
  CHECK(tasks[3].rollout.sample == 1);
  CHECK(tasks[3].prompt == prompt(1));
  CHECK(tasks[0].lease != 0);
  CHECK(bench.ledger->counts().rollouts_leased == 4);
  for (const auto& task : tasks) {
    REQUIRE(bench.write(task, 0, 2, 0));
    REQUIRE(bench.write(task, 2, 3, 0, task.rollout.sample == 0 ? Finish::stop : Finish::length));
  }
  CHECK(bench.ledger->counts().rollouts_finished == 4);
  CHECK_FALSE(bench.ledger->batch(0));
  bench.judge_all();
  auto batch = bench.ledger->batch(0);
  REQUIRE(batch);
  REQUIRE(batch->groups.size() == 2);
  CHECK(batch->groups[1].prompt == prompt(1));
  const auto& rollout = batch->groups[1].rollouts[0].rollout;
  CHECK(rollout.tokens == std::vector<Token>{200, 201, 202});
  CHECK(rollout.spans == std::vector<Span>{{0, 2, 0, 100, true}, {2, 3, 0, 100, false}});
  CHECK(batch->rollouts_seen == 4);
  CHECK(batch->mean_score == 0.5);
  CHECK(batch->mean_tokens == 3);
  CHECK(batch->truncated_share == 0.5);
  CHECK(canonical_bytes(*bench.ledger->batch(0)) == canonical_bytes(*batch));
  bench.open();
  CHECK(canonical_bytes(*bench.ledger->batch(0)) == canonical_bytes(*batch));
}

TEST_CASE("segments of the same weights and cache become one span") {
  SmallLedger bench;
  auto task = bench.lease(1)[0];
  auto send = [&](std::uint32_t begin, Version version, bool fresh, Finish finish) {
    auto segment = SmallLedger::segment(task, begin, begin + 2, version, finish);
    segment.span.fresh_cache = fresh;
    REQUIRE(bench.ledger->append(segment, 0));
  };
  send(0, 0, true, Finish::running);
  send(2, 0, true, Finish::running);
  send(4, 1, false, Finish::running);
  send(6, 1, false, Finish::stop);
  auto leased = bench.ledger->lease_finished("verifier/0", 1, 0);
  CHECK(leased[0].rollout.spans == std::vector<Span>{{0, 4, 0, 100, true}, {4, 8, 1, 101, false}});
  CHECK(bench.ledger->counts().rollouts_spanning == 1);
}

TEST_CASE("an abandoned rollout goes on with another generator") {
  SmallLedger bench;
  auto first = bench.lease(1)[0];
  REQUIRE(bench.write(first, 0, 2, 0));
  SUBCASE("released") {
    CHECK(bench.ledger->release("generator/0") == 1);
  }
  SUBCASE("expired") {
    bench.now = 29 * second;
    CHECK(bench.ledger->expire(bench.now) == 0);
    REQUIRE(bench.write(first, 2, 3, 0));  // extends the lease
    bench.now = 31 * second;
    CHECK(bench.ledger->expire(bench.now) == 0);
    bench.now = 60 * second;
    CHECK(bench.ledger->expire(bench.now) == 1);
    CHECK(bench.ledger->counts().leases_expired == 1);
  }
  SUBCASE("the ledger's process died") {
    bench.open();
  }
  auto second_one = bench.lease(1, "generator/1")[0];
  CHECK(second_one.rollout.id == 0);
  auto have = static_cast<std::uint32_t>(second_one.rollout.tokens.size());
  CHECK(have >= 2);
  CHECK(second_one.lease != first.lease);
  CHECK(bench.ledger->counts().rollouts_resumed == 1);
  CHECK(bench.write(first, have, have + 1, 0).error() == Errc::stale);
  REQUIRE(bench.write(second_one, have, have + 2, 0, Finish::stop));
  CHECK(bench.write(second_one, have + 2, have + 3, 0).error() == Errc::stale);
}

TEST_CASE("a segment is told apart by whether its group is settled or was never issued") {
  SmallLedger bench;
  auto late = bench.lease(1)[0];
  auto why = [&](RolloutId rollout) {
    auto segment = SmallLedger::segment(late, 0, 2, 0);
    segment.rollout = rollout;
    CHECK(bench.ledger->append(segment, 0).error() == Errc::stale);
    auto said = bench.ledger->last_refusal();
    return said.substr(said.rfind(": ") + 2);
  };
  REQUIRE(bench.write(late, 0, 3, 0, Finish::stop));
  bench.write_all(3, 0);
  bench.judge_all();
  CHECK(why(4) == "it was never issued");
  REQUIRE(bench.train(0));
  CHECK(why(3) == "its group was settled");
  CHECK(why(4) == "it was never issued");
}

TEST_CASE("a segment that does not fit is refused and says why") {
  SmallLedger bench;
  auto task = bench.lease(1)[0];
  REQUIRE(bench.write(task, 0, 2, 0));
  auto refused = [&](Segment segment, Errc code, const char* why) {
    CHECK(bench.ledger->append(segment, 0).error() == code);
    CHECK_MESSAGE(
        bench.ledger->last_refusal().find(why) != std::string::npos, bench.ledger->last_refusal());
  };
  auto good = SmallLedger::segment(task, 2, 4, 0);
  auto bad = good;
  bad.span.begin = 3;
  refused(bad, Errc::bad_input, "the ledger has 2 tokens");
  bad = good;
  bad.span.end = 5;
  refused(bad, Errc::bad_input, "its span ends at 5");
  bad = good;
  bad.log_probs.pop_back();
  refused(bad, Errc::bad_input, "1 log-probs");
  bad = good;
  bad.log_probs[1] = std::numeric_limits<float>::quiet_NaN();
  refused(bad, Errc::bad_input, "finite");
  bad = good;
  bad.tokens.clear();
  bad.log_probs.clear();
  bad.span.end = 2;
  refused(bad, Errc::bad_input, "no tokens");
  bad.finish = Finish::length;  // but it may end there
  bad.rollout = 1'000'000;
  refused(bad, Errc::stale, "never issued");
  bad = good;
  bad.lease = 77;
  refused(bad, Errc::stale, "no longer the writer's");
  auto repeat = SmallLedger::segment(task, 0, 2, 0);
  CHECK(bench.ledger->append(repeat, 0));
  repeat.tokens[0] = 5;
  refused(repeat, Errc::bad_input, "has 2 tokens");
  REQUIRE(bench.ledger->append(good, 0));
  CHECK(bench.ledger->append(SmallLedger::segment(task, 0, 2, 0), 0));  // not the last one any more
  CHECK(bench.ledger->append(SmallLedger::segment(task, 1, 3, 0), 0));
  refused(repeat, Errc::bad_input, "has 4 tokens");
  refused(SmallLedger::segment(task, 3, 5, 0), Errc::bad_input, "has 4 tokens");
  auto ending = SmallLedger::segment(task, 4, 4, 0, Finish::length);
  REQUIRE(bench.ledger->append(ending, 0));
  CHECK(bench.ledger->append(ending, 0));  // a repeat of the last one, after the end
  CHECK(bench.ledger->counts().rollouts_generated == 1);
}

TEST_CASE("leases whose holder says that it lives last longer; lost ones are named") {
  SmallLedger bench;
  auto tasks = bench.lease(3);
  Micros lease = LedgerOptions().generate_lease;
  std::vector<LeaseId> held = {tasks[0].lease, tasks[1].lease, 12345};
  CHECK(bench.ledger->renew(held, lease / 2) == std::vector<LeaseId>{12345});
  CHECK(bench.ledger->expire(lease) == 1);  // the third
  CHECK(bench.ledger->renew({tasks[2].lease}, lease) == std::vector<LeaseId>{tasks[2].lease});
  CHECK(bench.ledger->expire(lease / 2 + lease) == 2);
}

TEST_CASE("many segments in one write have each its own result") {
  SmallLedger bench;
  auto tasks = bench.lease(2);
  std::vector<Segment> segments = {SmallLedger::segment(tasks[0], 0, 1, 0),
      SmallLedger::segment(tasks[0], 1, 2, 0, Finish::stop),
      SmallLedger::segment(tasks[1], 1, 2, 0), SmallLedger::segment(tasks[1], 0, 2, 0)};
  auto results = bench.ledger->append(segments, 0);
  REQUIRE(results.size() == 4);
  CHECK(results[0].has_value());
  CHECK(results[1].has_value());
  CHECK(results[2].error() == Errc::bad_input);
  CHECK(results[3].has_value());
  CHECK(bench.ledger->counts().rollouts_finished == 1);
}

TEST_CASE("a verdict is refused without lease, sense or score") {
  SmallLedger bench;
  bench.write_all(1, 0);
  auto leased = bench.ledger->lease_finished("verifier/0", 5, 0);
  REQUIRE(leased.size() == 1);
  auto lease = leased[0].lease;
  CHECK(bench.ledger->judge(lease + 1, SmallLedger::scored(1), 0).error() == Errc::stale);
  CHECK(bench.ledger->judge(lease, {}, 0).error() == Errc::bad_input);
  CHECK(
      bench.ledger->judge(lease, SmallLedger::scored(std::nan("")), 0).error() == Errc::bad_input);
  auto both = SmallLedger::scored(1);
  both.no_verdict = "unsure";
  CHECK(bench.ledger->judge(lease, both, 0).error() == Errc::bad_input);
  REQUIRE(bench.ledger->judge(lease, SmallLedger::scored(1), 0));
  CHECK(bench.ledger->judge(lease, SmallLedger::scored(1), 0).error() == Errc::stale);
}

TEST_CASE("a rollout that loses every verifier gets no_verdict with the reason") {
  SmallLedger bench;
  bench.write_all(4, 0);
  for (int attempt = 0; attempt < 3; ++attempt) {
    auto leased = bench.ledger->lease_finished("verifier/0", 1, bench.now);
    REQUIRE(leased.size() == 1);
    CHECK(leased[0].rollout.id == 0);
    bench.now += 30 * second;
    CHECK(bench.ledger->expire(bench.now) == 1);
  }
  CHECK(bench.ledger->counts().rollouts_no_verdict == 1);
  CHECK(bench.ledger->lease_finished("verifier/0", 1, bench.now)[0].rollout.id == 1);
}

TEST_CASE("options that contradict the ledger's are refused by name") {
  SmallLedger bench;
  auto refused = [&](auto change, const char* what) {
    auto options = small();
    change(options);
    try {
      Ledger(*bench.store, prompt, options);
      FAIL("opened with another " << what);
    } catch (const Error& error) {
      CHECK(error.errc() == Errc::bad_input);
      CHECK_MESSAGE(error.text().find(what) != std::string::npos, error.text());
    }
  };
  refused([](auto& o) { o.group_size = 4; }, "group_size 2, not 4");
  refused([](auto& o) { o.batch = 8; }, "batch 4, not 8");
  refused([](auto& o) { o.seed = 5; }, "seed 0, not 5");
  refused([](auto& o) { o.batch_of = BatchOf::kept; }, "batch_of");
  refused([](auto& o) { o.batch = 5; }, "multiple of group_size");
  auto options = small();
  options.max_lag = 4;
  options.steps = 9;
  Ledger(*bench.store, prompt, options);
}

TEST_CASE("a full disk changes nothing, and trying again works") {
  // Each write of a whole life is refused once, in turn.
  for (std::uint64_t at = 1;; ++at) {
    auto memory = open_memory();
    FaultyStore store(*memory, {at, WriteFault::refused});
    std::unique_ptr<Ledger> ledger;
    auto insist = [&](auto action) {
      try {
        return action();
      } catch (const Error& error) {
        REQUIRE(error.errc() == Errc::io);
      }
      return action();
    };
    ledger = insist([&] { return std::make_unique<Ledger>(store, prompt, small()); });
    auto tasks = insist([&] { return ledger->lease_tasks("generator/0", 4, 0); });
    REQUIRE(tasks.size() == 4);
    for (const auto& task : tasks) {
      for (auto segment : {SmallLedger::segment(task, 0, 2, 0), SmallLedger::segment(task, 2, 4, 0),
               SmallLedger::segment(task, 4, 5, 0, Finish::stop)}) {
        REQUIRE(insist([&] { return ledger->append(segment, 0); }));
      }
    }
    for (const auto& leased : ledger->lease_finished("verifier/0", 4, 0)) {
      auto verdict = SmallLedger::scored(leased.rollout.sample);
      REQUIRE(insist([&] { return ledger->judge(leased.lease, verdict, 0); }));
      CHECK(leased.rollout.tokens.size() == 5);
    }
    auto batch = insist([&] { return ledger->batch(0); });
    REQUIRE(batch);
    CHECK(batch->groups.size() == 2);
    REQUIRE(insist([&] { return ledger->trained(0, 1); }));
    insist([&] {
      ledger->checkpointed(1);
      return 0;
    });
    CHECK(ledger->counts().rollouts_generated == 4);
    if (store.writes() < at) break;
  }
}
