#include "runtime/base/any.h"

#include "runtime/actor/sim_system.h"
#include "tests/runtime/actors.h"

#include "tests/support/test.h"

using namespace tramontane;

namespace {

Task<int> wait_then(Duration wait, int value) {
  if (wait > Duration::zero()) co_await sleep(wait, "its turn");
  if (value < 0) throw std::runtime_error("negative");
  co_return value;
}

Task<int> hold(Duration wait, std::shared_ptr<int> value) {
  co_await sleep(wait, "the end");
  co_return *value;
}

// Several parts of its own, all of which end at one moment.
Task<int> sum_of_two(Duration wait) {
  std::vector<Task<int>> parts;
  parts.push_back(wait_then(wait, 1));
  parts.push_back(wait_then(wait, 2));
  auto values = co_await all(std::move(parts));
  co_return values[0] + values[1];
}

}  // namespace

TEST_CASE("any() gives the first result, and drops the others with what they hold") {
  SimSystem sim({.seed = 1});
  auto held = std::make_shared<int>(7);
  int value = 0;
  Duration took{};
  sim.system().spawn<Script>({.name = "script"}, [&](Script& self) -> Task<void> {
    Time begin = self.now();
    std::vector<Task<int>> parts;
    parts.push_back(hold(30ms, held));
    parts.push_back(wait_then(10ms, 5));
    parts.push_back(hold(1h, held));
    value = co_await any(std::move(parts));
    took = self.now() - begin;
    CHECK(held.use_count() == 1);
    co_await sleep(1h, "that nothing comes late");
  });
  sim.run_for(2h);
  CHECK(value == 5);
  CHECK(took == 10ms);
}

TEST_CASE("a part that ends without waiting is the first") {
  SimSystem sim({.seed = 1});
  int value = 0;
  sim.system().spawn<Script>({.name = "script"}, [&](Script&) -> Task<void> {
    std::vector<Task<int>> parts;
    parts.push_back(wait_then(1h, 1));
    parts.push_back(wait_then(0ms, 2));
    parts.push_back(wait_then(0ms, 3));
    value = co_await any(std::move(parts));
  });
  sim.run_for(1ms);
  CHECK(value == 2);
}

TEST_CASE("parts that end at the same moment are dropped only once none of them is to be resumed") {
  // sum_of_two() is woken by its own parts, behind the coroutine that awaits any().
  SimSystem sim({.seed = 1});
  int value = 0;
  sim.system().spawn<Script>({.name = "script"}, [&](Script&) -> Task<void> {
    for (int round = 0; round < 3; ++round) {
      std::vector<Task<int>> parts;
      parts.push_back(wait_then(10ms, 4));
      for (int i = 0; i < 5; ++i) parts.push_back(sum_of_two(10ms));
      value += co_await any(std::move(parts));
    }
  });
  sim.run_for(1s);
  CHECK(value == 12);
}

TEST_CASE("a failure is the result only where every part fails") {
  SimSystem sim({.seed = 1});
  std::string said;
  int value = 0;
  sim.system().spawn<Script>({.name = "script"}, [&](Script&) -> Task<void> {
    std::vector<Task<int>> parts;
    parts.push_back(wait_then(1ms, -1));
    parts.push_back(wait_then(2ms, 6));
    value = co_await any(std::move(parts));
    std::vector<Task<int>> bad;
    bad.push_back(wait_then(1ms, -1));
    bad.push_back(wait_then(2ms, -1));
    try {
      co_await any(std::move(bad));
    } catch (const std::runtime_error& error) {
      said = error.what();
    }
  });
  sim.run_for(1s);
  CHECK(value == 6);
  CHECK(said == "negative");
}

TEST_CASE("ask_any gives the first good answer, and the last failure where there is none") {
  SimSystem sim({.seed = 1});
  std::vector<ActorRef> clerks;
  for (int i = 0; i < 3; ++i)
    clerks.push_back(sim.system().spawn<Clerk>({.name = str("clerk/", i)}));
  sim.kill("clerk/0");
  sim.run_for(1ms);
  std::optional<Answer<Number>> good, bad;
  sim.system().spawn<Script>({.name = "script"}, [&](Script&) -> Task<void> {
    good = co_await ask_any(clerks, Linger{20}, 1s, "any clerk");
    std::vector<ActorRef> dead = {clerks[0], clerks[0]};
    bad = co_await ask_any(dead, Linger{20}, 1s, "a dead clerk");
  });
  sim.run_for(1s);
  REQUIRE(good);
  REQUIRE(*good);
  CHECK((*good)->value == 20);
  REQUIRE(bad);
  CHECK(bad->error().code == Errc::closed);
}

TEST_CASE("killing an actor in the midst of any() drops every part") {
  SimSystem sim({.seed = 1});
  auto held = std::make_shared<int>(1);
  sim.system().spawn<Script>({.name = "script"}, [&](Script&) -> Task<void> {
    std::vector<Task<int>> parts;
    for (int i = 1; i <= 3; ++i) parts.push_back(hold(i * 10ms, held));
    co_await any(std::move(parts));
  });
  sim.run_for(5ms);
  CHECK(held.use_count() > 2);
  CHECK(sim.kill("script"));
  sim.run_for(1s);
  CHECK(held.use_count() == 1);
}
