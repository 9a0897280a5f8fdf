#include "actors/alarms/alarm_watch.h"

#include "actors/view/fields.h"

#include <cmath>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

// A run in its reinforcement stage, and what is told of its alarms.
struct AlarmBench {
  explicit AlarmBench(AlarmBounds bounds = {}, std::uint32_t max_lag = 2) : watch(bounds, max_lag) {
    take({{"event", "stage"}, {"kind", "reinforce"}, {"steps", 1000}});
  }

  void take(RunEvent event) {
    event["seconds"] = now;
    for (auto& alarm : watch.take(event)) told.push_back(std::move(alarm));
  }

  // So many steps, each of so many seconds, with these fields instead of ordinary ones.
  void steps(int count, const RunEvent& fields = {}, double seconds = 1) {
    for (int i = 0; i < count; ++i) {
      for (double end = now + seconds; now + 2 < end;) {
        now += 2;
        look();
      }
      now += seconds - std::floor((seconds - 1e-9) / 2) * 2;
      RunEvent event{{"event", "step"}, {"kind", "reinforce"}, {"step", ++step}, {"steps", 1000},
          {"rollouts", 100}, {"rollouts_no_verdict", 1}, {"rollouts_stale", 0}, {"tokens", 900},
          {"correct", 0.5}, {"entropy", 0.3}, {"truncated_share", 0.02}, {"log_prob_gap_max", 0},
          {"generator_busy", 0.9}, {"lag_histogram", {10, 20, 70}}};
      for (const auto& field : fields) event[field.key()] = field.value();
      for (auto& actor : actors)
        if (actor.kind == "generator" && actor.state != "stuck") actor.busy_seconds += seconds;
      take(event);
      look();
    }
  }

  void look() {
    AlarmLook seen{.seconds = now, .actors = actors, .disk_bytes = disk, .memory_bytes = memory};
    for (auto& alarm : watch.look(seen)) told.push_back(std::move(alarm));
  }

  // Time that passes without a step; looked at every two seconds.
  void wait(double seconds) {
    for (double end = now + seconds; now < end;) {
      now += 2;
      look();
    }
  }

  AlarmActor& actor(const std::string& name) {
    for (auto& one : actors)
      if (one.name == name) return one;
    throw std::runtime_error("no actor " + name);
  }

  // "begins lag trainer", "over lag trainer".
  std::vector<std::string> brief() const {
    std::vector<std::string> out;
    for (const RunEvent& event : told)
      out.push_back(std::string(text(event, "event") == "alarm" ? "begins " : "over ") +
                    text(event, "rule") + " " + text(event, "actor"));
    return out;
  }

  using Briefs = std::vector<std::string>;

  AlarmWatch watch;
  double now = 0;
  int step = 0;
  std::vector<AlarmActor> actors = {{"trainer", "trainer", "idle", "the batch of step 9"},
      {"ledger", "ledger", "idle", "messages"}, {"evaluator", "evaluator", "idle", "messages"},
      {"verifier/0", "verifier", "idle", "messages"},
      {"generator/0", "generator", "working", "", 0},
      {"generator/1", "generator", "working", "", 0}};
  std::optional<double> disk = 1e12;
  std::optional<double> memory = 1e11;
  std::vector<RunEvent> told;
};

using Briefs = AlarmBench::Briefs;

}  // namespace

TEST_CASE("an ordinary run raises no alarm") {
  AlarmBench bench;
  bench.steps(300);
  CHECK(bench.brief() == Briefs{});
}

TEST_CASE("each rule says what it looks at and what to look at then") {
  AlarmBounds bounds;
  for (const AlarmRule& rule : alarm_rules()) {
    CAPTURE(rule.name);
    CHECK(bounds.*rule.bound > 0);
    CHECK_FALSE(rule.looks_at.empty());
    CHECK_FALSE(rule.look.empty());
    CHECK(rule.read(AlarmFacts{}, 1).size() <= 1);  // nothing is known yet
    for (const auto& reading : rule.read(AlarmFacts{}, 1)) CHECK_FALSE(reading.severity >= 1);
  }
}

TEST_CASE("a run without steps is stalled, and says who waits for what") {
  AlarmBench bench({.generator_idle = 0});
  bench.steps(20, {}, 3);
  bench.actor("generator/1").state = "restarting";
  bench.wait(58);
  CHECK(bench.brief() == Briefs{});
  bench.wait(4);
  REQUIRE(bench.brief() == Briefs{"begins stalled trainer"});
  CHECK(text(bench.told[0], "text") ==
        "trainer: no step for 1:00, where one takes 3.0 s: it waits for the batch of step 9; "
        "generator/1 is restarting");
  CHECK(text(bench.told[0], "look") == "what each actor waits for, and its log (page: Actors)");
  bench.actor("generator/1").state = "working";
  bench.steps(1, {}, 3);
  bench.steps(2, {}, 2);
  CHECK(bench.told.size() == 1);  // nine seconds
  bench.steps(1);
  REQUIRE(bench.told.size() == 2);
  CHECK(bench.brief()[1] == "over stalled trainer");
  CHECK(number(bench.told[1], "lasted_seconds") == doctest::Approx(10));
}

TEST_CASE("steps of ten seconds may be late by a minute and a half") {
  AlarmBench bench({.generator_idle = 0});
  bench.steps(20, {}, 10);
  bench.wait(98);
  CHECK(bench.brief() == Briefs{});
  bench.wait(4);
  CHECK(bench.brief() == Briefs{"begins stalled trainer"});
}

TEST_CASE("an evaluation, the end of the stage and a process that stood still are no stall") {
  AlarmBench bench;
  bench.steps(20);
  SUBCASE("an evaluation that goes on") {
    for (int i = 0; i < 100; ++i) {
      bench.actor("evaluator").busy_seconds += 1;
      bench.wait(2);
    }
  }
  SUBCASE("the end of the stage") {
    bench.step = 999;
    bench.steps(1);
    bench.wait(500);
  }
  SUBCASE("this process") {
    bench.now += 3600;
    bench.take({{"event", "swap"}});
    bench.wait(40);
  }
  CHECK(bench.brief() == Briefs{});
}

TEST_CASE("before three steps there is no pace that a stall could be measured by") {
  AlarmBench bench;
  bench.steps(3);
  bench.wait(1000);
  CHECK(bench.brief() == Briefs{});
}

TEST_CASE("a gap of log-probabilities is an alarm until five steps are without") {
  AlarmBench bench;
  bench.steps(9, {{"log_prob_gap_max", 0.0009}});
  CHECK(bench.brief() == Briefs{});
  bench.steps(1, {{"log_prob_gap_max", 0.25}});
  REQUIRE(bench.brief() == Briefs{"begins gap trainer"});
  CHECK(text(bench.told[0], "text") ==
        "trainer: log-probabilities that generators recorded and the audit's differ by 0.25 nats");
  bench.steps(9);
  CHECK(bench.told.size() == 1);
  bench.steps(1);
  CHECK(bench.brief().back() == "over gap trainer");
  bench.steps(1, {{"log_prob_gap_max", 0.25}});
  bench.steps(4, {}, 4);
  CHECK(bench.told.size() == 3);
  bench.steps(1);
  CHECK(bench.told.size() == 4);
}

TEST_CASE("many completions without a verdict are an alarm") {
  AlarmBench bench;
  bench.steps(10);
  bench.steps(10, {{"rollouts_no_verdict", 9}});
  CHECK(bench.brief() == Briefs{});
  bench.steps(10, {{"rollouts_no_verdict", 11}});
  REQUIRE(bench.brief() == Briefs{"begins no_verdict verifier/0"});
  CHECK(text(bench.told[0], "text").find("verifier/0: 10 % of the completions") == 0);
  bench.steps(20, {{"rollouts_no_verdict", 8}});  // below the bound, and not well below it
  CHECK(bench.told.size() == 1);
  bench.steps(10);
  CHECK(bench.brief().back() == "over no_verdict verifier/0");
}

TEST_CASE("answers that are all wrong, or all right, are an alarm") {
  for (double flat : {0.0, 1.0}) {
    AlarmBench bench;
    bench.steps(19, {{"correct", flat}});
    CHECK(bench.brief() == Briefs{});
    bench.steps(1, {{"correct", flat}});
    REQUIRE(bench.brief() == Briefs{"begins reward_flat verifier/0"});
    bench.steps(20, {{"correct", std::abs(flat - 0.05)}});
    CHECK(bench.brief().back() == "over reward_flat verifier/0");
  }
}

TEST_CASE("a policy that tries nothing new is an alarm where it is not right anyway") {
  AlarmBench bench;
  bench.steps(20, {{"entropy", 0.001}, {"correct", 0.95}});
  CHECK(bench.brief() == Briefs{});
  bench.steps(20);
  bench.steps(20, {{"entropy", 0.02}, {"correct", 0.4}});
  CHECK(bench.brief() == Briefs{});
  bench.steps(20, {{"entropy", 0.004}, {"correct", 0.4}});
  CHECK(bench.brief() == Briefs{"begins entropy trainer"});
  bench.steps(20, {{"entropy", 0.02}, {"correct", 0.4}});
  CHECK(bench.brief().back() == "over entropy trainer");
  bench.steps(20, {{"entropy", 0}, {"correct", 0.4}, {"tokens", 0}});  // nothing was measured
  CHECK(bench.told.size() == 2);
}

TEST_CASE("completions that grow until they are cut off are an alarm, long ones are none") {
  AlarmBench bench;
  SUBCASE("they grow") {
    bench.steps(20, {{"truncated_share", 0.1}});
    bench.steps(20, {{"truncated_share", 0.35}});
    CHECK(bench.brief() == Briefs{"begins length generator"});
  }
  SUBCASE("they were so at first") {
    bench.steps(20, {{"truncated_share", 0.3}});
    bench.steps(20, {{"truncated_share", 0.55}});
    CHECK(bench.brief() == Briefs{});
  }
}

TEST_CASE("how many completions were cut off at first is of the stage, not of the run") {
  AlarmBench bench;
  bench.steps(20, {{"truncated_share", 0.3}});
  bench.take({{"event", "stage"}, {"kind", "reinforce"}, {"steps", 1000}});
  bench.steps(20, {{"truncated_share", 0.02}});
  bench.steps(20, {{"truncated_share", 0.35}});
  CHECK(bench.brief() == AlarmBench::Briefs{"begins length generator"});
}

TEST_CASE("what max_lag costs is an alarm where it is nearly all of the time") {
  RunEvent waits{{"generator_busy", 0.1}, {"lag_histogram", {0, 1, 99}}};
  AlarmBench bench;
  SUBCASE("generators wait") {
    bench.steps(20, waits, 3);
    CHECK(bench.brief() == Briefs{});  // 57 seconds
    bench.steps(2, waits, 3);
    REQUIRE(bench.brief() == Briefs{"begins lag trainer"});
    CHECK(
        text(bench.told[0], "text") ==
        "trainer: nearly all tokens are as old as max_lag = 2 allows, and generators wait 90 % of "
        "the time");
  }
  SUBCASE("completions are dropped") {
    bench.steps(22, {{"rollouts_stale", 85}}, 4);
    CHECK(bench.brief() == Briefs{"begins lag trainer"});
  }
  SUBCASE("tokens as old as allowed are ordinary") {
    bench.steps(40, {{"lag_histogram", {0, 0, 100}}, {"generator_busy", 0.4}}, 4);
    CHECK(bench.brief() == Briefs{});
  }
  SUBCASE("generators that wait for something else") {
    bench.steps(40, {{"generator_busy", 0.1}}, 4);
    CHECK(bench.brief() == Briefs{});
  }
}

TEST_CASE("a synchronous run has no bound on lag to be at") {
  AlarmBench bench({}, 0);
  bench.steps(40, {{"generator_busy", 0.1}, {"lag_histogram", {100}}}, 4);
  CHECK(bench.brief() == Briefs{});
}

TEST_CASE("a generator that writes nothing is named, with its reason") {
  AlarmBench bench;
  bench.steps(5);
  auto& idle = bench.actor("generator/1");
  idle.state = "stuck";
  idle.waiting_for = "reply of ledger to LeaseTasks";
  bench.steps(59);
  CHECK(bench.brief() == Briefs{});
  idle.busy_seconds += 0.01;  // it asked for work
  bench.steps(2);
  REQUIRE(bench.brief() == Briefs{"begins generator_idle generator/1"});
  CHECK(text(bench.told[0], "text") ==
        "generator/1: it has written nothing for 1:00: reply of ledger to LeaseTasks");
  idle.state = "working";
  bench.steps(12);
  CHECK(bench.brief().back() == "over generator_idle generator/1");
}

TEST_CASE("generators may wait where steps take long") {
  AlarmBench bench({.stalled = 0});
  bench.steps(5, {}, 100);
  bench.wait(290);
  CHECK(bench.brief() == Briefs{});
  bench.wait(14);
  CHECK(bench.brief() ==
        Briefs{"begins generator_idle generator/0", "begins generator_idle generator/1"});
}

TEST_CASE("room that is nearly gone is an alarm") {
  AlarmBench bench;
  bench.disk = 1.5e9;
  bench.memory = 3e8;
  bench.steps(1);
  CHECK(bench.brief() == Briefs{});
  bench.take({{"event", "checkpoint"}, {"bytes", 8e8}});
  CHECK(bench.brief() == Briefs{"begins disk_megabytes ledger"});
  bench.memory = 1.9e8;
  bench.disk = 1e11;
  bench.steps(12);
  CHECK(bench.brief() == Briefs{"begins disk_megabytes ledger", "begins memory_megabytes run",
                             "over disk_megabytes ledger"});
  bench.memory = std::nullopt;  // not asked this time
  bench.steps(20);
  CHECK(bench.told.size() == 3);
}

TEST_CASE("an actor that fails again and again is an alarm, one that is stopped is none") {
  AlarmBench bench;
  RunEvent exit{{"event", "exit"}, {"actor", "verifier/0"}, {"cause", "exception"}};
  for (int i = 0; i < 9; ++i)
    bench.take({{"event", "exit"}, {"actor", "ledger"}, {"cause", "stopped"}});
  for (int i = 0; i < 2; ++i) bench.take(exit);
  CHECK(bench.brief() == Briefs{});
  bench.take(exit);
  REQUIRE(bench.brief() == Briefs{"begins restarts verifier/0"});
  CHECK(text(bench.told[0], "text") == "verifier/0: 3 of its lives failed within ten minutes");
  bench.steps(601);
  CHECK(bench.brief().back() == "over restarts verifier/0");
}

TEST_CASE("a bound of nought switches its rule off") {
  AlarmBench bench({.gap = 0});
  bench.steps(9, {{"log_prob_gap_max", 5}});
  CHECK(bench.brief() == Briefs{});
}

TEST_CASE("an alarm that comes and goes is told so many times") {
  AlarmBench bench;
  for (int i = 0; i < 40; ++i) {
    bench.steps(1, {{"log_prob_gap_max", 1}});
    bench.steps(12);
  }
  CHECK(bench.told.size() == 2 * AlarmWatch::times_most);
  const RunEvent& last = bench.told[bench.told.size() - 2];
  CHECK(text(last, "text").ends_with("; it is not told again"));
}

TEST_CASE("fields that are missing or odd are no alarm") {
  AlarmBench bench;
  for (int i = 0; i < 50; ++i) {
    bench.now += 1;
    bench.take({{"event", "step"}, {"kind", "reinforce"}, {"step", i}, {"steps", 1000}});
    bench.take({{"event", "step"}, {"kind", "reinforce"}, {"step", "x"}, {"lag_histogram", {"y"}},
        {"correct", nullptr}});
    bench.look();
  }
  CHECK(bench.brief() == Briefs{});
}
