#include "runtime/actor/sim_system.h"
#include "tests/runtime/actors.h"

#include <set>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

// Five askers and a clerk under faults; gives the run's fingerprint and how the asks ended.
struct Outcome {
  std::uint64_t fingerprint = 0;
  int answered = 0;
  int timed_out = 0;
  std::uint64_t handled = 0;
  std::vector<std::string> trace;
};

Outcome run_faulty(std::uint64_t seed) {
  SimSystem sim({.seed = seed, .keep_trace = true});
  Random faults(seed, 99);
  sim.on_message([&](const Passage& passage) -> Fate {
    if (passage.source == "outside" || passage.target == "outside") return Fate::deliver();
    switch (faults.below(10)) {
      case 0:
        return Fate::drop();
      case 1:
        return Fate::duplicate();
      case 2:
        return Fate::duplicate(3ms);
      case 3:
      case 4:
        return Fate::after(std::chrono::milliseconds(faults.below(20)));
      default:
        return Fate::deliver();
    }
  });
  Outcome outcome;
  auto clerk = sim.system().spawn<Clerk>({.name = "clerk"});
  int ended = 0;
  for (int i = 0; i < 5; ++i) {
    sim.system().spawn<Script>({.name = str("asker/", i)}, [&](Script&) -> Task<void> {
      for (int r = 0; r < 20; ++r) {
        auto answer = co_await ask(clerk, Add{1}, 50ms, "sum");
        ++(answer ? outcome.answered : outcome.timed_out);
      }
      ++ended;
    });
  }
  CHECK(sim.run_until([&] { return ended == 5; }, 600s));
  outcome.handled = sim.system().status(clerk)->handled;
  outcome.fingerprint = sim.fingerprint();
  outcome.trace = sim.trace();
  return outcome;
}

}  // namespace

TEST_CASE("a simulation that comes to its limit says whether what was awaited is so") {
  SimSystem sim({.seed = 1});
  for (Duration limit : {Duration(1s), Duration(1234ms)})
    CHECK_FALSE(sim.run_until([] { return false; }, limit));
  CHECK(sim.run_until([] { return true; }, 1s));
}

TEST_CASE("the same seed gives the same events, another seed others") {
  std::set<std::uint64_t> fingerprints;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    Outcome first = run_faulty(seed);
    Outcome second = run_faulty(seed);
    CHECK(first.fingerprint == second.fingerprint);
    CHECK(first.trace == second.trace);
    CHECK(first.answered + first.timed_out == 100);
    CHECK(first.timed_out > 0);
    CHECK(first.answered > 50);
    fingerprints.insert(first.fingerprint);
  }
  CHECK(fingerprints.size() == 10);
}

TEST_CASE("a dropped request is never handled, a dropped reply was") {
  for (bool reply : {false, true}) {
    SimSystem sim({.seed = 1});
    auto clerk = sim.system().spawn<Clerk>({.name = "clerk"});
    sim.on_message([&](const Passage& passage) {
      return passage.is_reply == reply ? Fate::drop() : Fate::deliver();
    });
    auto answer = sim.system().ask(clerk, Add{1}, 1s);
    REQUIRE(!answer);
    CHECK(answer.error().code == Errc::timeout);
    CHECK(sim.system().status(clerk)->handled == (reply ? 1 : 0));
  }
}

TEST_CASE("a duplicate is handled twice but answers once") {
  SimSystem sim({.seed = 1});
  auto clerk = sim.system().spawn<Clerk>({.name = "clerk"});
  sim.on_message([&](const Passage& passage) {
    return passage.is_reply ? Fate::deliver() : Fate::duplicate(5ms);
  });
  std::vector<std::int64_t> sums;
  sim.system().spawn<Script>({.name = "asker"}, [&](Script&) -> Task<void> {
    for (int i = 0; i < 3; ++i) {
      sums.push_back((co_await ask(clerk, Add{1}, 1s, "sum")).value().value);
      co_await sleep(10ms, "for the duplicate to come");
    }
  });
  sim.run_for(1s);
  CHECK(sums == std::vector<std::int64_t>{1, 3, 5});
}

TEST_CASE("a delayed message comes that much later") {
  SimSystem sim({.seed = 1});
  auto clerk = sim.system().spawn<Clerk>({.name = "clerk"});
  sim.on_message([&](const Passage&) { return Fate::after(100ms); });
  Time begin = sim.clock().now();
  CHECK(sim.system().ask(clerk, Add{1}, 1s));
  CHECK(sim.clock().now() - begin == 200ms);
}

TEST_CASE("simulated jobs run inline and take the time they are given") {
  SimSystem sim({.seed = 1, .pools = {{"main", 1}, {"storage", 1}}});
  sim.on_job([](const std::string& pool) { return pool == "storage" ? Duration(20ms) : 0ms; });
  Duration took{};
  sim.system().spawn<Script>({.name = "script"}, [&](Script& self) -> Task<void> {
    Time begin = self.now();
    CHECK(co_await run_on(sim.system().pool("storage"), [] { return 7; }) == 7);
    took = self.now() - begin;
  });
  sim.run_for(1s);
  CHECK(took == 20ms);
}

TEST_CASE("messages make the round trip through their codec") {
  SimSystem sim({.seed = 1});
  auto diary = std::make_shared<Diary>();
  auto clerk = sim.system().spawn<Clerk>({.name = "clerk"}, diary);
  CHECK(sim.system().send(clerk, Parcel{"über den Draht"}, 1s));
  sim.run_for(1ms);
  CHECK(diary->lines.back() == "über den Draht");
}

TEST_CASE("kills at any moment leave every ask with an answer") {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    CAPTURE(seed);
    SimSystem sim({.seed = seed});
    RestartPolicy always{
        .when = RestartPolicy::When::on_failure, .max_restarts = 1000, .backoff = 1ms};
    auto clerk =
        sim.system().spawn<Clerk>({.name = "clerk", .mailbox = {.messages = 2}, .restart = always});
    int ended = 0;
    for (int i = 0; i < 4; ++i) {
      sim.system().spawn<Script>({.name = str("asker/", i)}, [&](Script&) -> Task<void> {
        for (int r = 0; r < 10; ++r) {
          auto answer = co_await ask(clerk, Linger{2}, 1h, "a number");
          if (!answer) CHECK(answer.error().code != Errc::timeout);
        }
        ++ended;
      });
    }
    Random when(seed, 5);
    for (int kill = 0; kill < 10; ++kill) {
      sim.run_for(std::chrono::microseconds(when.below(5000)));
      sim.kill("clerk");
    }
    CHECK(sim.run_until([&] { return ended == 4; }, 60s));
  }
}
