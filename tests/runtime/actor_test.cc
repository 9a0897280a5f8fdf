#include "runtime/actor/sim_system.h"
#include "tests/runtime/actors.h"

#include "tests/support/test.h"

using namespace tramontane;

namespace {

template <class M>
concept AsksTemporary = requires(ActorRef to) {
  ask(to, M{}, 1s);
};

template <class M>
concept AsksMoved = requires(ActorRef to, M message) {
  ask(to, std::move(message), 1s);
};

template <class M>
concept AsksNamed = requires(ActorRef to, M message, const M& fixed) {
  ask(to, message, 1s);
  ask(to, fixed, 1s);
  ask(to, give(message), 1s);
};

}  // namespace

TEST_CASE("what awaits an answer compiles with a message that has a name, not with a temporary") {
  CHECK(AsksNamed<Parcel>);
  CHECK(!AsksTemporary<Parcel>);
  CHECK(!AsksMoved<Parcel>);
  CHECK(AsksNamed<Add>);
  CHECK(AsksTemporary<Add>);  // nothing to destroy
}

TEST_CASE("an ask gives the reply, in a simulation and on threads") {
  SUBCASE("simulated") {
    SimSystem sim({.seed = 1});
    auto clerk = sim.system().spawn<Clerk>({.name = "clerk"});
    CHECK(sim.system().ask(clerk, Add{2}, 1s).value().value == 2);
    CHECK(sim.system().ask(clerk, Add{3}, 1s).value().value == 5);
  }
  SUBCASE("real") {
    Threads threads({{"main", 2}});
    System& system = threads.system;
    auto clerk = system.spawn<Clerk>({.name = "clerk"});
    CHECK(system.ask(clerk, Add{2}, 5s).value().value == 2);
    CHECK(system.ask(clerk, Linger{5}, 5s).value().value == 5);
    CHECK(system.stop(5s));
  }
}

TEST_CASE("actors ask each other") {
  SimSystem sim({.seed = 1});
  auto clerk = sim.system().spawn<Clerk>({.name = "clerk"});
  std::int64_t seen = 0;
  sim.system().spawn<Script>({.name = "script"}, [&](Script&) -> Task<void> {
    for (int i = 0; i < 10; ++i) seen = (co_await ask(clerk, Add{i}, 1s, "sum")).value().value;
  });
  CHECK(sim.run_until([&] { return seen == 45; }, 10s));
}

TEST_CASE("a handler that throws stops its actor only, and its caller gets the text") {
  SimSystem sim({.seed = 1});
  auto clerk = sim.system().spawn<Clerk>({.name = "clerk"});
  auto other = sim.system().spawn<Clerk>({.name = "other"});
  CHECK(sim.system().ask(clerk, Add{2}, 1s));
  auto answer = sim.system().ask(clerk, Explode{7}, 1s);
  REQUIRE(!answer);
  CHECK(answer.error().code == Errc::failed);
  CHECK(answer.error().text == "clerk failed: boom 7");
  auto after = sim.system().ask(clerk, Add{1}, 1s);
  REQUIRE(!after);
  CHECK(after.error().code == Errc::closed);
  CHECK(sim.system().ask(other, Add{2}, 1s).value().value == 2);
  auto records = sim.system().exit_records();
  REQUIRE(records.size() == 1);
  CHECK(records[0].text == "boom 7");
  CHECK(records[0].doing == "handling Explode");
  CHECK(records[0].holding == "sum 2");
  CHECK(records[0].escalated);
}

TEST_CASE("an answer that is a Failure leaves the actor alive") {
  SimSystem sim({.seed = 1});
  auto clerk = sim.system().spawn<Clerk>({.name = "clerk"});
  auto answer = sim.system().ask(clerk, Decline{}, 1s);
  REQUIRE(!answer);
  CHECK(answer.error().code == Errc::refused);
  CHECK(answer.error().text == "not today");
  CHECK_THROWS_WITH_AS(answer.value(), "not today", Error);
  CHECK(sim.system().ask(clerk, Add{2}, 1s));
}
