#include "runtime/actor/sim_system.h"
#include "tests/runtime/actors.h"

#include "tests/support/test.h"

using namespace tramontane;

TEST_CASE("an ask ends at its deadline while the target is stuck, and says what is unknown") {
  SimSystem sim({.seed = 1});
  auto clerk = sim.system().spawn<Clerk>({.name = "clerk"});
  Answer<Number> answer = Number{};
  Duration took{};
  sim.system().spawn<Script>({.name = "asker"}, [&](Script& self) -> Task<void> {
    Time begin = self.now();
    answer = co_await ask(clerk, Linger{60'000}, 250ms, "a number");
    took = self.now() - begin;
  });
  sim.run_for(100ms);
  auto asker = sim.system().status(*sim.system().find("asker")).value();
  CHECK(asker.waiting_for == "reply of clerk to Linger (a number)");
  CHECK(asker.deadline - asker.waiting_since == 250ms);
  CHECK(sim.run_until([&] { return !answer; }, 10s));
  CHECK(took == 250ms);
  CHECK(answer.error().code == Errc::timeout);
  CHECK(answer.error().text ==
        "no reply from clerk to Linger within 0.25 s: whether it was done is unknown");
  // The late reply finds nobody and harms nothing.
  sim.run_for(120s);
  CHECK(sim.system().ask(clerk, Add{1}, 1s).value().value == 1);
}

TEST_CASE("a message whose caller has given up is not handled") {
  SimSystem sim({.seed = 1});
  auto clerk = sim.system().spawn<Clerk>({.name = "clerk"});
  CHECK(sim.system().try_send(clerk, Linger{1000}));
  CHECK(sim.system().ask(clerk, Add{5}, 100ms).error().code == Errc::timeout);
  sim.run_for(2s);
  CHECK(sim.system().ask(clerk, Add{1}, 1s).value().value == 1);
}

TEST_CASE("a stuck thread does not keep others from their deadlines") {
  Threads threads({{"main", 1}, {"train", 1}});
  System& system = threads.system;

  // Holds its thread until the test lets go.
  struct Stuck final : Actor {
    explicit Stuck(std::shared_ptr<Hold> h) : hold(std::move(h)) { handle(&Stuck::add); }

    Number add(Add add) {
      hold->keep();
      return {add.value};
    }

    std::shared_ptr<Hold> hold;
  };

  auto hold = std::make_shared<Hold>();
  auto stuck = system.spawn<Stuck>({.name = "stuck", .pool = "train"}, hold);
  CHECK(system.try_send(stuck, Add{1}));
  REQUIRE(soon([&] { return hold->begun.load(); }));
  std::atomic<int> code = 0;
  system.spawn<Script>({.name = "asker"}, [&](Script&) -> Task<void> {
    code = static_cast<int>((co_await ask(stuck, Add{2}, 50ms, "sum")).error().code);
  });
  CHECK(soon([&] { return code != 0; }));
  CHECK(code == static_cast<int>(Errc::timeout));
  auto status = system.status(stuck).value();
  CHECK(status.state == ActorState::handling);
  CHECK(status.last_handler == "Add");
  CHECK(status.waiting_for.empty());
  CHECK(status.busy > 0s);
  hold->let_go = true;
  CHECK(system.stop(60s));
}

TEST_CASE("an ask to nobody, to another kind, or with bytes that make no sense is answered") {
  SimSystem sim({.seed = 1});
  CHECK(sim.system().ask(ActorRef(), Add{1}, 1s).error().code == Errc::undeliverable);
  auto script =
      sim.system().spawn<Script>({.name = "script"}, [](Script&) -> Task<void> { co_return; });
  auto answer = sim.system().ask(script, Add{1}, 1s);
  REQUIRE(!answer);
  CHECK(answer.error().code == Errc::unsupported);
  CHECK(answer.error().text == "script (script) has no handler for Add");
  CHECK(sim.system().status(script)->state == ActorState::idle);
}

TEST_CASE("timers to oneself come in order and take no room") {
  SimSystem sim({.seed = 1});

  struct Ticker final : Actor {
    explicit Ticker(std::shared_ptr<Diary> d) : diary(std::move(d)) { handle(&Ticker::tick); }

    Task<void> start() override {
      after(30ms, Note{3});
      after(10ms, Note{1});
      after(20ms, Note{2});
      co_return;
    }

    void tick(Note note) {
      diary->values.push_back(note.value);
      diary->lines.push_back(std::to_string(micros(now())));
    }

    std::shared_ptr<Diary> diary;
  };

  auto diary = std::make_shared<Diary>();
  Micros begin = micros(sim.clock().now());
  sim.system().spawn<Ticker>({.name = "ticker", .mailbox = {.messages = 1}}, diary);
  sim.run_for(1s);
  CHECK(diary->values == std::vector<std::int64_t>{1, 2, 3});
  CHECK(diary->lines.back() == std::to_string(begin + 30'000));
}

TEST_CASE("many deadlines of one actor each come at their time") {
  SimSystem sim({.seed = 1});
  auto clerk = sim.system().spawn<Clerk>({.name = "clerk"});
  CHECK(sim.system().try_send(clerk, Linger{100'000}));
  std::vector<Micros> took;
  sim.system().spawn<Script>({.name = "asker"}, [&](Script& self) -> Task<void> {
    for (int wait : {500, 100, 300, 50, 1000}) {
      Time begin = self.now();
      auto late = co_await ask(clerk, Add{1}, std::chrono::milliseconds(wait), "sum");
      CHECK(late.error().code == Errc::timeout);
      took.push_back(micros(self.now() - begin) / 1000);
    }
  });
  sim.run_for(10s);
  CHECK(took == std::vector<Micros>{500, 100, 300, 50, 1000});
}
