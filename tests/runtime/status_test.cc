// What is seen of actors from outside: busy shares, waits, overdue ones, and their ends.
#include "runtime/actor/sender_counts.h"
#include "runtime/actor/sim_system.h"
#include "runtime/base/log.h"
#include "tests/runtime/actors.h"

#include <atomic>
#include <thread>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

// Computes for as many turns as it is told.
class Computer final : public Actor {
 public:
  Computer() { handle(&Computer::linger); }

 private:
  Task<Number> linger(Linger request) {
    for (std::int64_t i = 1; i < request.value; ++i) co_await yield();
    co_return Number{request.value};
  }
};

// Turns take a tenth of a second each; what the system logs is kept.
struct Watched {
  explicit Watched(SystemOptions options = {}) {
    log.show_with([this](Level, std::string_view line) { lines.emplace_back(line.substr(13)); });
    options.log = &log;
    options.on_exit = [this](const ExitRecord& record) { ended.push_back(record.name); };
    options.on_escalation = [this](const ExitRecord& record) { escalated.push_back(record.name); };
    sim.emplace(
        SimOptions{.seed = 1, .pools = {{"main", 1}, {"work", 1}}, .system = std::move(options)});
  }

  ~Watched() { sim.reset(); }

  ActorRef computer() {
    return sim->system().spawn<Computer>({.name = "computer", .pool = "work"});
  }

  // Has it compute for so long; meanwhile nothing else passes.
  void compute(const ActorRef& computer, int tenths) {
    sim->on_turn([](const std::string& pool) { return pool == "work" ? Duration(100ms) : 0ms; });
    REQUIRE(sim->system().ask(computer, Linger{tenths}, 1000s));
    sim->on_turn({});
  }

  ActorStatus status(const ActorRef& actor) { return sim->system().status(actor).value(); }

  ManualClock clock;
  Log log{clock, {.terminal = Level::warning}};
  std::vector<std::string> lines;
  std::vector<std::string> ended;
  std::vector<std::string> escalated;
  std::optional<SimSystem> sim;
};

bool has(const std::string& text, std::string_view part) {
  CAPTURE(text);
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("an actor's busy share is that of its last five seconds") {
  Watched watched;
  Time began = watched.sim->clock().now();
  auto lived = [&] {
    return std::chrono::duration<double>(watched.sim->clock().now() - began).count();
  };
  auto computer = watched.computer();
  watched.sim->run_for(1ms);
  watched.compute(computer, 10);
  CHECK(watched.status(computer).busy == 1s);
  CHECK(watched.status(computer).busy_share == doctest::Approx(1 / lived()).epsilon(0.01));
  watched.sim->run_for(1s);
  CHECK(watched.status(computer).busy == 1s);
  CHECK(watched.status(computer).busy_share == doctest::Approx(1 / lived()).epsilon(0.01));
  watched.sim->run_for(8s);
  CHECK(watched.status(computer).busy_share == doctest::Approx(0.1).epsilon(0.01));
  // From here on the window is a new one, of which the old one is forgotten by and by.
  watched.compute(computer, 5);
  CHECK(watched.status(computer).busy == 1500ms);
  double before = watched.status(computer).busy_share;
  CHECK(before == doctest::Approx(1.5 / 10.5).epsilon(0.02));
  watched.sim->run_for(2500ms);
  CHECK(watched.status(computer).busy_share == doctest::Approx(before / 2).epsilon(0.02));
  watched.sim->run_for(2500ms);
  CHECK(watched.status(computer).busy_share == doctest::Approx(0).epsilon(0.01));
}

TEST_CASE("an actor that computes is busy before it is done, one that waits is not") {
  Watched watched;
  auto computer = watched.computer();
  auto clerk = watched.sim->system().spawn<Clerk>({.name = "clerk"});
  watched.sim->run_for(1ms);
  watched.sim->on_turn([](const std::string& pool) { return pool == "work" ? 100ms : 0ms; });
  REQUIRE(watched.sim->system().try_send(computer, Linger{100}));
  REQUIRE(watched.sim->system().try_send(clerk, Linger{60'000}));
  watched.sim->run_for(2s);
  CHECK(watched.status(computer).state == ActorState::handling);
  CHECK(watched.status(computer).busy >= 1800ms);
  CHECK(watched.status(computer).busy <= 2s);
  CHECK(watched.status(computer).last_handler == std::string("Linger"));
  CHECK(watched.status(clerk).state == ActorState::handling);
  CHECK(watched.status(clerk).busy == 0s);
  CHECK(watched.status(clerk).handled == 0);
}

TEST_CASE("what an actor computes at present is added to what it had computed before") {
  Watched watched;
  auto computer = watched.computer();
  watched.sim->run_for(1ms);
  watched.compute(computer, 30);
  REQUIRE(watched.status(computer).busy == 3s);
  watched.sim->run_for(5s);
  watched.sim->on_turn([](const std::string& pool) { return pool == "work" ? 100ms : 0ms; });
  REQUIRE(watched.sim->system().try_send(computer, Linger{100}));
  watched.sim->run_for(2s);
  CHECK(watched.status(computer).busy >= 4800ms);
  CHECK(watched.status(computer).busy <= 5s);
}

TEST_CASE("an idle actor waits for messages since its last, and its oldest message is as old") {
  Watched watched;
  auto clerk = watched.sim->system().spawn<Clerk>({.name = "clerk"});
  watched.sim->run_for(1s);
  REQUIRE(watched.sim->system().ask(clerk, Add{1}, 1s));
  Time idle = watched.sim->clock().now();
  watched.sim->run_for(3s);
  auto status = watched.status(clerk);
  CHECK(status.state == ActorState::idle);
  CHECK(status.waiting_for == "messages");
  CHECK(status.waiting_since == idle);
  CHECK(status.oldest_message == 0s);
  CHECK(status.mailbox_messages == 0);
  CHECK(status.handled == 1);
  REQUIRE(watched.sim->system().try_send(clerk, Linger{10'000}));
  watched.sim->run_for(1s);
  REQUIRE(watched.sim->system().try_send(clerk, Note{1}));
  watched.sim->run_for(1s);
  REQUIRE(watched.sim->system().try_send(clerk, Note{2}));
  watched.sim->run_for(2s);
  CHECK(watched.status(clerk).mailbox_messages == 2);
  CHECK(watched.status(clerk).oldest_message == 3s);
  watched.sim->run_for(10s);
  CHECK(watched.status(clerk).oldest_message == 0s);
  CHECK(watched.status(clerk).mailbox_messages == 0);
}

TEST_CASE("an actor without progress is logged once, and again after it had some") {
  Watched watched({.overdue = 10s});
  auto clerk = watched.sim->system().spawn<Clerk>({.name = "clerk"});
  REQUIRE(watched.sim->system().try_send(clerk, Linger{9'000}));
  watched.sim->run_for(60s);
  CHECK(watched.lines.empty());
  REQUIRE(watched.sim->system().try_send(clerk, Linger{40'000}));
  REQUIRE(watched.sim->system().try_send(clerk, Note{1}));
  watched.sim->run_for(8s);
  CHECK(watched.lines.empty());
  watched.sim->run_for(50s);
  REQUIRE(watched.lines.size() == 1);
  CHECK(has(watched.lines[0], "warning clerk: no progress seconds=1"));
  CHECK(has(watched.lines[0], " state=handling handler=Linger "));
  CHECK(has(watched.lines[0], "waiting_for=time to pass (to linger) unread=1"));
  REQUIRE(watched.sim->system().try_send(clerk, Linger{20'000}));
  watched.sim->run_for(30s);
  CHECK(watched.lines.size() == 2);
  watched.lines.clear();
  watched.sim->run_for(100s);
  CHECK(watched.lines.empty());
}

TEST_CASE("a system keeps as many exit records as it is to, and tells each end and escalation") {
  Watched watched({.exit_records = 3});
  RestartPolicy once{.when = RestartPolicy::When::on_failure, .max_restarts = 1};
  for (int i = 0; i < 4; ++i) {
    auto clerk = watched.sim->system().spawn<Clerk>({.name = str("clerk/", i)});
    watched.sim->run_for(1ms);
    CHECK(watched.sim->system().stop(clerk, 1s));
  }
  auto records = watched.sim->system().exit_records();
  REQUIRE(records.size() == 3);
  CHECK(records[0].name == "clerk/1");
  CHECK(records[2].name == "clerk/3");
  CHECK(watched.ended.size() == 4);
  CHECK(watched.escalated.empty());
  auto last = watched.sim->system().spawn<Clerk>({.name = "last", .restart = once});
  CHECK_FALSE(watched.sim->system().ask(last, Explode{1}, 1s));
  CHECK(watched.escalated.empty());
  watched.sim->run_for(20s);
  CHECK_FALSE(watched.sim->system().ask(last, Explode{2}, 1s));
  CHECK(watched.escalated == std::vector<std::string>{"last"});
  CHECK(watched.ended.size() == 6);
  // A stop is no line in the log, an end by itself is.
  CHECK(watched.lines.size() == 2);
}

TEST_CASE("a system without room for a name, a pool or another of both says so") {
  SimSystem sim({.seed = 1});
  CHECK_THROWS_WITH_AS(sim.system().spawn<Clerk>({.name = ""}), "an actor needs a name", Error);
  CHECK_THROWS_AS(SimSystem({.pools = {{"main", 1}, {"main", 2}}}), Error);
  auto clerk = sim.system().spawn<Clerk>({.name = "clerk"});
  CHECK(sim.system().status(clerk)->kind == "clerk");
  CHECK(sim.system().find(clerk.id()));
  CHECK(sim.system().stop(clerk, 1s));
  CHECK_FALSE(sim.system().find(clerk.id()));
  CHECK(sim.system().stop(1s));
  CHECK_THROWS_AS(sim.system().spawn<Clerk>({.name = "late"}), Error);
}

TEST_CASE("an actor's messages are counted by who sent them") {
  Watched watched;
  System& system = watched.sim->system();
  auto clerk = system.spawn<Clerk>({.name = "clerk"});
  auto asker = system.spawn<Script>({.name = "asker"}, [&](Script&) -> Task<void> {
    for (int i = 0; i < 3; ++i) CHECK(co_await ask(clerk, Add{1}, 10s, "the sum"));
  });
  watched.sim->run_for(1s);
  REQUIRE(system.ask(clerk, Add{1}, 1s));
  CHECK(watched.status(clerk).senders == std::map<ActorId, std::uint64_t>{{0, 1}, {asker.id(), 3}});
}

TEST_CASE("senders are counted while others read, and no more of them than there is room for") {
  SenderCounts counts;
  std::atomic<bool> done = false;
  std::thread reader([&] {
    std::uint64_t before = 0;
    while (!done) {
      std::uint64_t sum = 0;
      for (const auto& [sender, messages] : counts.counts()) sum += messages;
      CHECK(sum >= before);
      before = sum;
    }
  });
  for (int round = 0; round < 1000; ++round)
    for (ActorId sender = 100; sender < 100 + 2 * senders_most; ++sender) counts.add(sender);
  done = true;
  reader.join();
  auto all = counts.counts();
  CHECK(all.size() == senders_most);
  for (const auto& [sender, messages] : all) {
    CHECK(sender < 100 + senders_most);
    CHECK(messages == 1000);
  }
}
