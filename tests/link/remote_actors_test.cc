#include "runtime/link/remote_actors.h"

#include "tests/link/processes.h"

#include "tests/support/test.h"

using namespace tramontane;

namespace {

// Writes down who sent each note, and answers an Add with the number of notes.
class Reader final : public Actor {
 public:
  explicit Reader(std::shared_ptr<Diary> diary) : diary_(std::move(diary)) {
    handle(&Reader::take_note);
    handle(&Reader::add);
  }

 private:
  void take_note(Note note) { diary_->lines.push_back(str(sender().name(), " sent ", note.value)); }

  Number add(Add) { return {static_cast<std::int64_t>(diary_->lines.size())}; }

  std::shared_ptr<Diary> diary_;
};

// Is slow until it is let go, or nobody waits for it any more.
class SlowReader final : public Actor {
 public:
  SlowReader(std::shared_ptr<Diary> diary, const std::atomic<bool>& let_go)
      : diary_(std::move(diary)), let_go_(let_go) {
    handle(&SlowReader::linger);
    handle(&SlowReader::add);
    handle(&SlowReader::take_note);
  }

 private:
  Task<Number> linger(Linger request) {
    while (!let_go_ && !abandoned()) co_await sleep(1ms, "to be let go");
    if (abandoned()) diary_->lines.emplace_back("abandoned");
    co_return Number{request.value};
  }

  Number add(Add add) {
    diary_->lines.push_back(str("add ", add.value));
    return {add.value};
  }

  void take_note(Note) {}

  std::shared_ptr<Diary> diary_;
  const std::atomic<bool>& let_go_;
};

// An actor of process one that asks once, and keeps the answer.
struct Asker {
  template <class M>
  Asker(System& system, ActorRef to, M message, Duration timeout) {
    auto body = [this, to, message, timeout](Script&) -> Task<void> {
      auto answer = co_await ask(to, message, timeout, "an answer");
      if (!answer) failure = answer.error();
      done = true;
    };
    system.spawn<Script>({.name = "asker", .id = id}, body);
  }

  static constexpr ActorId id = 500;
  Failure failure{Errc::closed, ""};
  std::atomic<bool> done = false;
};

// Asks a clerk that will fail, so that some calls wait for room in its mailbox when it does.
class Crowd final : public Actor {
 public:
  struct Answers {
    std::vector<Failure> failures;
    std::atomic<bool> done = false;
  };

  Crowd(ActorRef clerk, std::shared_ptr<Answers> answers)
      : clerk_(std::move(clerk)), answers_(std::move(answers)) {}

  Task<void> start() override {
    Linger linger{50};
    auto first = call(clerk_, linger, 10s, "to linger");
    CHECK(try_send(clerk_, Explode{1}));
    std::vector<Pending<Add>> more;
    for (int i = 0; i < 4; ++i) {
      Add add{i};
      more.push_back(call(clerk_, add, 10s, "a sum"));
    }
    for (auto& each : more) {
      while (each.waiting()) co_await sleep(1ms, "for answers");
      if (auto answer = each.take(); !answer) answers_->failures.push_back(answer.error());
    }
    answers_->done = true;
  }

 private:
  const ActorRef clerk_;
  const std::shared_ptr<Answers> answers_;
};

}  // namespace

TEST_CASE("calls under way when the other process ends are unknown at once") {
  Pair pair;
  auto clerk = pair.seen(pair.two.system.spawn<Clerk>({.name = "clerk"}));
  REQUIRE(pair.one.system.ask(clerk, Add{1}, 10s));
  std::atomic<bool> done = false;
  std::thread ends([&] {
    std::this_thread::sleep_for(50ms);
    pair.two.remote->disconnect(1, "it was killed");
  });
  auto begin = std::chrono::steady_clock::now();
  auto answer = pair.one.system.ask(clerk, Linger{500}, 60s);
  auto took = std::chrono::steady_clock::now() - begin;
  ends.join();
  REQUIRE(!answer);
  CHECK(answer.error().code == Errc::unknown);
  CHECK(answer.error().text.find("process 2") != std::string::npos);
  CHECK(answer.error().text.find("it was killed") != std::string::npos);
  CHECK(took < 50ms + 50ms);
}

TEST_CASE("messages that may wait do while an actor is away; others are refused with the reason") {
  Pair pair;
  auto diary = std::make_shared<Diary>();
  auto clerk = pair.seen(pair.two.system.spawn<Clerk>({.name = "clerk"}, diary));
  REQUIRE(pair.one.system.ask(clerk, Add{1}, 10s));
  pair.two.remote->disconnect(1, "the cable was pulled");
  REQUIRE(soon([&] { return pair.one.ended().size() == 1 && pair.two.ended().size() == 1; }));
  CHECK(pair.one.ended()[0] == "process 2 said: the cable was pulled");
  auto refused = pair.one.system.try_send(clerk, Note{1});
  REQUIRE(!refused);
  CHECK(refused.error().code == Errc::full);
  CHECK(refused.error().text.find("the cable was pulled") != std::string::npos);
  auto late = pair.one.system.ask(clerk, Add{1}, 30ms);
  REQUIRE(!late);
  CHECK(late.error().code == Errc::timeout);
  CHECK(late.error().text.find("not delivered") != std::string::npos);

  pair.two.remote->add({.id = Asker::id, .name = "asker", .process = 1, .incarnation = 1});
  Asker asker(pair.one.system, clerk, Add{1}, 10s);
  std::this_thread::sleep_for(20ms);
  CHECK(!asker.done);
  pair.connect();
  REQUIRE(soon([&] { return asker.done.load(); }));
  CHECK(asker.failure.code == Errc::closed);  // as it was: the answer was no failure
  CHECK(pair.one.system.ask(clerk, Add{1}, 10s).value().value == 3);
}

TEST_CASE("a reference stays good when its actor moves; one that is pinned does not") {
  Pair pair;
  Process three(3);
  auto clerk = pair.seen(pair.two.system.spawn<Clerk>({.name = "clerk", .id = 77}));
  auto pinned = clerk.pinned();
  CHECK(pair.one.system.ask(clerk, Add{0}, 10s).value().value == 0);
  CHECK(pair.one.system.ask(pinned, Add{1}, 10s).value().value == 1);
  three.system.spawn<Clerk>({.name = "clerk", .id = 77, .lives_before = 1});
  pair.one.remote->moved(77, 3, 2);
  CHECK(clerk.route()->incarnation() == 2);
  auto stale = pair.one.system.ask(pinned, Add{1}, 10s);
  REQUIRE(!stale);
  CHECK(stale.error().code == Errc::stale);
  Asker asker(pair.one.system, clerk, Add{1}, 10s);
  three.remote->add({.id = Asker::id, .name = "asker", .process = 1, .incarnation = 1});
  auto [here, there] = socket_pair();
  pair.one.connect(3, std::move(here));
  three.connect(1, std::move(there));
  REQUIRE(soon([&] { return asker.done.load(); }));
  CHECK(pair.one.system.ask(clerk, Add{1}, 10s).value().value == 2);
}

TEST_CASE("what waits for an earlier life alone comes back as stale") {
  Process one(1);
  auto clerk = one.remote->add({.id = 77, .name = "clerk", .process = 2, .incarnation = 1});
  Asker asker(one.system, clerk.pinned(), Add{1}, 10s);
  std::this_thread::sleep_for(20ms);
  one.remote->moved(77, 3, 2);
  REQUIRE(soon([&] { return asker.done.load(); }));
  CHECK(asker.failure.code == Errc::stale);
}

TEST_CASE("what waits for an actor that is gone for good comes back as closed") {
  Process one(1);
  auto clerk = one.remote->add({.id = 77, .name = "clerk", .process = 2, .incarnation = 1});
  CHECK(one.system.find("clerk").has_value());
  Asker asker(one.system, clerk, Add{1}, 10s);
  std::this_thread::sleep_for(20ms);
  one.remote->gone(77, "it failed six times");
  REQUIRE(soon([&] { return asker.done.load(); }));
  CHECK(asker.failure.code == Errc::closed);
  CHECK(asker.failure.text.find("it failed six times") != std::string::npos);
  CHECK(!one.system.find("clerk"));
  auto after = one.system.ask(clerk, Add{1}, 10s);
  REQUIRE(!after);
  CHECK(after.error().code == Errc::closed);
}

TEST_CASE(
    "an actor that failed in its process may live again: what it did not take is not closed") {
  Pair pair;
  auto clerk = pair.seen(pair.two.system.spawn<Clerk>(
      {.name = "clerk", .mailbox = {.messages = 1, .bytes = 1 << 20}}));
  auto answers = std::make_shared<Crowd::Answers>();
  pair.two.remote->add({.id = Asker::id, .name = "crowd", .process = 1, .incarnation = 1});
  REQUIRE(pair.one.system.ask(clerk, Add{1}, 10s));
  pair.one.system.spawn<Crowd>({.name = "crowd", .id = Asker::id}, clerk, answers);
  REQUIRE(soon([&] { return answers->done.load(); }));
  REQUIRE(answers->failures.size() == 4);
  for (const Failure& failure : answers->failures) {
    CAPTURE(failure.text);
    CHECK(failure.code == Errc::undeliverable);
  }
  pair.one.remote->gone(clerk.id(), "it will not");
  auto after = pair.one.system.ask(clerk, Add{1}, 10s);
  REQUIRE_FALSE(after);
  CHECK(after.error().code == Errc::closed);
}

TEST_CASE("a watcher hears of the end of each life once, and whether another follows") {
  Pair pair;
  auto clerk = pair.seen(pair.two.system.spawn<Clerk>({.name = "clerk"}));
  auto diary = std::make_shared<Diary>();
  auto watcher = pair.one.system.spawn<Clerk>({.name = "watcher"}, diary);
  REQUIRE(pair.one.system.ask(clerk, Add{1}, 10s));
  pair.one.system.watch(watcher, clerk);
  pair.one.system.watch(watcher, clerk);
  pair.two.remote->disconnect(1, "it was killed");
  REQUIRE(soon([&] { return pair.one.ended().size() == 1; }));
  pair.one.remote->moved(clerk.id(), 2, 2);
  pair.one.remote->moved(clerk.id(), 2, 3);
  pair.one.remote->gone(clerk.id(), "it failed six times");
  REQUIRE(pair.one.system.ask(watcher, Add{1}, 10s));
  REQUIRE(diary->lines.size() == 4);
  CHECK(diary->lines[1] == "clerk killed process 2 said: it was killed restarts");
  CHECK(diary->lines[2] == "clerk killed its life 3 has begun restarts");
  CHECK(diary->lines[3] == "clerk killed it failed six times");
  pair.one.system.watch(watcher, clerk);
  REQUIRE(pair.one.system.ask(watcher, Add{1}, 10s));
  CHECK(diary->lines.size() == 5);
  std::weak_ptr<Route> route = watcher.route();
  CHECK(pair.one.system.stop(watcher, 10s));
  watcher = {};
  CHECK(soon([&] { return route.expired(); }));
}

TEST_CASE("a handler sees who sent, also from another process, and can answer there") {
  Pair pair;
  auto diary = std::make_shared<Diary>();
  auto reader = pair.seen(pair.two.system.spawn<Reader>({.name = "reader"}, diary));
  pair.script("writer", [&](Script&) -> Task<void> {
    auto sent = co_await send(reader, Note{5}, 10s, "room");
    CHECK(sent);
  });
  REQUIRE(soon([&] { return pair.one.system.ask(reader, Add{1}, 10s).value().value == 1; }));
  CHECK(diary->lines[0] == "writer sent 5");
}

TEST_CASE("a stop ends all sessions, whoever is still connected") {
  auto pair = std::make_unique<Pair>();
  auto clerk = pair->seen(pair->two.system.spawn<Clerk>({.name = "clerk"}));
  REQUIRE(pair->one.system.ask(clerk, Add{1}, 10s));
  CHECK(pair->two.system.stop(5s));
  REQUIRE(soon([&] { return pair->one.ended().size() == 1; }));
  CHECK(pair->one.ended()[0] == "process 2 said: this process stops");
}

TEST_CASE(
    "a call to another process that is given up unread is not begun, and gives its credit back") {
  SessionOptions few;
  few.window.messages = 2;
  Pair pair(few);
  auto diary = std::make_shared<Diary>();
  std::atomic<bool> let_go = false;
  ActorRef slow = pair.two.system.spawn(
      {.name = "slow"}, [&, diary] { return std::make_unique<SlowReader>(diary, let_go); });
  ActorRef seen = pair.seen(slow);
  std::atomic<bool> answered = false;
  pair.one.system.ask_later(seen, Linger{0}, 60s, [&](Answer<Number>) { answered = true; });
  REQUIRE(soon([&] { return pair.two.system.status(slow)->state == ActorState::handling; }));
  auto late = pair.one.system.ask(seen, Add{1}, 50ms);
  REQUIRE(!late);
  CHECK(late.error().code == Errc::timeout);
  // There is credit again, while the first call still holds the other half of it.
  bool sent = false;
  CHECK(soon([&] { return sent = sent || pair.one.system.try_send(seen, Note{5}).has_value(); }));
  CHECK_FALSE(answered);
  let_go = true;
  CHECK(soon([&] { return answered.load(); }));
  CHECK(pair.one.system.ask(seen, Add{2}, 10s)->value == 2);
  pair.two.system.stop(10s);
  CHECK(diary->lines == std::vector<std::string>{"add 2"});
}

TEST_CASE("a handler sees that a caller in another process has given up") {
  Pair pair;
  auto diary = std::make_shared<Diary>();
  std::atomic<bool> never = false;
  ActorRef slow = pair.two.system.spawn(
      {.name = "slow"}, [&, diary] { return std::make_unique<SlowReader>(diary, never); });
  ActorRef seen = pair.seen(slow);
  ActorRef asker = pair.script("asker", [seen](Script&) -> Task<void> {
    Linger request{0};
    co_await ask(seen, request, 600s, "an answer");
  });
  REQUIRE(soon([&] { return pair.two.system.status(slow)->state == ActorState::handling; }));
  pair.one.system.kill(asker);
  CHECK(pair.one.system.ask(seen, Add{2}, 60s)->value == 2);
  pair.two.system.stop(10s);
  CHECK(diary->lines == std::vector<std::string>{"abandoned", "add 2"});
}
