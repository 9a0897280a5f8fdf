// An agent and its workers, on lines that a test holds up.

#include "runtime/node/agent.h"

#include "runtime/actor/sim_system.h"
#include "runtime/base/check.h"
#include "runtime/node/started_graph.h"
#include "tests/runtime/actors.h"
#include "tests/sim/sim_host.h"

#include <map>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

// A worker whose process is seen to end a while after its connections have.
class SlowToEnd final : public HostedWorker {
 public:
  SlowToEnd(Clock& clock, std::unique_ptr<HostedWorker> worker)
      : clock_(clock), worker_(std::move(worker)) {}

  int pid() const override { return worker_->pid(); }

  std::optional<ChildEnd> ended() override {
    auto end = worker_->ended();
    if (end && !seen_) seen_ = clock_.now();
    return seen_ && clock_.now() >= after(*seen_, 50ms) ? end : std::nullopt;
  }

  std::string leaves_for() const override { return worker_->leaves_for(); }

  void kill() override { worker_->kill(); }

  HostedWorker& inner() { return *worker_; }

 private:
  Clock& clock_;
  const std::unique_ptr<HostedWorker> worker_;
  std::optional<Time> seen_;
};

class SlowHost final : public WorkerHost {
 public:
  SlowHost(Clock& clock, SimHost& host) : clock_(clock), host_(host) {}

  std::unique_ptr<HostedWorker> start(const WorkerSetup& setup) override {
    return std::make_unique<SlowToEnd>(clock_, host_.start(setup));
  }

  void connect(HostedWorker& one, const Introduction& to_one, HostedWorker& other,
      const Introduction& to_other) override {
    host_.connect(inner(one), to_one, inner(other), to_other);
  }

  std::unique_ptr<Link> connect(HostedWorker& worker, const Introduction& to_worker) override {
    return host_.connect(inner(worker), to_worker);
  }

  std::vector<std::string> last_lines(const std::string& worker) const override {
    return {"the last line of " + worker};
  }

 private:
  static HostedWorker& inner(HostedWorker& worker) {
    return static_cast<SlowToEnd&>(worker).inner();
  }

  Clock& clock_;
  SimHost& host_;
};

// Adds, and comes to its end with the first note.
class Guest final : public Actor {
 public:
  Guest() {
    handle(&Guest::add);
    handle(&Guest::leave);
    handle(&Guest::explode);
  }

 private:
  Number add(Add add) {
    note("the last", str(add.value));
    note("nothing", "");
    note("unit", "pieces");
    return {add.value};
  }

  void leave(Note) { finish(); }

  void explode(Explode explode) { throw std::runtime_error(str("boom ", explode.value)); }
};

// Asks another for a sum; the answer is the sum, or the failure.
class Middleman final : public Actor {
 public:
  explicit Middleman(ActorRef whom) : whom_(std::move(whom)) { handle(&Middleman::add); }

 private:
  Task<Answer<Number>> add(Add add) { co_return co_await ask(whom_, add, 4s, "a sum of another"); }

  const ActorRef whom_;
};

GraphActor in_worker(const std::string& name) {
  return {.name = name, .kind = name, .isolation = Isolation::process};
}

// A clerk that may fail once.
GraphActor clerk() {
  GraphActor made = in_worker("clerk");
  made.pool = "compute";
  made.restart = {.when = RestartPolicy::When::on_failure, .max_restarts = 1, .within = 600s};
  return made;
}

// A guest, and one who asks it.
std::vector<GraphActor> guest_and_middleman() {
  GraphActor middleman = in_worker("middleman");
  middleman.asks = {{"whom", {"guest"}}};
  return {in_worker("guest"), middleman};
}

// Each in a worker of its own.
class Bench {
 public:
  explicit Bench(std::vector<GraphActor> actors = {clerk()})
      : graph_{.pools = {{"main", 1}, {"compute", 1}}, .actors = std::move(actors)} {
    started_.start();
    for (const GraphActor& actor : graph_.actors)
      refs_[actor.name] = *sim_.system().find(actor.name);
  }

  ~Bench() {
    sim_.system().stop(10s);
    host_.kill_all();
  }

  void run_for(Duration time) {
    Time until = after(sim_.clock().now(), time);
    while (sim_.step(until) && sim_.clock().now() < until) host_.look();
  }

  std::string waits_for() const {
    for (const ActorStatus& actor : started_.actors())
      if (actor.name == "clerk") return actor.waiting_for;
    return "there is no clerk";
  }

  Answer<Number> ask_for(const std::string& whom, std::int64_t value) {
    std::optional<Answer<Number>> got;
    ActorRef asked = refs_.at(whom);
    sim_.system().spawn<Script>({.name = str("caller ", ++callers_)}, [&](Script&) -> Task<void> {
      Add request{value};
      got = co_await ask(asked, request, 5s, "a sum");
    });
    run_for(6s);
    REQUIRE(got);
    return *got;
  }

  std::int64_t add(std::int64_t value) {
    auto answer = ask_for("clerk", value);
    return answer ? answer->value : -1;
  }

  template <class M>
  void tell(const std::string& whom, M message) {
    ActorRef told = refs_.at(whom);
    sim_.system().spawn<Script>(
        {.name = str("caller ", ++callers_)}, [&](Script& self) -> Task<void> {
          CHECK(self.try_send(told, message));
          co_return;
        });
    run_for(1s);
  }

  // How long the agent takes to stop the graph.
  Duration stop() {
    std::optional<Duration> took;
    Time began = sim_.clock().now();
    ActorRef agent = *sim_.system().find("agent");
    sim_.system().spawn<Script>({.name = "stopper"}, [&](Script& self) -> Task<void> {
      co_await ask(agent, StopGraph{20s}, 60s, "the graph to end");
      took = self.now() - began;
    });
    while (!took && sim_.step(after(began, 60s))) host_.look();
    return took.value_or(forever - Time());
  }

  void computes_for(Duration time) {
    sim_.on_turn([time](const std::string& pool) { return pool == "compute" ? time : 0s; });
  }

  SimHost& host() { return host_; }

  const ActorRef& ref(const std::string& name) const { return refs_.at(name); }

  Micros wall() { return sim_.clock().wall(); }

  std::uint32_t processes() const { return started_.processes(); }

  const std::vector<ExitRecord>& exits() const { return exits_; }

 private:
  Kinds kinds_ = {{.name = "clerk",
                      .doc = "answers",
                      .make = [](const KindContext&) { return std::make_unique<Clerk>(); }},
      {.name = "guest",
          .doc = "leaves",
          .make = [](const KindContext&) { return std::make_unique<Guest>(); }},
      {.name = "middleman",
          .doc = "asks",
          .ports = {{.name = "whom", .doc = "it asks"}},
          .make = [](const KindContext& context) {
            return std::make_unique<Middleman>(context.ask("whom"));
          }}};
  const Graph graph_;
  SimSystem sim_{{.seed = 1, .pools = pools_here(graph_)}};
  SimHost host_{sim_, kinds_, [](System&, ProcessContext&) { return std::make_shared<int>(); }};
  SlowHost slow_{sim_.clock(), host_};
  ProcessContext process_{""};
  std::vector<ExitRecord> exits_;
  int callers_ = 0;
  std::map<std::string, ActorRef> refs_;
  StartedGraph started_{sim_.system(), graph_, kinds_, process_,
      {.on_exit = [this](const ExitRecord& record) { exits_.push_back(record); }, .host = &slow_}};
};

constexpr const char* standing = "its process, which stands still";

}  // namespace

TEST_CASE("a worker that stands still for a while is told, and goes on as it was") {
  Bench bench;
  CHECK(bench.add(1) == 1);
  bench.host().stall("clerk", true);
  bench.run_for(3s);
  CHECK(bench.waits_for() != standing);
  bench.run_for(6s);
  CHECK(bench.waits_for() == standing);
  CHECK(bench.add(2) == -1);
  bench.run_for(40s);
  bench.host().stall("clerk", false);
  bench.run_for(2s);
  CHECK(bench.waits_for() != standing);
  CHECK(bench.add(4) == 5);  // the one of before was given up, and is not begun
  CHECK(bench.processes() == 1);
  CHECK(bench.exits().empty());
}

TEST_CASE("a worker that stands still for too long is killed with a record, and started again") {
  Bench bench;
  CHECK(bench.add(1) == 1);
  bench.host().stall("clerk", true);
  bench.run_for(57s);
  CHECK(bench.exits().empty());
  bench.run_for(5s);
  REQUIRE(bench.exits().size() == 1);
  CHECK(bench.exits()[0].name == "clerk");
  CHECK(bench.exits()[0].cause == ExitCause::killed);
  CHECK(bench.exits()[0].text.find("its process stood still for 60 s and was killed") == 0);
  CHECK(bench.exits()[0].restarts);
  CHECK(bench.add(4) == 4);
  CHECK(bench.processes() == 2);
}

TEST_CASE("connections that are lost between those who live are made again") {
  Bench bench(guest_and_middleman());
  REQUIRE(bench.ask_for("middleman", 3));
  for (const char* whom : {"guest", "middleman"}) {
    CHECK(bench.host().cut(whom));
    bench.run_for(2s);
    for (int i = 0; i < 3; ++i) CHECK(bench.ask_for("middleman", 3));
    CHECK(bench.ask_for("guest", 3));
  }
  CHECK(bench.processes() == 2);
  CHECK(bench.exits().empty());
  CHECK(bench.host().kill("guest"));
  bench.run_for(2s);
  CHECK(bench.ask_for("middleman", 3));
  CHECK(bench.processes() == 3);
  CHECK(bench.stop() < 200ms);
}

TEST_CASE("the record of a process that was killed has all that its agent knew of it") {
  Bench bench(guest_and_middleman());
  REQUIRE(bench.ask_for("guest", 3));
  CHECK(bench.host().kill("guest"));
  bench.run_for(1s);
  REQUIRE(bench.exits().size() == 1);
  const ExitRecord& record = bench.exits()[0];
  CHECK(record.actor == bench.ref("guest").id());
  CHECK(record.name == "guest");
  CHECK(record.kind == "guest");
  CHECK(record.incarnation == 1);
  CHECK(record.cause == ExitCause::killed);
  CHECK(record.text.find("its process killed by signal 9 (SIGKILL)") == 0);
  CHECK(record.text.find("; pid 1, peak memory ") != std::string::npos);
  CHECK(record.holding == "the last 3, unit pieces");
  CHECK(record.lived > 6s);
  CHECK(record.lived < 7s);
  CHECK(record.wall > bench.wall() - 2'000'000);
  CHECK(record.wall < bench.wall());
  CHECK(record.last_lines == std::vector<std::string>{"the last line of guest"});
  CHECK(record.restarts);
  CHECK_FALSE(record.escalated);
}

TEST_CASE("stopping waits for no worker that has ended") {
  for (bool ends : {false, true}) {
    Bench bench;
    CHECK(bench.add(1) == 1);
    if (ends) bench.host().kill("clerk");
    CHECK(bench.stop() < 100ms);
  }
}

TEST_CASE("everybody is told of a worker that has come to its end, and waits for it no longer") {
  Bench bench(guest_and_middleman());
  REQUIRE(bench.ask_for("guest", 3));
  REQUIRE(bench.ask_for("middleman", 3));
  bench.tell("guest", Note{1});
  REQUIRE(bench.exits().size() == 1);
  CHECK(bench.exits()[0].name == "guest");
  CHECK(bench.exits()[0].cause == ExitCause::stopped);
  for (const char* whom : {"guest", "middleman"}) {
    auto answer = bench.ask_for(whom, 3);
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == Errc::closed);
    CHECK(answer.error().text == "guest is gone: it has come to its end");
  }
  CHECK(bench.processes() == 2);
  CHECK(bench.stop() < 200ms);
}

TEST_CASE("everybody is told why a worker is started no more") {
  Bench bench(guest_and_middleman());
  REQUIRE(bench.ask_for("guest", 3));
  bench.tell("guest", Explode{1});
  for (const char* whom : {"guest", "middleman"}) {
    auto answer = bench.ask_for(whom, 3);
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == Errc::closed);
    CHECK(answer.error().text.find("guest is gone: guest failed: ") == 0);
    CHECK(answer.error().text.find("boom 1") != std::string::npos);
  }
}

TEST_CASE("a worker whose actors compute for minutes does not stand still") {
  Bench bench;
  CHECK(bench.add(1) == 1);
  bench.computes_for(200s);
  CHECK(bench.add(2) == -1);
  bench.run_for(150s);
  CHECK(bench.waits_for() != standing);
  bench.computes_for(0s);
  bench.run_for(100s);
  CHECK(bench.add(4) == 5);  // what had no time left is not begun
  CHECK(bench.exits().empty());
  CHECK(bench.processes() == 1);
}

TEST_CASE("a worker that is wanted in another place ends in order and goes on there") {
  Bench bench(guest_and_middleman());
  REQUIRE(bench.ask_for("middleman", 3));
  for (std::size_t times : {1, 2, 3}) {  // and that costs nothing of what it may fail
    CHECK(bench.host().move("guest"));
    bench.run_for(1s);
    REQUIRE(bench.exits().size() == times);
    CHECK(bench.exits().back().cause == ExitCause::stopped);
    CHECK(bench.exits().back().text.starts_with("it moves from here to there; "));
    CHECK(bench.exits().back().restarts);
    CHECK(bench.ask_for("middleman", 3));
    CHECK(bench.processes() == 2 + times);
  }
  CHECK(bench.stop() < 200ms);
}

TEST_CASE("a worker that does not leave in time is killed, and goes on in the other place") {
  Bench bench(guest_and_middleman());
  REQUIRE(bench.ask_for("middleman", 3));
  bench.host().stall("guest", true);  // it hears nothing
  CHECK(bench.host().move("guest"));
  bench.run_for(9s);
  CHECK(bench.exits().empty());
  bench.run_for(3s);
  REQUIRE(bench.exits().size() == 1);
  CHECK(bench.exits()[0].cause == ExitCause::stopped);
  CHECK(bench.exits()[0].text.find("killed by signal 9") != std::string::npos);
  CHECK(bench.ask_for("middleman", 3));
}
