#include "runtime/actor/actor_group.h"

#include "runtime/actor/sim_system.h"
#include "tests/runtime/actors.h"

#include <map>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

// Who handled how many.
std::map<std::string, std::uint64_t> handled(SimSystem& sim, const std::vector<ActorRef>& actors) {
  std::map<std::string, std::uint64_t> counts;
  for (const ActorRef& actor : actors)
    if (auto status = sim.system().status(actor)) counts[status->name] = status->handled;
  return counts;
}

std::vector<ActorRef> clerks_of(SimSystem& sim, int count) {
  std::vector<ActorRef> clerks;
  for (int i = 0; i < count; ++i)
    clerks.push_back(sim.system().spawn<Clerk>({.name = str("clerk/", i)}));
  return clerks;
}

// Owns a group, as actors do.
class Dispatcher final : public Actor {
 public:
  using Body = std::function<Task<void>(ActorGroup&)>;

  Dispatcher(std::vector<ActorRef> members, ActorGroup::Turn turn, Body body)
      : group_(std::move(members), turn), body_(std::move(body)) {}

  Task<void> start() override { return body_(group_); }

 private:
  ActorGroup group_;
  Body body_;
};

}  // namespace

TEST_CASE("a round robin gives every actor its turn") {
  SimSystem sim({.seed = 1});
  auto clerks = clerks_of(sim, 3);
  sim.system().spawn<Dispatcher>({.name = "dispatcher"}, clerks, ActorGroup::Turn::round_robin,
      [](ActorGroup& group) -> Task<void> {
        for (int i = 0; i < 5; ++i) {
          auto sum = co_await group.ask(Add{1}, 1s, "a sum");
          CHECK(sum.has_value());
        }
        Note note{7};
        auto sent = co_await group.send(note, 1s, "a note");
        CHECK(sent.has_value());
      });
  sim.run_for(1s);
  CHECK(handled(sim, clerks) ==
        std::map<std::string, std::uint64_t>{{"clerk/0", 2}, {"clerk/1", 2}, {"clerk/2", 2}});
}

TEST_CASE("the least loaded actor gets the call") {
  SimSystem sim({.seed = 1});
  auto clerks = clerks_of(sim, 2);
  sim.system().spawn<Dispatcher>({.name = "dispatcher"}, clerks, ActorGroup::Turn::least_loaded,
      [](ActorGroup& group) -> Task<void> {
        std::vector<Task<Answer<Number>>> calls;
        calls.push_back(group.ask(Linger{1000}, 10s, "a slow one"));
        auto quick = [](ActorGroup& to) -> Task<Answer<Number>> {
          for (int i = 0; i < 4; ++i) {
            auto sum = co_await to.ask(Add{1}, 1s, "a quick one");
            CHECK(sum.has_value());
          }
          co_return Number{4};
        };
        calls.push_back(quick(group));
        auto answers = co_await all(std::move(calls));
        CHECK(answers.size() == 2);
      });
  sim.run_for(5s);
  CHECK(
      handled(sim, clerks) == std::map<std::string, std::uint64_t>{{"clerk/0", 1}, {"clerk/1", 4}});
}

TEST_CASE(
    "an actor that has stopped for good is left out, and nothing that was put to it is lost") {
  SimSystem sim({.seed = 1});
  auto clerks = clerks_of(sim, 3);
  sim.kill("clerk/1");
  sim.run_for(1ms);
  std::vector<Errc> failures;
  std::size_t left = 0;
  sim.system().spawn<Dispatcher>({.name = "dispatcher"}, clerks, ActorGroup::Turn::round_robin,
      [&](ActorGroup& group) -> Task<void> {
        for (int i = 0; i < 6; ++i) {
          auto sum = co_await group.ask(Add{1}, 1s, "a sum");
          if (!sum) failures.push_back(sum.error().code);
        }
        left = group.size();
        co_await sleep(1s, "the others to stop");
        auto sum = co_await group.ask(Add{1}, 1s, "a sum");
        if (!sum) failures.push_back(sum.error().code);
      });
  sim.run_for(100ms);
  CHECK(failures.empty());
  CHECK(left == 2);
  CHECK(handled(sim, clerks)["clerk/0"] + handled(sim, clerks)["clerk/2"] == 6);
  sim.kill("clerk/0");
  sim.kill("clerk/2");
  sim.run_for(5s);
  CHECK(failures == std::vector<Errc>{Errc::closed});
}

TEST_CASE("a refusal is the caller's answer, not a reason to ask another") {
  SimSystem sim({.seed = 1});
  auto clerks = clerks_of(sim, 2);
  std::vector<Errc> failures;
  sim.system().spawn<Dispatcher>({.name = "dispatcher"}, clerks, ActorGroup::Turn::round_robin,
      [&](ActorGroup& group) -> Task<void> {
        auto answer = co_await group.ask(Decline{}, 1s, "a refusal");
        if (!answer) failures.push_back(answer.error().code);
      });
  sim.run_for(1s);
  CHECK(failures == std::vector<Errc>{Errc::refused});
}
