#pragma once
// A System is one process of actors: pools of threads, a clock, the actors by name, their exit
// records.
//
//   struct Number { std::int64_t value = 0; };
//   struct Add { using Reply = Number; std::int64_t value = 0; };     // each with its Codec:
//   // runtime/wire/message.h
//
//   class Counter final : public Actor {
//    public:
//     explicit Counter(ActorRef store) : store_(store) { handle(&Counter::add); }
//     Task<void> start() override { after(10s, Tick{}); co_return; }
//     bool has_work() const override { return unsaved_ > 0; }
//     Task<void> work() override {                          // one step, mail goes first
//       Save save{sum_};  auto saved = co_await ask(store_, save, 5s, "the sum to be saved");
//       if (saved) unsaved_ = 0;                                 // else saved.error().code, .text
//       else if (!co_await sleep(1s, "before saving again")) co_return;  // we are being stopped
//     }
//    private:
//     // or Task<Answer<Number>>, or a plain Number
//     Answer<Number> add(Add add) {
//       if (add.value < 0) return Failure{Errc::refused, "only upwards"};
//       unsaved_ += 1;
//       return Number{sum_ += add.value};
//     }
//     …
//   };
//
//   System system({.pools = {{"main", 2}, {"storage", 1}}, .seed = 7});
//   ActorRef store = system.spawn<Store>({.name = "store", .pool = "storage"}, "/tmp/sums");
//   ActorRef counter = system.spawn<Counter>({.name = "counter/0",
//       .kind = "counter",
//       .mailbox = {.messages = 256, .bytes = 1 << 20},
//       .restart = {.when = RestartPolicy::When::on_failure, .max_restarts = 3, .within = 60s}},
//       store);
//   Answer<Number> sum = system.ask(counter, Add{2}, 1s);        // from outside any actor
//   for (const ActorStatus& a : system.actors()) std::cout << a.name << a.waiting_for;
//   bool graceful = system.stop(10s);                          // counter first, then store

#include "runtime/actor/actor.h"
#include "runtime/actor/actor_options.h"
#include "runtime/actor/actor_ref.h"
#include "runtime/actor/actor_status.h"
#include "runtime/actor/exit_record.h"
#include "runtime/actor/pool.h"
#include "runtime/base/clock.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace tramontane {

class Log;
class Metrics;
class Simulation;

// The actors of other processes, as this one knows them. Any thread.
class Directory {
 public:
  virtual ~Directory() = default;

  virtual std::optional<ActorRef> find(std::string_view name) const = 0;
  virtual std::optional<ActorRef> find(ActorId id) const = 0;
  // The system stops: its actors have ended, its pools are about to.
  virtual void end(const std::string& why) = 0;
};

struct SystemOptions {
  std::vector<PoolOptions> pools = {{"main", 1}};
  std::uint64_t seed = 0;
  // Each of these outlives the system; without one, it makes its own.
  Clock* clock = nullptr;
  Log* log = nullptr;
  Metrics* metrics = nullptr;
  ActorId first_id = 1;            // of the actors that it numbers itself
  std::size_t exit_records = 256;  // how many are kept
  // Called on the strand of the actor that ended, whatever the pool: be quick, do not throw.
  std::function<void(const ExitRecord&)> on_exit;        // every end; a place to persist it
  std::function<void(const ExitRecord&)> on_escalation;  // a failure without restart
  // An actor busy with one message, or a message unread, for longer is logged. Zero: never.
  Duration overdue = std::chrono::seconds(30);
  Simulation* simulation = nullptr;  // runtime/actor/sim_system.h
};

class System {
 public:
  explicit System(SystemOptions options);
  // Stops what still runs, as stop() does, within a few seconds.
  ~System();
  System(const System&) = delete;
  System& operator=(const System&) = delete;

  // Starts an actor built as A(args...), on its own strand; the arguments are kept for restarts.
  // A constructor that throws is a failure like any other. Error(bad_input): name taken, no such
  // pool, id taken.
  template <class A, class... Args>
  ActorRef spawn(ActorOptions options, Args&&... args);
  ActorRef spawn(ActorOptions options, Factory factory);

  // Begins the first life of an actor that was spawned held.
  void start(const ActorRef& actor);

  // Here, else in the directory that was attached.
  std::optional<ActorRef> find(std::string_view name) const;
  std::optional<ActorRef> find(ActorId id) const;
  std::optional<ActorRef> find_here(ActorId id) const;
  // Before any actor is spawned that looks for others.
  void attach(std::shared_ptr<Directory> directory);

  // From outside any actor: these block the calling thread (a simulation runs on meanwhile).
  template <class M>
  Answer<ReplyOf<M>> ask(const ActorRef& to, M message, Duration timeout);
  template <class M>
  Answer<void> send(const ActorRef& to, M message, Duration timeout);

  // Does not block: `done` is given the answer, once, from a thread of the runtime or before this
  // returns. It must be quick and must not throw; whoever has an event loop posts to it from there.
  // Errc::closed where the system is stopped meanwhile.
  template <class M>
  void ask_later(const ActorRef& to, M message, Duration timeout,
      std::function<void(Answer<ReplyOf<M>>)> done);

  // Errc::full at once if there is no room.
  template <class M>
  Answer<void> try_send(const ActorRef& to, M message) {
    return detail::deliver_now(to, stamped(detail::make_envelope(to, Message(std::move(message)))));
  }

  // `watcher` gets ActorExited whenever a life of `actor` ends; at once if it is dead already.
  void watch(const ActorRef& watcher, const ActorRef& actor);

  // Ends one actor: after its present message, with stop() and an exit record; or as a crash.
  // stop() blocks until it has ended; false if it had not by then.
  bool stop(const ActorRef& actor, Duration timeout);
  // The same order, without waiting; for actors too.
  void begin_stop(const ActorRef& actor);
  void kill(const ActorRef& actor, std::string reason = "killed");

  // Stops all actors, each before those spawned earlier, then the pools. An actor that takes more
  // than half of the time left is killed, and the others are stopped while it still computes: one
  // that is stuck takes nobody's time. Its thread cannot be interrupted, so it is waited for at the
  // end, however long, and named in the log meanwhile. Returns true if none had to be killed.
  bool stop(Duration timeout);

  // Never waits for an actor.
  std::vector<ActorStatus> actors() const;
  std::optional<ActorStatus> status(const ActorRef& actor) const;
  std::vector<ExitRecord> exit_records() const;  // oldest first

  Clock& clock() const;
  Log& log() const;
  Metrics& metrics() const;
  std::uint64_t seed() const;
  Pool& pool(std::string_view name) const;  // Error(not_found) names those there are

 private:
  friend class Actor;
  class State;

  std::unique_ptr<Envelope> stamped(std::unique_ptr<Envelope> envelope) const;
  std::unique_ptr<Envelope> call(
      std::unique_ptr<Envelope> envelope, const ActorRef& to, Duration timeout, bool wants_reply);
  void call_later(std::unique_ptr<Envelope> envelope, const ActorRef& to, Duration timeout,
      std::function<void(std::unique_ptr<Envelope>)> done);
  template <class R>
  static Answer<R> answer_of(Envelope& reply);
  Simulation* simulation() const;

  std::unique_ptr<State> state_;
};

// ---- implementation -------------------------------------------------------------------------

template <class A, class... Args>
ActorRef System::spawn(ActorOptions options, Args&&... args) {
  static_assert(std::is_base_of_v<Actor, A>);
  static_assert((std::is_copy_constructible_v<std::decay_t<Args>> && ...),
      "arguments are kept for restarts, so they must copy; share what cannot, or give a Factory");
  Factory factory = [kept = std::tuple<std::decay_t<Args>...>(std::forward<Args>(args)...)] {
    auto build = [](const auto&... each) -> std::unique_ptr<Actor> {
      return std::make_unique<A>(each...);
    };
    return std::apply(build, kept);
  };
  return spawn(std::move(options), std::move(factory));
}

template <class R>
Answer<R> System::answer_of(Envelope& reply) {
  if (reply.failure) return std::move(*reply.failure);
  if constexpr (std::is_void_v<R>) {
    return {};
  } else {
    auto value = reply.body.template take<R>();
    if (!value) return Failure{Errc::bad_input, "the reply does not decode"};
    return std::move(*value);
  }
}

template <class M>
Answer<ReplyOf<M>> System::ask(const ActorRef& to, M message, Duration timeout) {
  auto reply = call(detail::make_envelope(to, Message(std::move(message))), to, timeout, true);
  return answer_of<ReplyOf<M>>(*reply);
}

template <class M>
void System::ask_later(
    const ActorRef& to, M message, Duration timeout, std::function<void(Answer<ReplyOf<M>>)> done) {
  call_later(detail::make_envelope(to, Message(std::move(message))), to, timeout,
      [done = std::move(done)](
          std::unique_ptr<Envelope> reply) { done(answer_of<ReplyOf<M>>(*reply)); });
}

template <class M>
Answer<void> System::send(const ActorRef& to, M message, Duration timeout) {
  auto sent = call(detail::make_envelope(to, Message(std::move(message))), to, timeout, false);
  if (sent->failure) return std::move(*sent->failure);
  return {};
}

}  // namespace tramontane
