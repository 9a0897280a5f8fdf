#include "runtime/actor/sim_system.h"
#include "runtime/base/process_limits.h"
#include "tests/runtime/actors.h"

#include "tests/support/test.h"

using namespace tramontane;

namespace {

constexpr RestartPolicy twice = {.when = RestartPolicy::When::on_failure,
    .max_restarts = 2,
    .within = std::chrono::seconds(60),
    .backoff = std::chrono::milliseconds(100)};

// Throws, or waits for long, in one part of its life.
class Failing final : public Actor {
 public:
  enum class In : std::uint8_t { nothing, start, sleep, work, stop };

  explicit Failing(In where) : where_(where) {}

  Task<void> start() override {
    if (where_ == In::sleep) co_await sleep(1h, "to be woken");
    fail_in(In::start);
  }

  bool has_work() const override { return where_ == In::work; }

  Task<void> work() override {
    fail_in(In::work);
    co_return;
  }

  Task<void> stop() override {
    fail_in(In::stop);
    co_return;
  }

 private:
  void fail_in(In part) const {
    if (where_ == part) throw Error(Errc::failed, "as it was told");
  }

  const In where_;
};

}  // namespace

TEST_CASE("unread mail of an actor that fails goes back as undeliverable") {
  SimSystem sim({.seed = 1});
  auto clerk = sim.system().spawn<Clerk>({.name = "clerk"});
  CHECK(sim.system().try_send(clerk, Linger{100}));
  CHECK(sim.system().try_send(clerk, Explode{1}));
  std::vector<Errc> codes;
  for (int i = 0; i < 3; ++i) {
    sim.system().spawn<Script>({.name = str("asker/", i)}, [&](Script&) -> Task<void> {
      co_await sleep(10ms, "so that the clerk is busy");
      auto answer = co_await ask(clerk, Add{1}, 10s, "sum");
      codes.push_back(answer.error().code);
    });
  }
  CHECK(sim.run_until([&] { return codes.size() == 3; }, 1s));
  CHECK(codes == std::vector<Errc>(3, Errc::undeliverable));
  REQUIRE(sim.system().exit_records().size() == 1);
  CHECK(sim.system().exit_records()[0].unread == 3);
}

TEST_CASE("mail that waits for room goes back too when the actor is gone for good") {
  SimSystem sim({.seed = 1});
  auto clerk = sim.system().spawn<Clerk>({.name = "clerk", .mailbox = {.messages = 1}});
  CHECK(sim.system().try_send(clerk, Linger{100}));
  sim.run_for(1ms);
  std::vector<Errc> codes;
  for (int i = 0; i < 4; ++i) {
    sim.system().spawn<Script>({.name = str("asker/", i)}, [&, i](Script&) -> Task<void> {
      if (i % 2 == 0) {
        auto answer = co_await ask(clerk, Add{1}, 10s, "sum");
        codes.push_back(answer.error().code);
      } else {
        auto answer = co_await send(clerk, Note{1}, 10s, "room");
        codes.push_back(answer ? Errc::undeliverable : answer.error().code);
      }
    });
  }
  sim.run_for(10ms);
  CHECK(sim.kill("clerk"));
  CHECK(sim.run_until([&] { return codes.size() == 4; }, 1s));
  for (Errc code : codes) CHECK((code == Errc::undeliverable || code == Errc::closed));
}

TEST_CASE("a restarted actor keeps its address and begins a new incarnation") {
  auto diary = std::make_shared<Diary>();
  SimSystem sim({.seed = 1});
  auto clerk = sim.system().spawn<Clerk>({.name = "clerk", .restart = twice}, diary);
  CHECK(sim.system().ask(clerk, Add{5}, 1s));
  auto pinned = clerk.pinned();
  CHECK(pinned.incarnation() == 1);
  CHECK(sim.system().ask(clerk, Explode{1}, 1s).error().code == Errc::failed);
  CHECK(sim.system().status(clerk)->state == ActorState::restarting);
  // Mail sent in between waits for the next life, which knows nothing of the last.
  CHECK(sim.system().ask(clerk, Add{1}, 1s).value().value == 1);
  CHECK(sim.system().status(clerk)->incarnation == 2);
  CHECK(sim.system().status(clerk)->restarts == 1);
  auto stale = sim.system().ask(pinned, Add{1}, 1s);
  REQUIRE(!stale);
  CHECK(stale.error().code == Errc::stale);
  CHECK(diary->lines == std::vector<std::string>{"start clerk", "start clerk"});
}

TEST_CASE("more restarts than the policy allows escalate, and the pause doubles") {
  std::vector<ExitRecord> escalated;
  SimOptions options{.seed = 1};
  options.system.on_escalation = [&](const ExitRecord& record) { escalated.push_back(record); };
  SimSystem sim(options);
  auto clerk = sim.system().spawn<Clerk>({.name = "clerk", .restart = twice});
  std::vector<Duration> pauses;
  for (int i = 0; i < 2; ++i) {
    CHECK(sim.system().ask(clerk, Explode{i}, 1s).error().code == Errc::failed);
    Time failed = sim.clock().now();
    CHECK(sim.system().ask(clerk, Add{0}, 5s));
    pauses.push_back(sim.clock().now() - failed);
  }
  CHECK(pauses == std::vector<Duration>{100ms, 200ms});
  CHECK(escalated.empty());
  CHECK(sim.system().ask(clerk, Explode{2}, 1s).error().code == Errc::failed);
  REQUIRE(escalated.size() == 1);
  CHECK(escalated[0].text == "boom 2");
  CHECK(escalated[0].incarnation == 3);
  CHECK(!escalated[0].restarts);
  CHECK(!sim.system().find("clerk"));
  CHECK(sim.system().exit_records().size() == 3);
}

TEST_CASE("what failed of damaged bytes is not started again: the next life would read the same") {
  std::vector<ExitRecord> escalated;
  SimOptions options{.seed = 1};
  options.system.on_escalation = [&](const ExitRecord& record) { escalated.push_back(record); };
  SimSystem sim(options);
  int lives = 0;
  sim.system().spawn<Script>({.name = "reader", .restart = twice}, [&](Script&) -> Task<void> {
    ++lives;
    throw Error(Errc::corrupt, "table 7 is damaged");
    co_return;
  });
  sim.run_for(60s);
  CHECK(lives == 1);
  REQUIRE(escalated.size() == 1);
  CHECK(escalated[0].code == Errc::corrupt);
  CHECK(!escalated[0].restarts);
  CHECK(!sim.system().find("reader"));
}

TEST_CASE("what ran out of memory says so, and is started again") {
  SimSystem sim({.seed = 1});
  int lives = 0;
  sim.system().spawn<Script>({.name = "hoarder", .restart = twice}, [&](Script&) -> Task<void> {
    if (++lives == 1) throw std::bad_alloc();
    co_return;
  });
  sim.run_for(60s);
  CHECK(lives == 2);
  REQUIRE(!sim.system().exit_records().empty());
  ExitRecord record = sim.system().exit_records()[0];
  CHECK(record.code == Errc::io);
  CHECK(record.text == no_memory().text());
}

TEST_CASE("failures far apart do not add up") {
  SimSystem sim({.seed = 1});
  auto clerk = sim.system().spawn<Clerk>({.name = "clerk", .restart = twice});
  for (int i = 0; i < 6; ++i) {
    CHECK(sim.system().ask(clerk, Explode{i}, 1s).error().code == Errc::failed);
    sim.run_for(61s);
  }
  CHECK(sim.system().ask(clerk, Add{1}, 1s));
  CHECK(sim.system().status(clerk)->incarnation == 7);
}

TEST_CASE("a constructor or start() that throws is a failure like any other") {
  SimSystem sim({.seed = 1});
  int built = 0;
  auto factory = [&built]() -> std::unique_ptr<Actor> {
    if (++built < 3) throw Error(Errc::io, "no disk yet");
    return std::make_unique<Clerk>();
  };
  auto clerk = sim.system().spawn({.name = "clerk", .restart = twice}, Factory(factory));
  sim.run_for(1s);
  CHECK(sim.system().ask(clerk, Add{1}, 5s).value().value == 1);
  CHECK(built == 3);
  REQUIRE(sim.system().exit_records().size() == 2);
  CHECK(sim.system().exit_records()[0].text == "no disk yet");
  CHECK(sim.system().exit_records()[0].doing == "being built");
}

TEST_CASE("an exit record says what the actor was doing, and what it waited for") {
  using In = Failing::In;
  auto doing_in = [](In where, std::string_view kill = "") {
    SimSystem sim({.seed = 1});
    auto actor = sim.system().spawn<Failing>({.name = "failing"}, where);
    sim.run_for(1s);
    if (where == In::stop) sim.system().stop(actor, 1s);
    if (!kill.empty()) CHECK(sim.kill("failing", std::string(kill)));
    sim.run_for(1s);
    REQUIRE(sim.system().exit_records().size() == 1);
    return sim.system().exit_records()[0].doing;
  };
  CHECK(doing_in(In::start) == "start()");
  CHECK(doing_in(In::work) == "a work step");
  CHECK(doing_in(In::stop) == "stop()");
  CHECK(
      doing_in(In::sleep, "pulled the plug") == "start(), waiting for time to pass (to be woken)");
  CHECK(doing_in(In::nothing, "pulled the plug").empty());
}

TEST_CASE("a watcher hears of every end") {
  auto diary = std::make_shared<Diary>();
  SimSystem sim({.seed = 1});
  auto watcher = sim.system().spawn<Clerk>({.name = "watcher", .mailbox = {.messages = 1}}, diary);
  auto clerk = sim.system().spawn<Clerk>({.name = "clerk", .restart = twice});
  sim.system().watch(watcher, clerk);
  CHECK(!sim.system().ask(clerk, Explode{1}, 1s));
  sim.run_for(1s);
  CHECK(sim.kill("clerk", "pulled the plug"));
  sim.run_for(1s);
  CHECK(sim.system().stop(clerk, 1s));
  sim.run_for(1s);
  CHECK(diary->lines == std::vector<std::string>{"start watcher", "clerk failed boom 1 restarts",
                            "clerk killed pulled the plug restarts", "clerk stopped "});
  sim.system().watch(watcher, clerk);
  sim.run_for(1s);
  CHECK(diary->lines.back() == "clerk stopped it is not there any more");
}

TEST_CASE("the exit record keeps the last lines of the log") {
  SimSystem sim({.seed = 1});
  auto clerk = sim.system().spawn<Clerk>({.name = "clerk"});
  for (int i = 0; i < 50; ++i) CHECK(sim.system().try_send(clerk, Note{i}));
  CHECK(!sim.system().ask(clerk, Explode{1}, 1s));
  auto record = sim.system().exit_records().at(0);
  REQUIRE(record.last_lines.size() == 20);
  CHECK(record.last_lines.back() == "info: noted value=49");
  CHECK(record.handled == 50);
}

TEST_CASE("a kill ends what the actor waits for, without stop()") {
  auto diary = std::make_shared<Diary>();
  SimSystem sim({.seed = 1});
  auto clerk = sim.system().spawn<Clerk>({.name = "clerk"}, diary);
  Answer<Number> answer = Number{};
  sim.system().spawn<Script>({.name = "asker"}, [&](Script&) -> Task<void> {
    answer = co_await ask(clerk, Linger{60'000}, 1h, "a minute to pass");
  });
  sim.run_for(10ms);
  CHECK(sim.kill("clerk"));
  CHECK(sim.run_until([&] { return !answer; }, 1ms));
  CHECK(answer.error().code == Errc::failed);
  CHECK(diary->lines == std::vector<std::string>{"start clerk"});
  CHECK(sim.system().exit_records().at(0).cause == ExitCause::killed);
  CHECK(sim.system().exit_records().at(0).doing ==
        "handling Linger, waiting for time to pass (to linger)");
}

TEST_CASE("an actor killed in the midst of a job is destroyed only when the job is done") {
  Threads threads({{"main", 1}, {"slow", 1}});
  System& system = threads.system;

  struct Slow final : Actor {
    Slow(std::shared_ptr<Hold> h, std::shared_ptr<std::atomic<int>> s)
        : hold(std::move(h)), state(std::move(s)) {}

    ~Slow() override { *state = *state == 1 ? 2 : -1; }

    Task<void> start() override {
      co_await run_on(pool("slow"), [this] {
        hold->keep();
        *state = 1;
      });
    }

    std::shared_ptr<Hold> hold;
    std::shared_ptr<std::atomic<int>> state;
  };

  auto state = std::make_shared<std::atomic<int>>(0);
  auto hold = std::make_shared<Hold>();
  auto slow = system.spawn<Slow>({.name = "slow"}, hold, state);
  REQUIRE(soon([&] { return hold->begun.load(); }));
  CHECK(soon([&] { return system.status(slow)->waiting_for == "job on pool slow"; }));
  system.kill(slow);
  std::this_thread::sleep_for(20ms);  // time in which it could be destroyed too early
  CHECK(*state == 0);
  hold->let_go = true;
  CHECK(system.stop(slow, 60s));
  CHECK(*state == 2);
  CHECK(system.stop(5s));
}

TEST_CASE("an exit record says whose life it was, and how long") {
  SimSystem sim({.seed = 1});
  auto clerk = sim.system().spawn<Clerk>({.name = "clerk/3", .kind = "scribe", .restart = twice});
  for (int life = 1; life <= 2; ++life) {
    sim.run_for(5s);
    CHECK(!sim.system().ask(clerk, Explode{life}, 1s));
  }
  auto records = sim.system().exit_records();
  REQUIRE(records.size() == 2);
  for (const auto& record : records) {
    CHECK(record.actor == clerk.id());
    CHECK(record.name == "clerk/3");
    CHECK(record.kind == "scribe");
    CHECK(record.cause == ExitCause::failed);
    CHECK(record.doing == "handling Explode");
    CHECK(record.holding == "sum 0");
    CHECK(record.handled == 0);
  }
  CHECK(records[0].incarnation == 1);
  CHECK(records[0].lived == 5s);
  CHECK(records[1].incarnation == 2);
  CHECK(records[1].lived == 4900ms);
  CHECK(records[1].wall - records[0].wall == 5'000'000);
}

TEST_CASE("a handler's error code reaches whoever asked; one of others is a failure") {
  struct Declines final : Actor {
    Declines() { handle(&Declines::add); }

    Result<Number> add(Add add) {
      ++asked;
      if (add.value == 0) return make_error_code(Errc::full);
      return boost::system::errc::make_error_code(boost::system::errc::no_link);
    }

    int asked = 0;
  };

  SimSystem sim({.seed = 1});
  auto actor = sim.system().spawn<Declines>({.name = "declines"});
  auto full = sim.system().ask(actor, Add{0}, 1s);
  REQUIRE(!full);
  CHECK(full.error().code == Errc::full);
  auto other = sim.system().ask(actor, Add{1}, 1s);
  REQUIRE(!other);
  CHECK(other.error().code == Errc::failed);
  CHECK(other.error().text != "");
}
