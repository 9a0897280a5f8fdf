#include "runtime/actor/system.h"

#include "runtime/actor/sim_system.h"
#include "runtime/base/log.h"
#include "runtime/base/metrics.h"
#include "tests/runtime/actors.h"

#include "tests/support/test.h"

using namespace tramontane;

namespace {

// Counts to a number, one step each; a Note sets it back.
class Stepper final : public Actor {
 public:
  explicit Stepper(std::shared_ptr<Diary> diary) : diary_(std::move(diary)) {
    handle(&Stepper::reset);
  }

  bool has_work() const override { return steps_ < 1000; }

  Task<void> work() override {
    diary_->values.push_back(++steps_);
    co_await sleep(1ms, "one token");
  }

 private:
  void reset(Note note) { steps_ = note.value; }

  std::shared_ptr<Diary> diary_;
  std::int64_t steps_ = 0;
};

}  // namespace

TEST_CASE("actors stop in the reverse order of their spawn, and mail still flows meanwhile") {
  auto diary = std::make_shared<Diary>();
  SimSystem sim({.seed = 1});
  for (int i = 0; i < 4; ++i) sim.system().spawn<Clerk>({.name = str("clerk/", i)}, diary);
  sim.run_for(1ms);
  diary->lines.clear();
  CHECK(sim.system().stop(10s));
  CHECK(diary->lines ==
        std::vector<std::string>{"stop clerk/3", "stop clerk/2", "stop clerk/1", "stop clerk/0"});
  CHECK_THROWS_AS(sim.system().spawn<Clerk>({.name = "late"}), Error);
}

TEST_CASE("a stop waits for the present message, and kills what does not end in time") {
  SimSystem sim({.seed = 1});
  auto quick = sim.system().spawn<Clerk>({.name = "quick"});
  auto slow = sim.system().spawn<Clerk>({.name = "slow"});
  CHECK(sim.system().try_send(quick, Linger{100}));
  CHECK(sim.system().try_send(slow, Linger{100'000}));
  sim.run_for(1ms);
  CHECK(!sim.system().stop(10s));
  auto records = sim.system().exit_records();
  REQUIRE(records.size() == 2);
  CHECK(records[0].name == "slow");
  CHECK(records[0].cause == ExitCause::killed);
  CHECK(records[0].text == "it did not stop in time");
  CHECK(records[1].cause == ExitCause::stopped);
}

TEST_CASE("a stop ends the wait of a work step at once") {
  auto diary = std::make_shared<Diary>();
  SimSystem sim({.seed = 1});

  struct Sleeper final : Actor {
    explicit Sleeper(std::shared_ptr<Diary> d) : diary(std::move(d)) {}

    bool has_work() const override { return true; }

    Task<void> work() override {
      diary->lines.push_back(co_await sleep(1h, "a long nap") ? "slept" : "woken");
    }

    std::shared_ptr<Diary> diary;
  };

  auto sleeper = sim.system().spawn<Sleeper>({.name = "sleeper"}, diary);
  sim.run_for(1s);
  Time begin = sim.clock().now();
  CHECK(sim.system().stop(sleeper, 10s));
  CHECK(sim.clock().now() == begin);
  CHECK(diary->lines == std::vector<std::string>{"woken"});
}

TEST_CASE("work goes on in steps, and mail comes between two of them") {
  auto diary = std::make_shared<Diary>();
  SimSystem sim({.seed = 1});
  auto stepper = sim.system().spawn<Stepper>({.name = "stepper"}, diary);
  CHECK(sim.run_until([&] { return diary->values.size() == 10; }, 1s));
  CHECK(sim.system().status(stepper)->state == ActorState::working);
  CHECK(sim.system().send(stepper, Note{500}, 1s));
  CHECK(sim.run_until([&] { return diary->values.size() == 12; }, 1s));
  CHECK(diary->values[10] == 501);
  CHECK(sim.run_until([&] { return diary->values.back() == 1000; }, 10s));
  sim.run_for(1s);
  CHECK(diary->values.back() == 1000);
  CHECK(sim.system().status(stepper)->state == ActorState::idle);
  CHECK(sim.system().status(stepper)->waiting_for == "messages");
}

TEST_CASE("names are unique, pools must exist, errors say what there is") {
  SimSystem sim({.seed = 1});
  sim.system().spawn<Clerk>({.name = "clerk"});
  CHECK_THROWS_WITH_AS(sim.system().spawn<Clerk>({.name = "clerk"}),
      "there is an actor called clerk already", Error);
  CHECK_THROWS_WITH_AS(sim.system().spawn<Clerk>({.name = "other", .pool = "gpu"}),
      "no pool is called gpu; there are: main", Error);
  CHECK(sim.system().find("clerk"));
  CHECK(!sim.system().find("nobody"));
}

TEST_CASE("a name is free again once its actor is gone") {
  SimSystem sim({.seed = 1});
  auto first = sim.system().spawn<Clerk>({.name = "clerk"});
  CHECK(sim.system().stop(first, 1s));
  auto second = sim.system().spawn<Clerk>({.name = "clerk"});
  CHECK(first.id() != second.id());
  CHECK(sim.system().ask(first, Add{1}, 1s).error().code == Errc::closed);
  CHECK(sim.system().ask(second, Add{1}, 1s).value().value == 1);
}

TEST_CASE("a job runs on its pool and gives its value or throws its exception") {
  Threads threads({{"main", 1}, {"storage", 1}});
  System& system = threads.system;
  std::atomic<int> seen = 0;
  std::atomic<bool> hopped = false;
  system.spawn<Script>({.name = "script"}, [&](Script& self) -> Task<void> {
    auto here = std::this_thread::get_id();
    Pool& storage = system.pool("storage");
    auto there = co_await run_on(storage, [] { return std::this_thread::get_id(); });
    hopped = there != here && std::this_thread::get_id() == here;
    try {
      co_await run_on(
          storage, [] { throw Error(Errc::io, "disk full"); }, "a write");
    } catch (const Error& error) {
      seen = error.errc() == Errc::io ? 1 : 2;
    }
    static_cast<void>(self);
  });
  CHECK(soon([&] { return seen != 0; }));
  CHECK(seen == 1);
  CHECK(hopped);
  CHECK(system.stop(5s));
}

TEST_CASE("thousands of actors flood each other on threads and all messages arrive") {
  constexpr int actors = 2000;
  constexpr int rounds = 5;
  std::atomic<int> done = 0;
  {
    Threads threads({{"main", 2}, {"more", 2}});
    System& system = threads.system;
    std::vector<ActorRef> clerks;
    for (int i = 0; i < actors; ++i) {
      clerks.push_back(
          system.spawn<Clerk>({.name = str("clerk/", i), .pool = i % 2 == 0 ? "main" : "more"}));
    }
    for (int i = 0; i < actors; ++i) {
      system.spawn<Script>({.name = str("script/", i), .pool = i % 3 == 0 ? "main" : "more"},
          [&, i](Script&) -> Task<void> {
            std::int64_t sum = 0;
            for (int r = 0; r < rounds; ++r) {
              auto to = clerks[static_cast<std::size_t>((i * 7 + r * 13) % actors)];
              sum += (co_await ask(to, Add{1}, 60s, "sum")).value().value;
            }
            if (sum >= rounds) ++done;
          });
    }
    CHECK(soon([&] { return done == actors; }));
    CHECK(system.actors().size() == 2 * actors);
    std::uint64_t handled = 0;
    for (const auto& status : system.actors()) handled += status.handled;
    CHECK(handled == actors * rounds);
    CHECK(system.stop(30s));
  }
  CHECK(done == actors);
}

TEST_CASE("threads that ask, look, kill and restart at once leave nothing behind") {
  Threads threads({{"main", 2}});
  System& system = threads.system;
  RestartPolicy always{.when = RestartPolicy::When::on_failure,
      .max_restarts = 1'000'000,
      .backoff = 0ms,
      .backoff_max = 0ms};
  auto clerk =
      system.spawn<Clerk>({.name = "clerk", .mailbox = {.messages = 3}, .restart = always});
  std::atomic<bool> stop = false;
  std::atomic<std::uint64_t> answered = 0;
  for (int i = 0; i < 6; ++i) {
    system.spawn<Script>({.name = str("asker/", i)}, [&](Script&) -> Task<void> {
      while (!stop) {
        auto answer = co_await ask(clerk, Add{1}, 60s, "sum");
        if (!answer) CHECK(answer.error().code != Errc::timeout);
        ++answered;
      }
    });
  }
  for (int i = 0; i < 200 || (answered <= 100 && i < 60'000); ++i) {
    system.kill(clerk);
    for (const auto& status : system.actors()) CHECK(!status.name.empty());
    std::this_thread::sleep_for(1ms);
  }
  stop = true;
  CHECK(system.stop(30s));
  CHECK(answered > 100);
}

TEST_CASE("metrics and notes of an actor are there for everybody") {
  SimSystem sim({.seed = 1});
  sim.system().spawn<Clerk>({.name = "clerk"});
  CHECK(sim.system().ask(*sim.system().find("clerk"), Linger{100}, 1s));
  std::string json = sim.system().metrics().json();
  CHECK(json.find("\"actor_handler_seconds{actor=clerk}\":{\"count\":1,\"mean\":0.1") !=
        std::string::npos);
}

TEST_CASE("an answer may come by a callback: a value, a failure, in time or late, once") {
  SimSystem sim({.seed = 1});
  auto clerk = sim.system().spawn<Clerk>({.name = "clerk", .mailbox = {.messages = 1}});
  std::vector<std::string> answers;
  auto keep = [&](const Answer<Number>& answer) {
    answers.push_back(answer ? str(answer->value) : answer.error().text);
  };
  sim.system().ask_later(clerk, Add{3}, 1s, keep);
  CHECK(answers.empty());
  sim.run_for(1ms);
  REQUIRE(answers == std::vector<std::string>{"3"});
  answers.clear();
  sim.system().ask_later(clerk, Linger{5000}, 1s, keep);
  sim.run_for(1ms);
  sim.system().ask_later(clerk, Add{4}, 500ms, keep);  // waits in the mailbox
  sim.system().ask_later(clerk, Add{4}, 100ms, keep);  // has no room there
  sim.run_for(60s);
  REQUIRE(answers.size() == 3);
  CHECK(answers[0].ends_with("had no room for Add: not delivered"));
  CHECK(answers[1].find("unknown") != std::string::npos);
  CHECK(answers[2].find("unknown") != std::string::npos);
  answers.clear();
  sim.system().ask_later(ActorRef(), Add{1}, 1s, keep);
  CHECK(answers.size() == 1);
  sim.system().ask_later(clerk, Linger{5000}, 60s, keep);
  sim.run_for(1ms);
  sim.system().kill(clerk);
  sim.run_for(1ms);
  REQUIRE(answers.size() == 2);
  CHECK(answers[1].find("killed") != std::string::npos);
  sim.system().ask_later(clerk, Add{1}, 1s, keep);
  CHECK(answers.size() == 3);
}

TEST_CASE("callbacks of many calls, from threads: each once, also where the system stops") {
  std::atomic<int> good = 0;
  std::atomic<int> bad = 0;
  {
    Threads threads({{"main", 2}});
    System& system = threads.system;
    auto clerk = system.spawn<Clerk>({.name = "clerk", .mailbox = {.messages = 8}});
    for (int i = 0; i < 2000; ++i)
      system.ask_later(clerk, Add{1}, i % 2 == 0 ? Duration(60s) : Duration(200us),
          [&](const Answer<Number>& answer) { ++(answer ? good : bad); });
    CHECK(soon([&] { return good > 0; }));
    system.stop(60s);
  }
  CHECK(good + bad == 2000);
}
