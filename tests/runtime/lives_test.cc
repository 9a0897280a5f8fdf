// What may happen to an actor between and at the ends of its lives.
#include "runtime/actor/sim_system.h"
#include "runtime/base/log.h"
#include "runtime/base/metrics.h"
#include "tests/runtime/actors.h"

#include "tests/support/test.h"

using namespace tramontane;

namespace {

constexpr RestartPolicy often = {.when = RestartPolicy::When::on_failure,
    .max_restarts = 5,
    .within = std::chrono::seconds(60),
    .backoff = std::chrono::milliseconds(100)};

// Has a job on a pool for as long as the test holds it.
class HasJob final : public Actor {
 public:
  explicit HasJob(std::shared_ptr<Hold> hold) : hold_(std::move(hold)) {}

  Task<void> start() override {
    co_await run_on(pool("slow"), [this] { hold_->keep(); });
  }

 private:
  std::shared_ptr<Hold> hold_;
};

// Computes in one handler until it is to stop.
class Computes final : public Actor {
 public:
  explicit Computes(std::shared_ptr<Diary> diary) : diary_(std::move(diary)) {
    handle(&Computes::linger);
  }

 private:
  Task<Answer<Number>> linger(Linger request) {
    for (std::int64_t i = 0; i < request.value; ++i) {
      co_await yield();
      if (!stop_wanted()) continue;
      diary_->lines.push_back("left off");
      co_return Failure{Errc::cancelled, "it is being stopped"};
    }
    co_return Number{request.value};
  }

  std::shared_ptr<Diary> diary_;
};

std::string json_of(System& system) {
  return system.metrics().json();
}

}  // namespace

TEST_CASE("an actor that is stopped while it ends with a job out is not started again") {
  Threads threads({{"main", 1}, {"slow", 1}});
  System& system = threads.system;
  auto hold = std::make_shared<Hold>();
  auto actor = system.spawn<HasJob>({.name = "actor", .restart = often}, hold);
  REQUIRE(soon([&] { return hold->begun.load(); }));
  system.kill(actor, "boom");
  REQUIRE(soon([&] { return system.status(actor)->state == ActorState::ending; }));
  CHECK(!system.stop(actor, 20ms));  // the order is in
  hold->let_go = true;
  CHECK(system.stop(60s));
  auto records = system.exit_records();
  REQUIRE(records.size() == 1);
  CHECK(records[0].text == "boom");
  CHECK(!records[0].restarts);
  CHECK(!records[0].escalated);
}

TEST_CASE("one life has one exit record, and a kill between two lives spends no restart") {
  auto diary = std::make_shared<Diary>();
  SimSystem sim({.seed = 1});
  auto watcher = sim.system().spawn<Clerk>({.name = "watcher"}, diary);
  auto clerk = sim.system().spawn<Clerk>({.name = "clerk", .restart = often});
  sim.system().watch(watcher, clerk);
  CHECK(!sim.system().ask(clerk, Explode{1}, 1s));
  REQUIRE(sim.system().status(clerk)->state == ActorState::restarting);
  sim.system().kill(clerk);
  sim.system().kill(clerk);
  sim.run_for(10ms);
  CHECK(sim.system().exit_records().size() == 1);
  sim.run_for(1s);
  CHECK(sim.system().status(clerk)->incarnation == 2);
  CHECK(sim.system().status(clerk)->restarts == 1);

  CHECK(!sim.system().ask(clerk, Explode{2}, 1s));
  REQUIRE(sim.system().status(clerk)->state == ActorState::restarting);
  CHECK(sim.system().stop(clerk, 1s));
  CHECK(sim.system().exit_records().size() == 2);
  sim.run_for(1s);
  CHECK(diary->lines == std::vector<std::string>{"start watcher", "clerk failed boom 1 restarts",
                            "clerk failed boom 2 restarts",
                            "clerk stopped stopped before its restart"});
  CHECK(sim.system().ask(clerk, Add{1}, 1s).error().code == Errc::closed);
  CHECK(!sim.system().find("clerk"));
}

TEST_CASE("an actor killed before its first turn has lived and was killed") {
  SimSystem sim({.seed = 1});
  auto clerk = sim.system().spawn<Clerk>({.name = "clerk", .restart = often});
  sim.system().kill(clerk, "at once");
  sim.run_for(1s);
  REQUIRE(sim.system().exit_records().size() == 1);
  CHECK(sim.system().exit_records()[0].incarnation == 1);
  CHECK(sim.system().status(clerk)->incarnation == 2);
}

TEST_CASE("whoever watches twice, or again after each death, hears of an end once") {
  auto diary = std::make_shared<Diary>();
  SimSystem sim({.seed = 1});
  auto watcher = sim.system().spawn<Clerk>({.name = "watcher"}, diary);
  auto clerk = sim.system().spawn<Clerk>({.name = "clerk", .restart = often});
  for (int life = 1; life <= 3; ++life) {
    sim.system().watch(watcher, clerk);
    sim.system().watch(watcher, clerk);
    sim.run_for(1ms);
    diary->lines.clear();
    CHECK(!sim.system().ask(clerk, Explode{life}, 1s));
    sim.run_for(1s);
    CHECK(diary->lines == std::vector<std::string>{str("clerk failed boom ", life, " restarts")});
  }
}

TEST_CASE("the time spent waiting for an answer is idle, whether it comes or fails") {
  SimSystem sim({.seed = 1});
  auto clerk = sim.system().spawn<Clerk>({.name = "clerk", .restart = often});
  bool done = false;
  sim.system().spawn<Script>({.name = "asker"}, [&](Script&) -> Task<void> {
    CHECK(co_await send(clerk, Linger{500}, 1s, "room"));
    CHECK(!co_await ask(clerk, Add{1}, 10s, "an answer that goes back unread"));
    CHECK(!co_await ask(clerk, Explode{1}, 10s, "an answer that fails"));
    CHECK(!co_await ask(clerk, Linger{60'000}, 300ms, "an answer that is late"));
    done = true;
  });
  sim.run_for(400ms);
  CHECK(sim.kill("clerk"));
  REQUIRE(sim.run_until([&] { return done; }, 10s));
  CHECK(sim.system().status(*sim.system().find("asker"))->busy == 0s);
}

TEST_CASE("waits that overlap are idle from the first's beginning to the last's end") {
  SimSystem sim({.seed = 1});
  sim.system().spawn<Script>({.name = "script"}, [&](Script&) -> Task<void> {
    auto nap = [](Duration wait) -> Task<int> { co_return co_await sleep(wait, "a nap") ? 1 : 0; };
    std::vector<Task<int>> parts;
    for (int i = 1; i <= 3; ++i) parts.push_back(nap(i * 100ms));
    co_await all(std::move(parts));
  });
  sim.run_for(1s);
  CHECK(sim.system().status(*sim.system().find("script"))->busy == 0s);
}

TEST_CASE("one-way mail that nobody handles is counted, and its name logged once") {
  SimSystem sim({.seed = 1});
  auto script =
      sim.system().spawn<Script>({.name = "script"}, [](Script&) -> Task<void> { co_return; });
  for (int i = 0; i < 3; ++i) CHECK(sim.system().send(script, Note{i}, 1s));
  sim.run_for(1s);
  CHECK(sim.system().status(script)->unhandled == 3);
  CHECK(
      json_of(sim.system()).find("\"actor_unhandled_total{actor=script}\":3") != std::string::npos);
  sim.kill("script");
  sim.run_for(1s);
  auto record = sim.system().exit_records().at(0);
  CHECK(record.last_lines == std::vector<std::string>{"script (script) has no handler for Note"});
}

TEST_CASE("what is known of an actor that is gone for good takes no memory") {
  SimSystem sim({.seed = 1});
  std::string before = json_of(sim.system());
  for (int i = 0; i < 100; ++i) {
    auto clerk = sim.system().spawn<Clerk>({.name = str("clerk/", i)});
    CHECK(sim.system().ask(clerk, Add{1}, 1s));
    CHECK(sim.system().send(clerk, Number{1}, 1s));  // which it does not handle
    sim.run_for(1ms);
    CHECK(sim.system().status(clerk)->unhandled == 1);
    if (i % 2 == 0) sim.kill(clerk.name());
    CHECK(sim.system().stop(clerk, 1s));
  }
  CHECK(json_of(sim.system()) == before);
}

// Its factory's references and its watchers' would otherwise hold each other for ever.
TEST_CASE("what an actor that is gone for good held is let go, whoever still refers to it") {
  std::weak_ptr<Route> watched;
  std::weak_ptr<Route> watching;
  auto given = std::make_shared<Diary>();
  {
    SimSystem sim({.seed = 1});
    ActorRef clerk = sim.system().spawn<Clerk>({.name = "clerk"}, given);
    ActorRef watcher =
        sim.system().spawn({.name = "watcher"}, [clerk] { return std::make_unique<Clerk>(); });
    sim.system().watch(watcher, clerk);
    watched = clerk.route();
    watching = watcher.route();
    sim.run_for(1ms);
    CHECK(given.use_count() > 1);
    CHECK(sim.system().stop(clerk, 1s));
    CHECK(given.use_count() == 1);
    CHECK(!watched.expired());
  }
  CHECK(watched.expired());
  CHECK(watching.expired());
}

TEST_CASE("an actor that computes takes nobody else's time to stop") {
  auto diary = std::make_shared<Diary>();
  Threads threads({{"main", 1}, {"slow", 1}});
  System& system = threads.system;
  auto first = system.spawn<Clerk>({.name = "first"}, diary);
  CHECK(system.ask(first, Add{1}, 60s));
  auto hold = std::make_shared<Hold>();

  struct Stuck final : Actor {
    explicit Stuck(std::shared_ptr<Hold> h) : hold(std::move(h)) { handle(&Stuck::add); }

    Number add(Add add) {
      hold->keep();
      return {add.value};
    }

    std::shared_ptr<Hold> hold;
  };

  auto stuck = system.spawn<Stuck>({.name = "stuck", .pool = "slow"}, hold);
  CHECK(system.try_send(stuck, Add{1}));
  REQUIRE(soon([&] { return hold->begun.load(); }));
  std::thread stopper([&] { CHECK(!system.stop(200ms)); });
  // The other has its stop() although the first to be stopped never ends.
  CHECK(soon([&] { return !system.find("first"); }));
  CHECK(system.find("stuck"));
  hold->let_go = true;
  stopper.join();
  CHECK(diary->lines == std::vector<std::string>{"start first", "stop first"});
}

TEST_CASE("a handler that computes in steps leaves off when it is to stop") {
  auto diary = std::make_shared<Diary>();
  Threads threads({{"main", 1}});
  auto actor = threads.system.spawn<Computes>({.name = "computes"}, diary);
  CHECK(threads.system.ask(actor, Linger{1000}, 60s).value().value == 1000);
  CHECK(threads.system.try_send(actor, Linger{1'000'000'000'000}));
  REQUIRE(soon([&] { return threads.system.status(actor)->state == ActorState::handling; }));
  CHECK(threads.system.stop(60s));
  CHECK(diary->lines == std::vector<std::string>{"left off"});
}

TEST_CASE("a timer that is cancelled does not come, also when it was due already") {
  SimSystem sim({.seed = 1});

  struct Ticker final : Actor {
    explicit Ticker(std::shared_ptr<Diary> d) : diary(std::move(d)) {
      handle(&Ticker::note);
      handle(&Ticker::linger);
    }

    Task<void> start() override {
      after(10ms, Note{1});
      late = after(20ms, Note{2});
      due = after(30ms, Note{3});
      after(40ms, Note{4});
      diary->lines.push_back(cancel(late) && !cancel(late) ? "cancelled" : "?");
      after(25ms, Linger{50});
      co_return;
    }

    void note(Note note) { diary->values.push_back(note.value); }

    Task<Number> linger(Linger request) {
      co_await sleep(std::chrono::milliseconds(request.value), "the other to be due");
      diary->lines.push_back(cancel(due) ? "cancelled" : "too late");
      co_return Number{0};
    }

    std::shared_ptr<Diary> diary;
    Timer late = 0;
    Timer due = 0;
  };

  auto diary = std::make_shared<Diary>();
  sim.system().spawn<Ticker>({.name = "ticker"}, diary);
  sim.run_for(1s);
  CHECK(diary->values == std::vector<std::int64_t>{1, 4});
  CHECK(diary->lines == std::vector<std::string>{"cancelled", "cancelled"});
  // The last was due while the actor lingered, and waited for no more than that.
  auto waited =
      sim.system().metrics().histogram("actor_mailbox_seconds", {{"actor", "ticker"}}).snapshot();
  CHECK(waited.count == 3);
  CHECK(waited.max == doctest::Approx(0.035));
}

TEST_CASE("a system that nobody stopped stops by itself") {
  auto diary = std::make_shared<Diary>();
  {
    Threads threads({{"main", 1}});
    auto clerk = threads.system.spawn<Clerk>({.name = "clerk"}, diary);
    CHECK(threads.system.ask(clerk, Add{1}, 60s));
  }
  CHECK(diary->lines == std::vector<std::string>{"start clerk", "stop clerk"});
}

TEST_CASE("a killed actor does not go on behind the job that it waited for") {
  Threads threads({{"main", 1}, {"slow", 1}});
  System& system = threads.system;
  auto hold = std::make_shared<Hold>();
  auto diary = std::make_shared<Diary>();

  struct GoesOn final : Actor {
    GoesOn(std::shared_ptr<Hold> h, std::shared_ptr<Diary> d)
        : hold(std::move(h)), diary(std::move(d)) {}

    Task<void> start() override {
      co_await run_on(pool("slow"), [this] { hold->keep(); });
      diary->lines.push_back("went on");
    }

    std::shared_ptr<Hold> hold;
    std::shared_ptr<Diary> diary;
  };

  auto actor = system.spawn<GoesOn>({.name = "goes on"}, hold, diary);
  REQUIRE(soon([&] { return hold->begun.load(); }));
  system.kill(actor);
  REQUIRE(soon([&] { return system.status(actor)->state == ActorState::ending; }));
  hold->let_go = true;
  CHECK(system.stop(60s));
  CHECK(diary->lines.empty());
}

TEST_CASE("nothing is spawned any more while the others are being stopped") {
  struct LastWill final : Actor {
    explicit LastWill(std::shared_ptr<Diary> d) : diary(std::move(d)) {}

    Task<void> stop() override {
      try {
        system().spawn<Clerk>({.name = "heir"});
      } catch (const Error& error) {
        diary->lines.push_back(error.text());
      }
      co_return;
    }

    std::shared_ptr<Diary> diary;
  };

  auto diary = std::make_shared<Diary>();
  SimSystem sim({.seed = 1});
  sim.system().spawn<LastWill>({.name = "last will"}, diary);
  sim.run_for(1ms);
  CHECK(sim.system().stop(1s));
  CHECK(diary->lines == std::vector<std::string>{"the system is stopping: no heir"});
}
