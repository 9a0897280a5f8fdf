#pragma once
// Actors of the runtime's tests.

#include "runtime/actor/actor.h"
#include "runtime/actor/system.h"
#include "runtime/actor/watch.h"
#include "tests/runtime/messages.h"

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace tramontane {

using namespace std::chrono_literals;

// A system on real threads that keeps its log to itself.
struct Threads {
  explicit Threads(std::vector<PoolOptions> pools)
      : log(clock, {.terminal = Level::off}),
        system({.pools = std::move(pools), .clock = &clock, .log = &log}) {}

  RealClock clock;
  Log log;
  System system;
};

// Waits until something is so, which threads must bring about; false if it does not come.
template <class F>
bool soon(F&& is_so) {
  for (int looks = 0; looks < 60'000 && !is_so(); ++looks)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  return is_so();
}

// Keeps a thread until the test lets go of it, or has failed.
struct Hold {
  std::atomic<bool> begun = false;
  std::atomic<bool> let_go = false;

  void keep() {
    begun = true;
    soon([&] { return let_go.load(); });
  }
};

// What an actor of a test did, in order. Shared with the test; read it when nothing runs.
struct Diary {
  std::vector<std::string> lines;
  std::vector<std::int64_t> values;
};

// Answers every test message.
class Clerk final : public Actor {
 public:
  explicit Clerk(std::shared_ptr<Diary> diary = std::make_shared<Diary>())
      : diary_(std::move(diary)) {
    handle(&Clerk::add);
    handle(&Clerk::take_note);
    handle(&Clerk::linger);
    handle(&Clerk::explode);
    handle(&Clerk::decline);
    handle(&Clerk::take_blob);
    handle(&Clerk::exited);
  }

  Task<void> start() override {
    diary_->lines.push_back("start " + name());
    co_return;
  }

  Task<void> stop() override {
    diary_->lines.push_back("stop " + name());
    co_return;
  }

  std::string holding() const override { return "sum " + std::to_string(sum_); }

 private:
  Number add(Add add) {
    sum_ += add.value;
    return {sum_};
  }

  void take_note(Note note) {
    log(Level::info, "noted", {{"value", note.value}});
    diary_->values.push_back(note.value);
  }

  Task<Number> linger(Linger request) {
    co_await sleep(std::chrono::milliseconds(request.value), "to linger");
    co_return Number{request.value};
  }

  void explode(Explode explode) { throw std::runtime_error(str("boom ", explode.value)); }

  Answer<Number> decline(Decline) { return Failure{Errc::refused, "not today"}; }

  void take_blob(Parcel blob) { diary_->lines.push_back(std::move(blob.text)); }

  void exited(ActorExited exited) {
    diary_->lines.push_back(str(exited.name, " ", tramontane::name(exited.cause), " ", exited.text,
        exited.restarts ? " restarts" : ""));
  }

  std::shared_ptr<Diary> diary_;
  std::int64_t sum_ = 0;
};

// Runs a function as its start(): the way for a test to write coroutines.
class Script final : public Actor {
 public:
  using Body = std::function<Task<void>(Script&)>;

  explicit Script(Body body) : body_(std::move(body)) {}

  Task<void> start() override { return body_(*this); }

  using Actor::call;
  using Actor::now;
  using Actor::self;
  using Actor::try_send;
  using Actor::watch;

 private:
  Body body_;
};

}  // namespace tramontane
