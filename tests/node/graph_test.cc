// Graphs and kinds: what is wrong with a graph is told all at once, and what is right is started.
#include "runtime/actor/system.h"
#include "runtime/node/kind.h"
#include "runtime/wire/message.h"

#include <chrono>
#include <memory>
#include <string>

#include "tests/support/test.h"

namespace tramontane {
namespace {

struct Sum {
  std::int64_t value = 0;
};

struct Add {
  using Reply = Sum;
  std::int64_t value = 0;
};

struct PassOn {
  using Reply = Sum;
  std::int64_t value = 0;
};

}  // namespace

template <>
struct Codec<Sum> : LocalCodec<Sum> {};

template <>
struct Codec<Add> : LocalCodec<Add> {};

template <>
struct Codec<PassOn> : LocalCodec<PassOn> {};

namespace {

struct Shared {
  int made = 0;
};

class Counter final : public Actor {
 public:
  explicit Counter(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {
    ++shared_->made;
    handle(&Counter::add);
  }

 private:
  Sum add(Add request) { return {sum_ += request.value}; }

  std::shared_ptr<Shared> shared_;
  std::int64_t sum_ = 0;
};

class Sender final : public Actor {
 public:
  explicit Sender(ActorRef to) : to_(std::move(to)) { handle(&Sender::pass_on); }

 private:
  Task<Answer<Sum>> pass_on(PassOn request) {
    Add add{request.value};
    auto sum = co_await ask(to_, add, std::chrono::seconds(5), "a sum");
    co_return sum;
  }

  ActorRef to_;
};

Kinds kinds() {
  return {{.name = "counter",
              .doc = "adds up",
              .make =
                  [](const KindContext& context) {
                    return std::make_unique<Counter>(
                        context.process.shared<Shared>([] { return std::make_shared<Shared>(); }));
                  }},
      {.name = "sender",
          .doc = "passes on",
          .ports = {{.name = "counter", .doc = "adds up what is passed on"}},
          .make = [](const KindContext& context) {
            return std::make_unique<Sender>(context.ask("counter"));
          }}};
}

std::string problems_of(const Graph& graph) {
  try {
    check_graph(graph, kinds());
    return "";
  } catch (const Error& error) {
    CHECK(error.errc() == Errc::bad_input);
    return error.text();
  }
}

TEST_CASE("an actor may be wired to one that comes later in the graph") {
  Graph graph;
  graph.actors.push_back({.name = "first", .kind = "sender", .asks = {{"counter", {"second"}}}});
  graph.actors.push_back({.name = "second", .kind = "counter"});
  graph.actors.push_back({.name = "third", .kind = "counter"});
  CHECK(problems_of(graph) == "");
  Kinds all = kinds();
  ProcessContext process("/nowhere");
  System system({});
  start_actors(system, graph, all, process);
  auto sum = system.ask(*system.find("first"), PassOn{5}, std::chrono::seconds(5));
  REQUIRE(sum.has_value());
  CHECK(sum->value == 5);
  // What the actors of a process share is made once.
  CHECK(system.ask(*system.find("third"), Add{1}, std::chrono::seconds(5)).has_value());
  CHECK(process.shared<Shared>([] { return std::make_shared<Shared>(); })->made == 2);
}

TEST_CASE("everything that is wrong with a graph is told at once, with what is near") {
  Graph graph;
  graph.actors.push_back({.name = "a", .kind = "sendr", .pool = "deep"});
  graph.actors.push_back({.name = "a", .kind = "sender"});
  graph.actors.push_back(
      {.name = "b", .kind = "sender", .asks = {{"counter", {"aa"}}, {"countr", {"a"}}}});
  graph.actors.push_back({.name = "c", .kind = "sender", .asks = {{"counter", {"a", "b"}}}});
  std::string text = problems_of(graph);
  for (const char* part : {"actors.a: named twice", "unknown kind 'sendr'; did you mean 'sender'",
           "there is no pool 'deep'", "asks.counter: is not wired: adds up what is passed on",
           "actors.b.asks.counter: unknown actor 'aa'", "unknown port 'countr'",
           "actors.c.asks.counter: takes one actor, not 2"}) {
    CAPTURE(part);
    CHECK(text.find(part) != std::string::npos);
  }
}

TEST_CASE("a graph is described actor by actor, with the sum of what its mailboxes may hold") {
  Graph graph;
  graph.pools = {{"main", 1}, {"two", 2}, {"own", 1}};
  graph.actors = {{.name = "reader", .kind = "counter", .mailbox = {1, 5}},
      {.name = "own",
          .kind = "k",
          .isolation = Isolation::process,
          .pool = "own",
          .mailbox = {2, 1 << 20},
          .restart = {.max_restarts = 1, .within = std::chrono::milliseconds(1500)},
          .asks = {{"all", {"reader", "own"}}, {"one", {"reader"}}}},
      {.name = "third",
          .kind = "k",
          .isolation = Isolation::process,
          .worker = "other",
          .pool = "two",
          .mailbox = {3, (2 << 20) + 512 * 1024 + 1023},
          .restart = {.max_restarts = 5, .within = std::chrono::seconds(60)}}};
  graph.actors[1].restart.when = graph.actors[2].restart.when = RestartPolicy::When::on_failure;
  CHECK(describe(graph) == R"(graph, 3 actors
  reader  counter  thread, 1 thread (main), mailbox 1 messages, 5 bytes, no restarts
  own     k        process, 1 thread, mailbox 2 messages, 1 MiB, 1 restart in 1.5 s
          asks all: reader, own
          asks one: reader
  third   k        process other, 2 threads (two), mailbox 3 messages, 2.5 MiB, 5 restarts in 60 s
  mailboxes hold 3.50098 MiB at most
)");
  graph.actors.resize(1);
  CHECK(describe(graph).ends_with("  mailboxes hold 5 bytes at most\n"));
  graph.actors[0].pool = "none";
  CHECK(describe(graph).find("thread, no pool none, ") != std::string::npos);
}

TEST_CASE("actors of one worker live together, threads in none") {
  Graph graph;
  graph.actors.push_back({.name = "here", .kind = "counter"});
  graph.actors.push_back({.name = "b", .kind = "counter", .isolation = Isolation::process});
  graph.actors.push_back(
      {.name = "c", .kind = "counter", .isolation = Isolation::process, .worker = "b"});
  graph.actors.push_back({.name = "d", .kind = "counter", .isolation = Isolation::process});
  CHECK(graph.workers() == std::vector<std::string>{"b", "d"});
  CHECK(graph.find("c")->worker_name() == "b");
  CHECK(graph.find("here")->worker_name().empty());
  CHECK(graph.find("nobody") == nullptr);
  // A worker starts its own only.
  Kinds all = kinds();
  ProcessContext process("/nowhere", "b");
  System system({});
  start_actors(system, graph, all, process, {{"b", {.id = 70, .lives_before = 4}}});
  CHECK(system.find("b")->id() == 70);
  CHECK(system.ask(*system.find("b"), Add{1}, std::chrono::seconds(5)).has_value());
  CHECK(system.find("b")->route()->incarnation() == 5);
  CHECK(system.find("c").has_value());
  CHECK(!system.find("d").has_value());
  CHECK(!system.find("here").has_value());
}

}  // namespace
}  // namespace tramontane
