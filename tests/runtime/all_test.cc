#include "runtime/base/all.h"

#include "runtime/actor/sim_system.h"
#include "tests/runtime/actors.h"

#include "tests/support/test.h"

using namespace tramontane;

namespace {

Task<int> wait_then(Duration wait, int value) {
  co_await sleep(wait, "its turn");
  if (value < 0) throw std::runtime_error("negative");
  co_return value;
}

}  // namespace

TEST_CASE("all() overlaps the waits of its parts and keeps their order") {
  SimSystem sim({.seed = 1});
  std::vector<int> values;
  Duration took{};
  sim.system().spawn<Script>({.name = "script"}, [&](Script& self) -> Task<void> {
    Time begin = self.now();
    std::vector<Task<int>> parts;
    for (int i = 0; i < 5; ++i) parts.push_back(wait_then((5 - i) * 10ms, i));
    values = co_await all(std::move(parts));
    took = self.now() - begin;
    CHECK((co_await all(std::vector<Task<int>>())).empty());
  });
  sim.run_for(1s);
  CHECK(values == std::vector<int>{0, 1, 2, 3, 4});
  CHECK(took == 50ms);
}

TEST_CASE("a part that throws lets the others end first") {
  SimSystem sim({.seed = 1});
  std::string said;
  Duration took{};
  sim.system().spawn<Script>({.name = "script"}, [&](Script& self) -> Task<void> {
    Time begin = self.now();
    std::vector<Task<int>> parts;
    parts.push_back(wait_then(10ms, -1));
    parts.push_back(wait_then(30ms, 1));
    try {
      co_await all(std::move(parts));
    } catch (const std::runtime_error& error) {
      said = error.what();
    }
    took = self.now() - begin;
  });
  sim.run_for(1s);
  CHECK(said == "negative");
  CHECK(took == 30ms);
}

TEST_CASE("ask_all gives each answer in its place, also where one actor is gone") {
  SimSystem sim({.seed = 1});
  std::vector<ActorRef> clerks;
  for (int i = 0; i < 4; ++i) {
    clerks.push_back(sim.system().spawn<Clerk>({.name = str("clerk/", i)}));
  }
  sim.kill("clerk/2");
  sim.run_for(1ms);
  std::vector<Answer<Number>> answers;
  sim.system().spawn<Script>({.name = "script"}, [&](Script&) -> Task<void> {
    answers = co_await ask_all(clerks, Linger{20}, 1s, "all clerks");
  });
  sim.run_for(5ms);
  CHECK(sim.system().status(*sim.system().find("script"))->waiting_for.find("all clerks") !=
        std::string::npos);
  sim.run_for(1s);
  REQUIRE(answers.size() == 4);
  CHECK(answers[0]);
  CHECK(answers[1]);
  CHECK(answers[2].error().code == Errc::closed);
  CHECK(answers[3]);
}

TEST_CASE("killing an actor in the midst of all() drops every part") {
  SimSystem sim({.seed = 1});
  auto held = std::make_shared<int>(1);
  sim.system().spawn<Script>({.name = "script"}, [&](Script&) -> Task<void> {
    auto keep = [](Duration wait, std::shared_ptr<int> value) -> Task<int> {
      co_await sleep(wait, "the end");
      co_return *value;
    };
    std::vector<Task<int>> parts;
    for (int i = 1; i <= 3; ++i) parts.push_back(keep(i * 10ms, held));
    co_await all(std::move(parts));
  });
  sim.run_for(15ms);
  CHECK(held.use_count() > 2);
  CHECK(sim.kill("script"));
  sim.run_for(1s);
  CHECK(held.use_count() == 1);
}

TEST_CASE("a stop ends every wait of a work step at once") {
  struct Sleepers final : Actor {
    explicit Sleepers(std::shared_ptr<Diary> d) : diary(std::move(d)) {}

    bool has_work() const override { return true; }

    Task<void> work() override {
      std::vector<Task<bool>> parts;
      for (int i = 1; i <= 4; ++i) parts.push_back(nap(i * 1h));
      for (bool slept : co_await all(std::move(parts)))
        diary->lines.push_back(slept ? "slept" : "woken");
    }

    static Task<bool> nap(Duration wait) { co_return co_await sleep(wait, "a nap"); }

    std::shared_ptr<Diary> diary;
  };

  auto diary = std::make_shared<Diary>();
  SimSystem sim({.seed = 1});
  auto sleepers = sim.system().spawn<Sleepers>({.name = "sleepers"}, diary);
  sim.run_for(1s);
  Time begin = sim.clock().now();
  CHECK(sim.system().stop(sleepers, 10s));
  CHECK(sim.clock().now() == begin);
  CHECK(diary->lines == std::vector<std::string>(4, "woken"));
}
