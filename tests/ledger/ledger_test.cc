#include "actors/ledger.h"

#include "actors/types_capnp.h"
#include "runtime/base/check.h"
#include "runtime/base/result.h"
#include "storage/kv_store.h"
#include "tests/support/faulty_store.h"
#include "tests/support/temp_folder.h"

#include <cmath>
#include <limits>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

constexpr Micros second = 1'000'000;

Prompt prompt(GroupId group) {
  return {group, str("prompt ", group), str(group), {static_cast<Token>(group)}};
}

LedgerOptions small() {
  LedgerOptions options;
  options.group_size = 2;
  options.batch = 4;
  options.max_lag = 1;
  return options;
}

// A ledger with the verbs of its users.
struct Bench {
  std::unique_ptr<KvStore> store = open_memory();
  LedgerOptions options = small();
  std::unique_ptr<Ledger> ledger;
  Micros now = 0;

  explicit Bench(LedgerOptions given = small()) : options(given) { open(); }

  void open() {
    ledger.reset();
    ledger = std::make_unique<Ledger>(*store, prompt, options);
  }

  std::vector<RolloutTask> lease(std::uint32_t count, const std::string& holder = "generator/0") {
    return ledger->lease_tasks(holder, count, now);
  }

  static Segment segment(const RolloutTask& task, std::uint32_t begin, std::uint32_t end,
      Version version, Finish finish = Finish::running) {
    Segment result{task.lease, task.rollout.id, {begin, end, version, version + 100, begin == 0},
        {}, {}, finish};
    for (auto i = begin; i < end; ++i) {
      result.tokens.push_back(static_cast<Token>(task.rollout.id * 100 + i));
      result.log_probs.push_back(-0.5F);
    }
    return result;
  }

  Result<void> write(const RolloutTask& task, std::uint32_t begin, std::uint32_t end,
      Version version, Finish finish = Finish::running) {
    return ledger->append(segment(task, begin, end, version, finish), now);
  }

  void judge_all(const std::function<Verdict(const Rollout&)>& verdict) {
    for (const auto& leased : ledger->lease_finished("verifier/0", 1000, now)) {
      REQUIRE(ledger->judge(leased.lease, verdict(leased.rollout), now));
    }
  }

  // Score 0, 1, 0, 1 … by sample: every group has contrast.
  void judge_all() {
    judge_all([](const Rollout& rollout) { return scored(rollout.sample); });
  }

  static Verdict scored(double score) {
    Verdict verdict;
    verdict.score = score;
    return verdict;
  }

  void write_all(std::uint32_t count, Version version) {
    for (const auto& task : lease(count)) REQUIRE(write(task, 0, 3, version, Finish::stop));
  }

  bool train(std::uint64_t step) {
    auto batch = ledger->batch(step);
    if (batch) REQUIRE(ledger->trained(step, 1000 + step));
    return batch.has_value();
  }
};

}  // namespace

TEST_CASE("a prompt goes all the way from task to batch") {
  Bench bench;
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
  Bench bench;
  auto task = bench.lease(1)[0];
  auto send = [&](std::uint32_t begin, Version version, bool fresh, Finish finish) {
    auto segment = Bench::segment(task, begin, begin + 2, version, finish);
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

TEST_CASE("wait: no group is issued that could become staler than max_lag") {
  Bench bench;  // 4 completions a batch, max_lag 1: batches 0 and 1 before anything is trained
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
  Bench bench(options);
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
  Bench bench(options);
  CHECK(bench.lease(100).size() == 4);
  CHECK(bench.ledger->why_no_tasks() == "all prompts of the last step 0 are issued");
}

TEST_CASE("max_running bounds what is being written") {
  auto options = small();
  options.max_running = 3;
  Bench bench(options);
  CHECK(bench.lease(100).size() == 3);
  CHECK(bench.lease(100).empty());
  CHECK(bench.ledger->why_no_tasks().find("max_running 3") == 0);
}

TEST_CASE("groups without contrast leave a batch smaller, or are replaced") {
  for (auto batch_of : {BatchOf::issued, BatchOf::kept}) {
    auto options = small();
    options.batch_of = batch_of;
    Bench bench(options);
    bench.write_all(8, 0);
    bench.judge_all([](const Rollout& rollout) {
      return Bench::scored(rollout.group == 0 ? 1.0 : rollout.sample);
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

TEST_CASE("what got no verdict is masked; a group needs two verdicts") {
  Bench bench([] {
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
    return judged ? Bench::scored(rollout.sample) : none;
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
  Bench bench(options);
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

TEST_CASE("an abandoned rollout goes on with another generator") {
  Bench bench;
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

TEST_CASE("a segment that does not fit is refused and says why") {
  Bench bench;
  auto task = bench.lease(1)[0];
  REQUIRE(bench.write(task, 0, 2, 0));
  auto refused = [&](Segment segment, Errc code, const char* why) {
    CHECK(bench.ledger->append(segment, 0).error() == code);
    CHECK_MESSAGE(
        bench.ledger->last_refusal().find(why) != std::string::npos, bench.ledger->last_refusal());
  };
  auto good = Bench::segment(task, 2, 4, 0);
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
  auto repeat = Bench::segment(task, 0, 2, 0);
  CHECK(bench.ledger->append(repeat, 0));
  repeat.tokens[0] = 5;
  refused(repeat, Errc::bad_input, "has 2 tokens");
  REQUIRE(bench.ledger->append(good, 0));
  CHECK(bench.ledger->append(Bench::segment(task, 0, 2, 0), 0));  // not the last one any more
  CHECK(bench.ledger->append(Bench::segment(task, 1, 3, 0), 0));
  refused(repeat, Errc::bad_input, "has 4 tokens");
  refused(Bench::segment(task, 3, 5, 0), Errc::bad_input, "has 4 tokens");
  auto ending = Bench::segment(task, 4, 4, 0, Finish::length);
  REQUIRE(bench.ledger->append(ending, 0));
  CHECK(bench.ledger->append(ending, 0));  // a repeat of the last one, after the end
  CHECK(bench.ledger->counts().rollouts_generated == 1);
}

TEST_CASE("leases whose holder says that it lives last longer; lost ones are named") {
  Bench bench;
  auto tasks = bench.lease(3);
  Micros lease = LedgerOptions().generate_lease;
  std::vector<LeaseId> held = {tasks[0].lease, tasks[1].lease, 12345};
  CHECK(bench.ledger->renew(held, lease / 2) == std::vector<LeaseId>{12345});
  CHECK(bench.ledger->expire(lease) == 1);  // the third
  CHECK(bench.ledger->renew({tasks[2].lease}, lease) == std::vector<LeaseId>{tasks[2].lease});
  CHECK(bench.ledger->expire(lease / 2 + lease) == 2);
}

TEST_CASE("many segments in one write have each its own result") {
  Bench bench;
  auto tasks = bench.lease(2);
  std::vector<Segment> segments = {Bench::segment(tasks[0], 0, 1, 0),
      Bench::segment(tasks[0], 1, 2, 0, Finish::stop), Bench::segment(tasks[1], 1, 2, 0),
      Bench::segment(tasks[1], 0, 2, 0)};
  auto results = bench.ledger->append(segments, 0);
  REQUIRE(results.size() == 4);
  CHECK(results[0].has_value());
  CHECK(results[1].has_value());
  CHECK(results[2].error() == Errc::bad_input);
  CHECK(results[3].has_value());
  CHECK(bench.ledger->counts().rollouts_finished == 1);
}

TEST_CASE("a verdict is refused without lease, sense or score") {
  Bench bench;
  bench.write_all(1, 0);
  auto leased = bench.ledger->lease_finished("verifier/0", 5, 0);
  REQUIRE(leased.size() == 1);
  auto lease = leased[0].lease;
  CHECK(bench.ledger->judge(lease + 1, Bench::scored(1), 0).error() == Errc::stale);
  CHECK(bench.ledger->judge(lease, {}, 0).error() == Errc::bad_input);
  CHECK(bench.ledger->judge(lease, Bench::scored(std::nan("")), 0).error() == Errc::bad_input);
  auto both = Bench::scored(1);
  both.no_verdict = "unsure";
  CHECK(bench.ledger->judge(lease, both, 0).error() == Errc::bad_input);
  REQUIRE(bench.ledger->judge(lease, Bench::scored(1), 0));
  CHECK(bench.ledger->judge(lease, Bench::scored(1), 0).error() == Errc::stale);
}

TEST_CASE("a rollout that loses every verifier gets no_verdict with the reason") {
  Bench bench;
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

TEST_CASE("a replay that goes differently is told") {
  Bench bench;
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
  Bench bench(options);
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
  Bench bench(options);
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

TEST_CASE("what a batch waits for is said in words") {
  Bench bench;
  CHECK(bench.ledger->why_no_batch(0, 0) == "4 of 4 completions missing: 4 not issued yet");
  auto tasks = bench.lease(3);
  bench.now = second + second / 5;
  REQUIRE(bench.write(tasks[0], 0, 2, 0, Finish::stop));
  CHECK(bench.ledger->why_no_batch(0, bench.now) ==
        "4 of 4 completions missing: 1 wait for a generator, 2 being written by generator/0 "
        "(oldest 1.2 s), 1 wait for a verdict");
  CHECK(bench.ledger->why_no_batch(1, 0) == "batch 0 comes first");
}

TEST_CASE("options that contradict the ledger's are refused by name") {
  Bench bench;
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
      for (auto segment : {Bench::segment(task, 0, 2, 0), Bench::segment(task, 2, 4, 0),
               Bench::segment(task, 4, 5, 0, Finish::stop)}) {
        REQUIRE(insist([&] { return ledger->append(segment, 0); }));
      }
    }
    for (const auto& leased : ledger->lease_finished("verifier/0", 4, 0)) {
      auto verdict = Bench::scored(leased.rollout.sample);
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
