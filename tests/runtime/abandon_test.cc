// Calls that are given up: what was not begun is not begun, and a handler that runs sees it.

#include "runtime/actor/sim_system.h"
#include "tests/runtime/actors.h"

#include <optional>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

// Computes in pieces of 10 ms, as long as anybody waits for the answer.
class Thinker final : public Actor {
 public:
  explicit Thinker(std::shared_ptr<Diary> diary) : diary_(std::move(diary)) {
    handle(&Thinker::think);
    handle(&Thinker::add);
  }

 private:
  Task<Number> think(Linger request) {
    std::int64_t spent = 0;
    for (; spent < request.value && !abandoned(); spent += 10) co_await sleep(10ms, "to think");
    diary_->values.push_back(spent);
    co_return Number{spent};
  }

  Number add(Add add) {
    diary_->lines.push_back(str("add ", add.value));
    diary_->lines.push_back(abandoned() ? "abandoned" : "wanted");
    return {add.value};
  }

  std::shared_ptr<Diary> diary_;
};

// Begins two calls in its first step, and gives up whichever it is told to after 100 ms.
class Caller final : public Actor {
 public:
  Caller(ActorRef to, bool first, bool second)
      : to_(std::move(to)), cancel_first_(first), cancel_second_(second) {}

  bool has_work() const override { return !over_; }

  Task<void> work() override {
    Linger slow{2000};
    Add quick{7};
    first_ = call(to_, slow, 60s, "a thought");
    second_ = call(to_, quick, 60s, "a sum");
    co_await sleep(100ms, "before changing one's mind");
    if (cancel_first_) first_.cancel();
    if (cancel_second_) second_.cancel();
    CHECK(static_cast<bool>(first_) == !cancel_first_);
    co_await sleep(5s, "for the answers that are wanted");
    CHECK(first_.ready() == !cancel_first_);
    CHECK(second_.ready() == !cancel_second_);
    over_ = true;
  }

 private:
  const ActorRef to_;
  const bool cancel_first_;
  const bool cancel_second_;
  Pending<Linger> first_;
  Pending<Add> second_;
  bool over_ = false;
};

struct Bench {
  Bench() {
    thinker = sim.system().spawn({.name = "thinker", .mailbox = {.messages = 2}},
        [diary = diary] { return std::make_unique<Thinker>(diary); });
  }

  void call(bool first, bool second) {
    sim.system().spawn<Caller>({.name = "caller"}, thinker, first, second);
    sim.run_for(10s);
  }

  std::shared_ptr<Diary> diary = std::make_shared<Diary>();
  SimSystem sim{{.seed = 1}};
  ActorRef thinker;
};

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("a call that nobody gives up is done to its end") {
  Bench bench;
  bench.call(false, false);
  CHECK(bench.diary->values == std::vector<std::int64_t>{2000});
  CHECK(bench.diary->lines == Lines{"add 7", "wanted"});
}

TEST_CASE("a handler sees that its call was given up, the next is done as ever") {
  Bench bench;
  bench.call(true, false);
  REQUIRE(bench.diary->values.size() == 1);
  CHECK(bench.diary->values[0] <= 110);
  CHECK(bench.diary->lines == Lines{"add 7", "wanted"});
}

TEST_CASE("a call that is given up unread is not begun, and takes no room") {
  Bench bench;
  bench.call(false, true);
  CHECK(bench.diary->values == std::vector<std::int64_t>{2000});
  CHECK(bench.diary->lines.empty());
  CHECK(bench.sim.system().status(bench.thinker)->mailbox_messages == 0);
}

TEST_CASE("a deadline that passes in the handler is an end of waiting") {
  Bench bench;
  std::optional<Errc> code;
  bench.sim.system().spawn<Script>({.name = "hasty"}, [&](Script&) -> Task<void> {
    Linger slow{2000};
    auto answer = co_await ask(bench.thinker, slow, 300ms, "a thought");
    code = answer.error().code;
  });
  bench.sim.run_for(5s);
  CHECK(code == Errc::timeout);
  REQUIRE(bench.diary->values.size() == 1);
  CHECK(bench.diary->values[0] <= 310);
}

TEST_CASE("the end of an asking actor gives its calls up") {
  for (bool killed : {false, true}) {
    Bench bench;
    bench.sim.system().spawn<Caller>({.name = "caller"}, bench.thinker, false, false);
    bench.sim.run_for(50ms);
    if (killed) {
      bench.sim.kill("caller");
    } else {
      bench.sim.system().stop(*bench.sim.system().find("caller"), 1s);
    }
    bench.sim.run_for(5s);
    INFO("killed ", killed);
    REQUIRE(bench.diary->values.size() == 1);
    CHECK(bench.diary->values[0] < 200);
    CHECK(bench.diary->lines.empty());
  }
}

TEST_CASE("whoever is not the first of several to answer need not go on") {
  Bench bench;
  auto other = std::make_shared<Diary>();
  ActorRef quick = bench.sim.system().spawn<Clerk>({.name = "quick"}, other);
  std::int64_t first = 0;
  bench.sim.system().spawn<Script>({.name = "chooser"}, [&](Script&) -> Task<void> {
    Linger request{400};
    std::vector<ActorRef> both = {quick, bench.thinker};
    auto answer = co_await ask_any(both, request, 10s, "a thought");
    if (answer) first = answer->value;
    Linger longer{900};
    std::vector<ActorRef> slow_first = {bench.thinker, quick};
    answer = co_await ask_any(slow_first, longer, 10s, "another");
  });
  bench.sim.run_for(5s);
  CHECK(first == 400);
  REQUIRE(bench.diary->values.size() == 2);
  CHECK(bench.diary->values[0] <= 410);
  CHECK(bench.diary->values[1] <= 910);
}

TEST_CASE("a call from outside that has waited long enough is given up") {
  Bench bench;
  CHECK(bench.sim.system().ask(bench.thinker, Linger{2000}, 200ms).error().code == Errc::timeout);
  bench.sim.run_for(5s);
  REQUIRE(bench.diary->values.size() == 1);
  CHECK(bench.diary->values[0] <= 220);
  bool told = false;
  bench.sim.system().ask_later(
      bench.thinker, Linger{2000}, 200ms, [&](Answer<Number> answer) { told = !answer; });
  bench.sim.run_for(5s);
  CHECK(told);
  REQUIRE(bench.diary->values.size() == 2);
  CHECK(bench.diary->values[1] <= 220);
}
