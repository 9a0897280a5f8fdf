// The ledger's actor and the evaluator, in a simulated system and on threads.

#include "actors/evaluator/evaluator.h"
#include "actors/ledger/actor.h"
#include "actors/messages/codecs.h"
#include "runtime/actor/sim_system.h"
#include "runtime/base/check.h"
#include "storage/kv_store.h"
#include "tests/runtime/actors.h"
#include "tests/sim/fakes.h"
#include "tests/sim/sim_job.h"
#include "tests/support/faulty_store.h"

#include "tests/support/test.h"

namespace tramontane {
namespace {

using namespace std::chrono_literals;

struct LedgerBench {
  LedgerBench() {
    job.reinforce->ledger = {.group_size = 2, .batch = 4, .max_lag = 2};
    ledger = sim.system().spawn({.name = "ledger"}, [this] {
      return std::make_unique<LedgerActor>(
          faulty, [this](GroupId group) { return job.prompt_of(group); }, job.reinforce->ledger);
    });
  }

  template <class M>
  Answer<ReplyOf<M>> ask(M message) {
    return sim.system().ask(ledger, std::move(message), 1s);
  }

  Job job = sim_job(1);
  std::unique_ptr<KvStore> store = open_memory();
  FaultyStore faulty{*store, {}};
  SimSystem sim{{.seed = 1}};
  ActorRef ledger;
};

// Asks for finished rollouts once, and counts the nudges it gets.
class Waiter final : public Actor {
 public:
  Waiter(ActorRef ledger, int* nudges) : ledger_(std::move(ledger)), nudges_(nudges) {
    handle(&Waiter::nudge);
  }

  Task<void> start() override {
    LeaseFinished request{1};
    auto got = co_await ask(ledger_, give(request), 1s, "rollouts");
    note("got", std::to_string(got ? got->rollouts.size() : 0));
  }

 private:
  void nudge(Nudge) { ++*nudges_; }

  ActorRef ledger_;
  int* nudges_;
};

Segment segment_of(const RolloutTask& task, std::uint32_t begin, Finish finish) {
  return {task.lease, task.rollout.id, {begin, begin + 1, 0, 7, true}, {1}, {-1}, finish};
}

struct EvaluatorBench {
  EvaluatorBench() {
    job.model.ends.clear();  // a completion ends at its length
    job.generator.max_tokens = 30;
    arena->seal(3);
    link.sender->publish(arena);
  }

  Evaluate request() const { return {"after", 0, 3, 3, arena->fingerprint(), {}}; }

  Job job = sim_job(1);
  std::shared_ptr<Arena> arena =
      std::make_shared<Arena>(std::make_shared<const Manifest>(model_manifest(job.model)));
  WeightLink link = local_transport();
  std::shared_ptr<std::vector<RunEvent>> events = std::make_shared<std::vector<RunEvent>>();
};

}  // namespace

TEST_CASE("a version of a batch that was never sealed is refused, and the ledger goes on") {
  LedgerBench bench;
  auto trained = bench.ask(Trained{7, 1});
  REQUIRE(!trained);
  CHECK(trained.error().code == Errc::bad_input);
  CHECK(trained.error().text.find("step 7 cannot have been trained") != std::string::npos);
  auto checkpointed = bench.ask(Checkpointed{9});
  REQUIRE(!checkpointed);
  CHECK(checkpointed.error().code == Errc::bad_input);
  auto counts = bench.ask(AskCounts{});
  REQUIRE(counts);
  CHECK(counts->trained == 0);
  CHECK(counts->checkpointed == 0);
  CHECK(bench.sim.system().exit_records().empty());
}

TEST_CASE("who asks for a batch that is not there yet is told what is missing") {
  LedgerBench bench;
  bench.sim.system().spawn<Hoarder>({.name = "generator/0"}, bench.ledger, 1U);
  bench.sim.run_for(1ms);
  auto answer = bench.ask(TakeBatch{0});
  REQUIRE(answer);
  CHECK_FALSE(answer->batch);
  CHECK(answer->why_none.starts_with("4 of 4 completions missing: "));
  CHECK(answer->why_none.find("1 being written by generator/0") != std::string::npos);
}

TEST_CASE("who found no finished rollouts is nudged once there are some, and not before") {
  LedgerBench bench;
  int nudges = 0;
  auto waiter = bench.sim.system().spawn<Waiter>({.name = "verifier/0"}, bench.ledger, &nudges);
  bench.sim.run_for(10ms);
  CHECK(bench.sim.system().status(waiter)->notes.at("got") == "0");
  auto tasks = bench.ask(LeaseTasks{2})->tasks;
  REQUIRE(tasks.size() == 2);
  auto append = [&](std::vector<Segment> segments) {
    REQUIRE(bench.ask(Append{std::move(segments), {}}));
    bench.sim.run_for(10ms);
  };
  append({});
  append({segment_of(tasks[0], 0, Finish::running)});
  CHECK(nudges == 0);
  append({segment_of(tasks[0], 1, Finish::stop), segment_of(tasks[1], 0, Finish::running)});
  CHECK(nudges == 1);
  append({segment_of(tasks[1], 1, Finish::stop)});  // it has heard, and not asked again
  CHECK(nudges == 1);
}

TEST_CASE("what the ledger has taken is on disk soon after, and nothing is synced for nothing") {
  LedgerBench bench;
  bench.sim.run_for(1s);
  auto before = bench.faulty.syncs();
  bench.sim.run_for(1s);
  CHECK(bench.faulty.syncs() == before);
  auto synced_within = [&](Duration time) {
    auto at = bench.faulty.syncs();
    bench.sim.run_for(time);
    return bench.faulty.syncs() - at;
  };
  auto tasks = bench.ask(LeaseTasks{2})->tasks;  // which issues a group
  REQUIRE(tasks.size() == 2);
  CHECK(synced_within(150ms) == 1);
  CHECK(synced_within(1s) == 0);
  std::vector<Segment> segments = {segment_of(tasks[0], 0, Finish::stop)};
  REQUIRE(bench.ask(Append{segments, {}}));
  CHECK(synced_within(150ms) == 1);
  CHECK(synced_within(1s) == 0);
  auto finished = bench.ask(LeaseFinished{1})->rollouts;
  REQUIRE(finished.size() == 1);
  Verdict verdict;
  verdict.score = 1;
  REQUIRE(bench.ask(Judge{{{finished[0].lease, verdict}}}));
  CHECK(synced_within(150ms) == 1);
  CHECK(synced_within(1s) == 0);
  REQUIRE(bench.ask(Append{{}, {tasks[1].lease}}));  // only says that it lives
  CHECK(synced_within(1s) == 0);
}

TEST_CASE("what a ledger has taken is on disk when it has stopped") {
  LedgerBench bench;
  bench.sim.run_for(1s);
  auto tasks = bench.ask(LeaseTasks{1})->tasks;
  REQUIRE(tasks.size() == 1);
  std::vector<Segment> segments = {segment_of(tasks[0], 0, Finish::stop)};
  REQUIRE(bench.ask(Append{segments, {}}));
  auto before = bench.faulty.syncs();
  CHECK(bench.sim.system().stop(bench.ledger, 1s));
  CHECK(bench.faulty.syncs() == before + 1);
}

TEST_CASE("the leases of a holder that dies again and again go back once for each death") {
  LedgerBench bench;
  RestartPolicy often{.when = RestartPolicy::When::on_failure, .max_restarts = 10, .backoff = 5ms};
  bench.sim.system().spawn<Hoarder>({.name = "holder", .restart = often}, bench.ledger, 4U);
  for (int life = 1; life <= 4; ++life) {
    bench.sim.run_for(10s);
    CHECK(bench.ask(AskCounts{})->rollouts_leased == 4);
    auto before = bench.sim.system().status(bench.ledger)->handled;
    bench.sim.kill("holder");
    bench.sim.run_for(1ms);
    CHECK(bench.sim.system().status(bench.ledger)->handled == before + 1);  // one notice
    CHECK(bench.ask(AskCounts{})->rollouts_leased == 0);
  }
}

TEST_CASE("an evaluator answers, and leaves off when it is to stop") {
  EvaluatorBench bench;
  Threads threads({{"main", 1}, {"evaluate", 1}});
  System& system = threads.system;
  ActorRef reporter = system.spawn<FakeReporter>({.name = "reporter"}, bench.events);
  ActorRef evaluator = system.spawn({.name = "evaluator", .pool = "evaluate"},
      [&] { return std::make_unique<Evaluator>(bench.job, bench.link, reporter); });
  SUBCASE("to its end") {
    auto result = system.ask(evaluator, bench.request(), 60s);
    REQUIRE(result);
    CHECK(soon([&] { return system.status(reporter)->handled == 1; }));
    CHECK(system.stop(60s));
    CHECK(bench.events->size() == 1);
  }
  SUBCASE("in the middle") {
    // So many that it would take minutes.
    std::vector<Problem> few = bench.job.heldout;
    REQUIRE(!few.empty());
    while (bench.job.heldout.size() < 300'000)
      bench.job.heldout.insert(bench.job.heldout.end(), few.begin(), few.end());
    Errc code = Errc::failed;
    std::thread asker([&] { code = system.ask(evaluator, bench.request(), 60s).error().code; });
    CHECK(soon([&] { return !system.status(evaluator)->notes["doing"].empty(); }));
    CHECK(system.stop(60s));
    asker.join();
    CHECK(code == Errc::cancelled);
    CHECK(bench.events->empty());
  }
}

TEST_CASE("a weight link gives each of its users a receiver of its own") {
  EvaluatorBench bench;
  auto first = bench.link.receiver(bench.arena->shared_manifest());
  auto second = bench.link.receiver(bench.arena->shared_manifest());
  CHECK(first != second);
  CHECK(first->fetch(3, bench.arena->fingerprint(), {}) == bench.arena);
  CHECK(second->fetch(3, bench.arena->fingerprint(), {}) == bench.arena);
  CHECK_THROWS_AS(second->fetch(3, bench.arena->fingerprint() ^ 1, {}), Error);
  CHECK_THROWS_AS(first->fetch(4, 0, {}), Error);
}

}  // namespace tramontane
