#include "actors/run/reporter.h"

#include "actors/messages/codecs.h"
#include "runtime/actor/sim_system.h"
#include "runtime/base/metrics.h"
#include "tests/runtime/actors.h"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

RunEvent evaluation(const char* label, int step, double sampled) {
  return {{"event", "evaluation"}, {"label", label}, {"step", step}, {"sampled", sampled},
      {"greedy", sampled / 2}};
}

RunEvent step(int number, const char* kind = "reinforce") {
  return {{"event", "step"}, {"kind", kind}, {"stage", 1}, {"step", number}, {"steps", 9}};
}

double number(const RunEvent& event, const char* key) {
  return event.at(key).to_number<double>();
}

class Kept final : public EventSink {
 public:
  explicit Kept(std::vector<RunEvent>& into) : into_(into) {}

  void event(const RunEvent& event) override { into_.push_back(event); }

 private:
  std::vector<RunEvent>& into_;
};

// Computes for so many turns.
class Worker final : public Actor {
 public:
  Worker() { handle(&Worker::linger); }

 private:
  Task<Number> linger(Linger request) {
    for (std::int64_t i = 0; i < request.value; ++i) co_await yield();
    co_return Number{request.value};
  }
};

// Tells how many rollouts it has.
class FakeLedger final : public Actor {
 public:
  Task<void> start() override {
    note("waiting", "12");
    note("judged", "3");
    co_return;
  }
};

// Two generators, a trainer and a ledger. Turns of the pool "work" take 100 ms each.
struct ReporterBench {
  explicit ReporterBench(Reporter::Options options) {
    options.totals = totals;
    options.sinks = {std::make_shared<Kept>(events), std::make_shared<Kept>(events_too)};
    options.began = sim.clock().now();
    for (const char* name : {"generator/0", "generator/1"})
      sim.system().spawn<Worker>({.name = name, .kind = "generator", .pool = "work"});
    sim.system().spawn<Worker>({.name = "trainer", .kind = "trainer", .pool = "work"});
    sim.system().spawn<FakeLedger>({.name = "ledger", .kind = "ledger"});
    reporter = sim.system().spawn<Reporter>({.name = "reporter", .kind = "reporter"}, options);
    sim.run_for(1ms);
  }

  void report(const RunEvent& event) {
    REQUIRE(sim.system().send(reporter, Report{boost::json::serialize(event)}, 1s));
    sim.run_for(0ms);
  }

  // Has it compute for so many tenths of a second.
  void busy(const char* name, int tenths) {
    sim.on_turn([](const std::string& pool) { return pool == "work" ? Duration(100ms) : 0ms; });
    REQUIRE(sim.system().ask(*sim.system().find(name), Linger{tenths - 1}, 100s));
    sim.on_turn({});
  }

  std::vector<RunEvent> events;
  std::vector<RunEvent> events_too;
  std::shared_ptr<RunTotals> totals = std::make_shared<RunTotals>();
  SimSystem sim{{.seed = 1, .pools = {{"main", 1}, {"work", 1}}}};
  ActorRef reporter;
};

}  // namespace

TEST_CASE("the summary of a run that was stopped has the last evaluation there was") {
  RunTotals totals;
  totals.add(evaluation("before", 0, 0.1));
  CHECK(totals.summary()["heldout_after"].is_null());
  totals.add(evaluation("forced_thinking", 0, 0.7));
  totals.add(evaluation("during", 20, 0.3));
  totals.add(evaluation("during", 40, 0.5));
  CHECK(totals.summary()["heldout_after"] == 0.5);
  CHECK(totals.summary()["greedy_after"] == 0.25);
  CHECK(totals.summary()["heldout_after_step"] == 40.0);
  totals.add(evaluation("after", 60, 0.8));
  CHECK(totals.summary()["heldout_before"] == 0.1);
  CHECK(totals.summary()["greedy_before"] == 0.05);
  CHECK(totals.summary()["heldout_after"] == 0.8);
  CHECK(totals.summary()["greedy_after"] == 0.4);
  CHECK(totals.summary()["heldout_after_step"].is_null());
  CHECK(totals.summary()["heldout_forced_thinking"] == 0.7);
}

TEST_CASE("shares of nought are figures, what was not measured is null") {
  RunTotals totals;
  for (const char* key : {"heldout_before", "heldout_after", "heldout_after_step",
           "heldout_forced_thinking", "greedy_before", "greedy_after"})
    CHECK(totals.summary().at(key).is_null());
  totals.add(evaluation("before", 0, 0));
  totals.add(evaluation("during", 0, 0));
  for (const char* key :
      {"heldout_before", "heldout_after", "heldout_after_step", "greedy_before", "greedy_after"})
    CHECK(number(totals.summary(), key) == 0);
}

TEST_CASE("the summary counts steps and swaps, and means the shares over the time they are of") {
  RunTotals totals;
  auto event = step(1);
  event["rollouts"] = 10;
  event["spanning_rollouts"] = 2;
  event["lag_max"] = 3;
  event["log_prob_gap_max"] = 0.5;
  event["step_seconds"] = 1;
  event["generator_busy"] = 1.0;
  event["trainer_busy"] = 0.25;
  event["tokens_per_second"] = 100;
  event["seconds"] = 10;
  totals.add(event);
  totals.add(event);  // trained again after a crash: the same rollouts, but time of its own
  event["step"] = 2;
  event["lag_max"] = 1;
  event["log_prob_gap_max"] = 0.25;
  event["step_seconds"] = 2;
  event["generator_busy"] = 0.5;
  event["trainer_busy"] = 0.5;
  event["tokens_per_second"] = 200;
  event["seconds"] = 14;
  totals.add(event);
  totals.add(step(7, "warm_start"));
  for (int i = 0; i <= 100; ++i)
    totals.add({{"event", "swap"}, {"stall_us", (i * 37) % 101}, {"sequences_in_flight", i % 2}});
  totals.add({{"event", "alarm"}, {"seconds", 13}});  // an event that came late
  auto summary = totals.summary();
  CHECK(number(summary, "steps") == 2);
  CHECK(number(summary, "rollouts") == 20);
  CHECK(number(summary, "sequences_spanning_a_swap") == 4);
  CHECK(number(summary, "lag_max") == 3);
  CHECK(number(summary, "log_prob_gap_max") == 0.5);
  CHECK(number(summary, "reinforce_seconds") == 4);
  CHECK(number(summary, "generator_busy") == 0.75);
  CHECK(number(summary, "trainer_busy") == 0.375);
  CHECK(number(summary, "tokens_per_second") == 150);
  CHECK(number(summary, "swaps") == 101);
  CHECK(number(summary, "swaps_while_writing") == 50);
  CHECK(number(summary, "swap_stall_us_p50") == 50);
  CHECK(number(summary, "swap_stall_us_p99") == 99);
  CHECK(number(summary, "seconds") == 14);
}

TEST_CASE("a run without steps has a summary of noughts") {
  auto summary = RunTotals().summary();
  for (const char* key :
      {"steps", "rollouts", "swaps", "swaps_while_writing", "sequences_spanning_a_swap", "lag_max",
          "log_prob_gap_max", "generator_busy", "trainer_busy", "tokens_per_second",
          "reinforce_seconds", "swap_stall_us_p50", "swap_stall_us_p99", "seconds"})
    CHECK_MESSAGE(number(summary, key) == 0, key);
}

TEST_CASE("a step is told with the shares of its time, the throughput and the queues") {
  ReporterBench bench({.seconds_before = 100, .status_every = 1000s});
  auto& tokens = bench.sim.system().metrics().counter("tokens_generated");
  bench.report({{"event", "stage"}, {"stage", 1}, {"kind", "reinforce"}});
  auto began = bench.sim.clock().now();
  bench.busy("generator/0", 3);
  bench.busy("generator/1", 1);
  bench.busy("trainer", 1);
  bench.sim.run_for(began + 2s - bench.sim.clock().now());
  tokens.add(2000);
  bench.report(step(1));
  REQUIRE(bench.events.size() == 2);
  const RunEvent& event = bench.events[1];
  CHECK(number(event, "step_seconds") == doctest::Approx(2).epsilon(0.01));
  CHECK(number(event, "generator_busy") == doctest::Approx(0.1).epsilon(0.01));
  CHECK(number(event, "trainer_busy") == doctest::Approx(0.05).epsilon(0.01));
  CHECK(number(event, "tokens_per_second") == doctest::Approx(1000).epsilon(0.01));
  CHECK(event.at("queues") == boost::json::object{{"waiting", 12}, {"judged", 3}});
  CHECK(number(event, "seconds") == doctest::Approx(102).epsilon(0.001));
  CHECK(bench.events_too == bench.events);
  // The next step is measured from this one.
  bench.busy("generator/0", 5);
  bench.report(step(2));
  double took = number(bench.events[2], "step_seconds");
  CHECK(number(bench.events[2], "generator_busy") == doctest::Approx(0.25 / took).epsilon(0.01));
  CHECK(number(bench.events[2], "trainer_busy") == 0);
  CHECK(number(bench.events[2], "tokens_per_second") == 0);
  CHECK(number(bench.totals->summary(), "steps") == 2);
  bench.report(step(3, "warm_start"));
  CHECK_FALSE(bench.events[3].contains("queues"));
  CHECK_FALSE(bench.events[3].contains("generator_busy"));
}

TEST_CASE("actors of other processes count as those here do") {
  ActorStatus generator{.name = "generator/2", .kind = "generator", .pid = 77};
  ActorStatus ledger{.name = "ledger/1", .kind = "ledger", .notes = {{"finished", "7"}}};
  ReporterBench bench({.elsewhere =
                           [&] {
                             return std::vector{generator, ledger};
                           },
      .status_every = 1000s});
  bench.report({{"event", "stage"}, {"stage", 1}, {"kind", "reinforce"}});
  bench.sim.run_for(2s);
  generator.busy = 600ms;
  bench.report(step(1));
  const RunEvent& event = bench.events.at(1);
  CHECK(number(event, "generator_busy") == doctest::Approx(0.1).epsilon(0.01));  // of three
  CHECK(event.at("queues") == boost::json::object{{"waiting", 12}, {"judged", 3}, {"finished", 7}});
  bench.sim.run_for(1000s);
  const auto& actors = bench.events.back().at("actors").as_array();
  REQUIRE(actors.size() == 7);
  CHECK(actors[5].at("name") == "generator/2");
  CHECK(actors[5].at("pid") == 77);
}

TEST_CASE("alarms are told after what they follow from, and stand in the summary") {
  auto watch = std::make_shared<AlarmWatch>(AlarmBounds{}, 2);
  int asked = 0;
  ReporterBench bench({.alarms = watch,
      .room =
          [&asked] {
            ++asked;
            return RoomLeft{.disk_bytes = 1e12, .memory_bytes = 1e6};
          },
      .status_every = 200ms});
  auto gap = step(1);
  gap["log_prob_gap_max"] = 0.5;
  bench.report(gap);
  REQUIRE(bench.events.size() == 2);
  CHECK(bench.events[1].at("event") == "alarm");
  CHECK(bench.events[1].at("rule") == "gap");
  CHECK(bench.events[1].at("actor") == "trainer");
  CHECK(number(bench.events[1], "seconds") >= 0);
  CHECK(bench.events_too == bench.events);
  bench.sim.run_for(1s);  // a look at the machine's room
  CHECK(asked == 1);
  for (int i = 2; i < 8; ++i) bench.report(step(i));
  bench.sim.run_for(11s);
  auto alarms = bench.totals->summary().at("alarms").as_array();
  REQUIRE(alarms.size() == 2);
  CHECK(alarms[0].at("rule") == "memory_megabytes");
  CHECK(alarms[0].at("stands") == true);
  CHECK(alarms[1].at("rule") == "gap");
  CHECK(alarms[1].at("stands") == false);
  CHECK(alarms[1].at("times") == 1);
}

TEST_CASE("what the actors do is what alarms look at") {
  auto watch = std::make_shared<AlarmWatch>(AlarmBounds{.generator_idle = 5}, 2);
  ReporterBench bench({.alarms = watch, .status_every = 200ms});
  for (int i = 1; i < 5; ++i) bench.report(step(i));
  bench.events.clear();
  for (int i = 0; i < 20; ++i) {
    bench.busy("generator/0", 3);
    bench.sim.run_for(100ms);
  }
  std::vector<RunEvent> alarms;
  for (auto& event : bench.events)
    if (event.at("event") == "alarm") alarms.push_back(event);
  REQUIRE(alarms.size() == 1);
  CHECK(alarms[0].at("actor") == "generator/1");
  CHECK(std::string(alarms[0].at("text").as_string()).ends_with(": messages"));
}

TEST_CASE("now and then the state of every actor is told, and how far the run is") {
  ReporterBench bench({.status_every = 200ms});
  auto first = step(4);
  first["version"] = 4;
  first["loss"] = 1.5;
  bench.report(first);
  bench.sim.system().metrics().counter("tokens_generated").add(100);
  bench.sim.system().spawn<Clerk>({.name = "clerk", .kind = "clerk"});
  CHECK(bench.sim.system().try_send(*bench.sim.system().find("clerk"), Linger{10'000}));
  bench.events.clear();
  bench.sim.run_for(1s);
  REQUIRE(bench.events.size() == 5);
  const RunEvent& status = bench.events[0];
  CHECK(status.at("event").as_string() == "status");
  CHECK(number(status, "step") == 4);
  CHECK(number(status, "steps") == 9);
  CHECK(number(status, "version") == 4);
  CHECK_FALSE(status.contains("loss"));
  CHECK(number(status, "tokens_per_second") == doctest::Approx(500).epsilon(0.02));
  CHECK(number(bench.events[1], "tokens_per_second") == 0);
  CHECK(status.at("queues") == boost::json::object{{"waiting", 12}, {"judged", 3}});
  const auto& actors = bench.events[4].at("actors").as_array();
  REQUIRE(actors.size() == 6);
  for (const auto& value : actors) {
    const auto& row = value.as_object();
    bool lingers = row.at("name").as_string() == "clerk";
    bool reports = row.at("name").as_string() == "reporter";
    CHECK(row.at("state").as_string() == (lingers || reports ? "handling" : "idle"));
    CHECK(number(row, "restarts") == 0);
    CHECK(number(row, "mailbox") == 0);
    CHECK(number(row, "mailbox_limit") == 1024);
    if (!lingers) continue;
    CHECK(row.at("kind").as_string() == "clerk");
    CHECK(row.at("waiting_for").as_string() == "time to pass (to linger)");
    CHECK(number(row, "waiting_seconds") == doctest::Approx(1).epsilon(0.01));
  }
}

TEST_CASE("what a step does not tell counts as nought") {
  RunTotals totals;
  auto event = step(1);
  event["step_seconds"] = 2;
  totals.add(event);
  totals.add({{"event", "swap"}});
  auto summary = totals.summary();
  CHECK(number(summary, "reinforce_seconds") == 2);
  CHECK(number(summary, "swaps") == 1);
  for (const char* key : {"rollouts", "swaps_while_writing", "sequences_spanning_a_swap", "lag_max",
           "log_prob_gap_max", "generator_busy", "trainer_busy", "tokens_per_second",
           "swap_stall_us_p50", "swap_stall_us_p99", "seconds"})
    CHECK_MESSAGE(number(summary, key) == 0, key);
  totals.add(step(2));
  CHECK(number(totals.summary(), "reinforce_seconds") == 2);
}
