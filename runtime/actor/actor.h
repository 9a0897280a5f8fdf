#pragma once
// An Actor is state that only its own handlers touch, one message at a time.
//
//   class LedgerActor final : public Actor {
//    public:
//     explicit LedgerActor(Options options) : options_(options) {
//       handle(&LedgerActor::lease_tasks);
//       handle(&LedgerActor::append);
//     }
//
//    private:
//     Task<TaskList> lease_tasks(LeaseTasks request);  // may co_await
//     Answer<void> append(Segments segments);               // or be a plain function
//   };
//
// A handler takes its message by value and gives M::Reply, plain or as Answer, Result or Task
// of one of these. A Failure or error code that it returns reaches the caller as such. An exception
// that escapes stops this actor alone: its caller gets `failed` with the text, unread mail is
// bounced, an exit record is made, and the restart policy decides whether a new one is built.
//
// The next message waits until the handler is done, also while it co_awaits: no handler sees the
// actor half-changed by another. Long work is done in steps: work() is called again and again
// between messages while has_work() is true, so mail never waits for more than one step.
//
// GCC 12 cannot compile brace lists of several elements, or (co_await f()).g() in a template,
// inside an expression that awaits ("array used as initializer"): name the value first.
//
// Threads: everything runs on the actor's strand. Nothing here may be called from elsewhere.

#include "runtime/actor/actor_ref.h"
#include "runtime/actor/pending.h"
#include "runtime/actor/pool.h"
#include "runtime/base/async.h"
#include "runtime/base/clock.h"
#include "runtime/base/log.h"
#include "runtime/base/result.h"
#include "runtime/wire/message.h"

#include <coroutine>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace tramontane {

class Actor;
class Cell;
class Metrics;
class Random;
class System;

using Timer = std::uint64_t;  // names one message that comes later; 0 is none

namespace detail {

template <class T>
struct Unwrap {  // the reply type behind what a handler returns
  using type = T;
};

template <class T>
struct Unwrap<Task<T>> : Unwrap<T> {};

template <class T, class E>
struct Unwrap<boost::system::result<T, E>> : Unwrap<T> {};

template <class T>
inline constexpr bool is_task = false;
template <class T>
inline constexpr bool is_task<Task<T>> = true;
template <class T>
inline constexpr bool is_result = false;
template <class T, class E>
inline constexpr bool is_result<boost::system::result<T, E>> = true;

inline Failure to_failure(Failure failure) {
  return failure;
}

Failure to_failure(const boost::system::error_code& error);

template <class R>
void put_reply(Envelope& envelope, R value) {
  if constexpr (is_result<R>) {
    if (!value) {
      envelope.failure = to_failure(value.error());
    } else if constexpr (!std::is_void_v<typename Unwrap<R>::type>) {
      envelope.body = Message(std::move(*value));
    }
  } else {
    envelope.body = Message(std::move(value));
  }
}

// A running handler or step, whatever its result type. Owns the frame.
class RunningTask {
 public:
  RunningTask() = default;

  template <class R>
  explicit RunningTask(Task<R> running) {
    auto handle = running.release();
    frame_ = handle;
    promise_ = &handle.promise();
    collect_ = [](PromiseBase& base, Envelope* envelope) {
      auto& promise = static_cast<typename Task<R>::promise_type&>(base);
      if constexpr (std::is_void_v<R>) {
        promise.take();
      } else {
        auto value = promise.take();
        if (envelope != nullptr) put_reply(*envelope, std::move(value));
      }
    };
  }

  RunningTask(RunningTask&& other) noexcept { *this = std::move(other); }

  RunningTask& operator=(RunningTask&& other) noexcept {
    reset();
    frame_ = std::exchange(other.frame_, {});
    promise_ = other.promise_;
    collect_ = other.collect_;
    return *this;
  }

  ~RunningTask() { reset(); }

  explicit operator bool() const { return static_cast<bool>(frame_); }

  bool done() const { return frame_.done(); }

  std::coroutine_handle<> frame() const { return frame_; }

  void run_on(Strand& strand) {
    promise_->strand = &strand;
    promise_->trampoline = &strand;
  }

  // Once done: stores the result as the envelope's reply, or throws what the coroutine threw.
  void collect(Envelope* envelope) { collect_(*promise_, envelope); }

  void reset() {
    if (frame_) std::exchange(frame_, {}).destroy();
  }

 private:
  std::coroutine_handle<> frame_;
  PromiseBase* promise_ = nullptr;
  void (*collect_)(PromiseBase&, Envelope*) = nullptr;
};

struct Handler {
  std::uint64_t id;
  const char* name;
  // Runs a plain function to its end, or gives the coroutine that is to run.
  std::function<RunningTask(Actor&, Envelope&)> call;
};

}  // namespace detail

class Actor {
 public:
  Actor() = default;
  virtual ~Actor() = default;
  Actor(const Actor&) = delete;
  Actor& operator=(const Actor&) = delete;

  // Before the first message, and after the last; not called when killed or failed.
  virtual Task<void> start() { co_return; }

  virtual Task<void> stop() { co_return; }

  // While true, work() is called between messages, one step each. A step should be short, or
  // co_await; a stop ends its waits early.
  virtual bool has_work() const { return false; }

  virtual Task<void> work() { co_return; }

  // What would be lost with this actor now, for the exit record: "lease 12 (3 rollouts)".
  virtual std::string holding() const { return {}; }

 protected:
  // The method is called for every message of its parameter's type. In the constructor only.
  template <class A, class Return, class M>
  void handle(Return (A::*method)(M));

  // The rest is not available in the constructor; use start().
  ActorRef self() const;
  const std::string& name() const;
  Incarnation incarnation() const;
  System& system() const;
  Time now() const;
  // Who sent the message being handled, from whichever process; nobody if it came from outside any
  // actor, or its sender is gone for good.
  ActorRef sender() const;
  Metrics& metrics() const;
  Pool& pool(std::string_view name) const;
  // Seeded by the system's seed and the actor's name.
  Random& random() const;

  // Also kept, the last few lines, for the exit record.
  void log(Level level, std::string_view text, Fields fields = {}) const;
  // Shown with the actor's status until changed: note("version", "12").
  void note(std::string_view key, std::string value) const;

  // Sends without waiting: Errc::full if there is no room.
  template <class M>
  Answer<void> try_send(const ActorRef& to, M message) {
    return try_send_message(to, Message(std::move(message)));
  }

  // Asks without standing still (pending.h).
  template <class M>

  requires detail::Named<M> Pending<detail::MessageOf<M>> call(
      ActorRef to, M&& message, Duration timeout, std::string_view reason = {}) {
    auto made = std::make_unique<detail::PendingCall>(
        std::move(to), detail::Passed<M>::pack(message), timeout, reason);
    begin_call(*made);
    return Pending<detail::MessageOf<M>>(std::move(made));
  }

  // Puts a message into its own mailbox later; it takes no credit. Forgotten when this life ends.
  template <class M>
  Timer after(Duration wait, M message) {
    return send_self(wait, Message(std::move(message)));
  }

  // That message will not come. False if it came already.
  bool cancel(Timer timer) const;

  // ActorExited (runtime/actor/watch.h) comes when a life of that actor ends. Handle it.
  void watch(const ActorRef& actor) const;

  // Stops after this message, as if asked to.
  void finish() const;
  // Whether nobody waits for the answer to the message being handled any more: its caller gave it
  // up (Pending::cancel(), any(), its own end), or its deadline has passed. A handler that computes
  // for long asks now and then, with co_await yield() before, so that word of it can come in.
  bool abandoned() const;
  // Whether a stop was asked for. A handler that computes for long asks now and then, with
  // co_await yield() before, so that the order can come in.
  bool stop_wanted() const;

 private:
  friend class Cell;

  Answer<void> try_send_message(const ActorRef& to, Message message);
  void begin_call(detail::PendingCall& call) const;
  Timer send_self(Duration wait, Message message);
  void add_handler(detail::Handler handler);
  Cell& cell() const;

  Cell* cell_ = nullptr;
  std::vector<detail::Handler> handlers_;
};

// ---- implementation -------------------------------------------------------------------------

template <class A, class Return, class M>
void Actor::handle(Return (A::*method)(M)) {
  static_assert(std::is_base_of_v<Actor, A>);
  static_assert(std::is_same_v<M, std::remove_cvref_t<M>>, "a handler takes its message by value");
  static_assert(std::is_same_v<typename detail::Unwrap<Return>::type, ReplyOf<M>>,
      "the handler's result is not the message's Reply");
  auto call = [method](Actor& actor, Envelope& envelope) -> detail::RunningTask {
    Result<M> message = envelope.body.take<M>();
    if (!message) {
      envelope.failure = Failure{Errc::bad_input, str("bytes that are no ", Codec<M>::name)};
      return {};
    }
    A& self = static_cast<A&>(actor);
    if constexpr (detail::is_task<Return>) {
      return detail::RunningTask((self.*method)(std::move(*message)));
    } else if constexpr (std::is_void_v<Return>) {
      (self.*method)(std::move(*message));
      return {};
    } else {
      detail::put_reply(envelope, (self.*method)(std::move(*message)));
      return {};
    }
  };
  add_handler({Codec<M>::id, Codec<M>::name, std::move(call)});
}

}  // namespace tramontane
