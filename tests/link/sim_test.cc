// Three processes in one thread, under faults drawn from a seed: every call is answered once,
// nothing is delivered twice, and the order between two actors holds.

#include "runtime/actor/sim_system.h"
#include "runtime/base/random.h"
#include "runtime/link/memory_link.h"
#include "runtime/link/remote_actors.h"
#include "tests/runtime/actors.h"

#include <array>
#include <functional>
#include <map>
#include <optional>
#include <set>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

constexpr int processes = 3;
constexpr int rounds = 6;

// A call or a one-way message: its sender's id, times 1000, and a number that rises.
struct Step {
  using Reply = Number;
  std::int64_t value = 0;
};

}  // namespace

template <>
struct tramontane::Codec<Step> : NumberCodec<Step, 0x31> {
  static constexpr const char* name = "Step";
};

namespace {

struct Sent {
  int outcomes = 0;
  bool done = false;      // the answer is a value
  bool not_done = false;  // the answer is that it was not
  bool one_way = false;
};

// What happened, in the order in which it did.
struct History {
  std::map<std::int64_t, Sent> sent;
  std::vector<std::int64_t> handled;
  std::string text;

  void note(std::int64_t value, const std::string& what, Time at) {
    text += str(micros(at), " ", value, " ", what, "\n");
  }
};

class Keeper final : public Actor {
 public:
  explicit Keeper(History& history) : history_(history) { handle(&Keeper::step); }

 private:
  Task<Number> step(Step step) {
    history_.handled.push_back(step.value);
    history_.note(step.value, "handled", now());
    if (random().below(4) == 0)
      co_await sleep(std::chrono::microseconds(random().below(3000)), "to be slow");
    co_return Number{step.value};
  }

  History& history_;
};

// Sends to the keeper of one other process: calls one by one, several at once, one-way messages.
class Caller final : public Actor {
 public:
  Caller(History& history, ActorRef to, int first, std::shared_ptr<bool> done)
      : history_(history), to_(std::move(to)), next_(first), done_(std::move(done)) {}

  bool has_work() const override { return round_ < rounds; }

  Task<void> work() override {
    ++round_;
    switch (random().below(3)) {
      case 0: {
        std::vector<Task<int>> parts;
        for (int i = 0; i < 3; ++i) parts.push_back(call());
        co_await all(std::move(parts));
        break;
      }
      case 1:
        co_await tell();
        break;
      default:
        co_await call();
    }
    if (random().below(3) == 0)
      co_await sleep(std::chrono::microseconds(random().below(5000)), "before the next");
    *done_ = round_ == rounds;
  }

 private:
  Duration patience() { return std::chrono::milliseconds(1 + random().below(100)); }

  Task<int> call() {
    Step step{next_++};
    history_.sent[step.value] = {};
    auto answer = co_await ask(to_, step, patience(), "an answer");
    keep(step, answer ? std::nullopt : std::optional(answer.error()));
    if (answer) CHECK(answer->value == step.value);
    co_return 0;
  }

  Task<int> tell() {
    Step step{next_++};
    history_.sent[step.value].one_way = true;
    auto sent = co_await send(to_, step, patience(), "room");
    keep(step, sent ? std::nullopt : std::optional(sent.error()));
    co_return 0;
  }

  void keep(Step step, std::optional<Failure> failure) {
    Sent& sent = history_.sent[step.value];
    ++sent.outcomes;
    sent.done = !failure;
    if (failure) {
      bool told = failure->text.find("not delivered") != std::string::npos ||
                  failure->text.find("not done") != std::string::npos;
      sent.not_done = told;
      CHECK((told || failure->text.find("unknown") != std::string::npos));
    }
    history_.note(step.value, failure ? failure->text : "ok", now());
  }

  History& history_;
  ActorRef to_;
  std::int64_t next_;
  std::shared_ptr<bool> done_;
  int round_ = 0;
};

class World {
 public:
  explicit World(std::uint64_t seed) : sim_({.seed = seed}), faults_(seed, 7) {
    for (int p = 0; p < processes; ++p) {
      Node& node = nodes_[static_cast<std::size_t>(p)];
      node.system = sim_.process({.first_id = static_cast<ActorId>(p) * 100 + 1});
      node.remote = std::make_shared<RemoteActors>(*node.system, static_cast<ProcessId>(p));
      node.system->attach(node.remote);
      node.keeper = node.system->spawn<Keeper>(
          {.name = str("keeper/", p),
              .mailbox = {.messages = 1 + static_cast<std::uint32_t>(faults_.below(4))}},
          std::ref(history_));
    }
    for (int here = 0; here < processes; ++here)
      for (int there = 0; there < processes; ++there)
        if (here != there) introduce(here, there);
    for (int pair = 0; pair < processes; ++pair) connect(pair);
    harm();
  }

  ~World() {
    harmless_ = true;
    for (auto& line : lines_) line->cut("the test ends");
    sim_.run_for(1s);
  }

  // Until all callers are done.
  void run() {
    auto over = [this] {
      for (const auto& [value, sent] : history_.sent)
        if (sent.outcomes == 0) return false;
      for (const auto& each : callers_)
        if (!*each) return false;
      return true;
    };
    CHECK(sim_.run_until(over, 600s));
    harmless_ = true;
    // What is still under way.
    sim_.run_for(1s);
  }

  void check() const {
    std::map<std::int64_t, int> times;
    std::map<std::int64_t, std::int64_t> last;
    for (std::int64_t value : history_.handled) {
      ++times[value];
      auto [before, first] = last.emplace(value / 1000, value);
      if (!first) {
        CHECK(value > before->second);
        before->second = value;
      }
    }
    for (const auto& [value, sent] : history_.sent) {
      CAPTURE(value);
      CHECK(sent.outcomes == 1);
      CHECK(times[value] <= 1);
      if (sent.done && !sent.one_way) CHECK(times[value] == 1);
      if (sent.not_done) CHECK(times[value] == 0);
    }
  }

  const History& history() const { return history_; }

  std::uint64_t fingerprint() const { return sim_.fingerprint(); }

 private:
  struct Node {
    std::unique_ptr<System> system;
    std::shared_ptr<RemoteActors> remote;
    ActorRef keeper;
  };

  void introduce(int here, int there);
  void connect(int pair);
  void harm();
  void harm_line(int pair);

  SimSystem sim_;
  Random faults_;
  History history_;
  std::array<Node, processes> nodes_;
  std::array<std::unique_ptr<MemoryLine>, processes> lines_;
  std::vector<std::shared_ptr<bool>> callers_;  // whether each is done
  bool harmless_ = false;
};

void World::introduce(int here, int there) {
  Node& from = nodes_[static_cast<std::size_t>(here)];
  Node& to = nodes_[static_cast<std::size_t>(there)];
  ActorRef keeper = from.remote->add({.id = to.keeper.id(),
      .name = std::string(to.keeper.name()),
      .process = static_cast<ProcessId>(there),
      .incarnation = 1});
  for (int i = 0; i < 2; ++i) {
    ActorId id = static_cast<ActorId>(here) * 100 + 50 + static_cast<ActorId>(2 * there + i);
    std::string name = str("caller/", here, "/", there, "/", i);
    to.remote->add(
        {.id = id, .name = name, .process = static_cast<ProcessId>(here), .incarnation = 1});
    callers_.push_back(std::make_shared<bool>(false));
    from.system->spawn<Caller>({.name = name, .id = id}, std::ref(history_), keeper,
        static_cast<int>(id) * 1000, callers_.back());
  }
}

// Line `pair` leads from process `pair` to the next.
void World::connect(int pair) {
  int other = (pair + 1) % processes;
  auto& line = lines_[static_cast<std::size_t>(pair)];
  line = std::make_unique<MemoryLine>(sim_.clock());
  line->pieces(faults_.below(2) == 0 ? 0 : 1 + faults_.below(60));
  line->delay(std::chrono::microseconds(faults_.below(500)));
  SessionOptions options{.window = {
                             .messages = 1 + static_cast<std::uint32_t>(faults_.below(4)),
                             .bytes = 8 + faults_.below(40),
                         }};
  nodes_[static_cast<std::size_t>(pair)].remote->connect(
      static_cast<ProcessId>(other), str("process ", other), line->end(0), options);
  nodes_[static_cast<std::size_t>(other)].remote->connect(
      static_cast<ProcessId>(pair), str("process ", pair), line->end(1), options);
}

// From now on, now and then.
void World::harm() {
  if (harmless_) return;
  auto pause = std::chrono::microseconds(500 + faults_.below(10'000));
  sim_.clock().call_at(after(sim_.clock().now(), pause), [this] {
    if (harmless_) return;
    harm_line(static_cast<int>(faults_.below(processes)));
    harm();
  });
}

void World::harm_line(int pair) {
  MemoryLine& line = *lines_[static_cast<std::size_t>(pair)];
  int end = static_cast<int>(faults_.below(2));
  auto later = [&](Duration most, std::function<void()> call) {
    auto wait = Duration(
        static_cast<std::int64_t>(faults_.below(static_cast<std::uint64_t>(most.count()))));
    sim_.clock().call_at(after(sim_.clock().now(), wait), std::move(call));
  };
  switch (faults_.below(5)) {
    case 0:
      line.cut("the line was cut");
      later(20ms, [this, pair] { connect(pair); });
      return;
    case 1:  // a new connection, while there is one
      connect(pair);
      return;
    case 2:
      line.stall(end, true);
      later(20ms, [this, pair, end] { lines_[static_cast<std::size_t>(pair)]->stall(end, false); });
      return;
    case 3:
      line.lose(end);
      later(20ms, [this, pair] {
        lines_[static_cast<std::size_t>(pair)]->cut("it was lost");
        connect(pair);
      });
      return;
    default:
      line.delay(std::chrono::microseconds(faults_.below(5000)));
  }
}

}  // namespace

TEST_CASE("whatever becomes of the connections, every call has one answer that is true") {
  std::size_t answered = 0;
  std::size_t unanswered = 0;
  for (std::uint64_t seed = 1; seed <= 1000; ++seed) {
    CAPTURE(seed);
    World world(seed);
    world.run();
    world.check();
    for (const auto& [value, sent] : world.history().sent) ++(sent.done ? answered : unanswered);
  }
  CHECK(answered > 50'000);
  CHECK(unanswered > 5'000);
}

TEST_CASE("the same seed gives the same history of several processes") {
  std::set<std::string> histories;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    std::string first;
    for (int again = 0; again < 2; ++again) {
      World world(seed);
      world.run();
      if (again == 0) first = world.history().text;
      CHECK(world.history().text == first);
    }
    histories.insert(first);
  }
  CHECK(histories.size() == 10);
}
