#pragma once
// An ActorRef is the address of an actor. It is a small value: copy it, keep it, send its id() to
// others. It stays good when the actor is restarted; pinned() is good for one life only.
//
//   Answer<TaskList> tasks = co_await ask(ledger, request, 5s, "tasks to write");
//   Answer<void> sent = co_await send(ledger, segments, 5s, "room for a segment");
//
// A call is done at most once. What ask() answers:
//
//   the reply       the handler returned it
//   failed          the handler threw: the text says what; the actor stopped
//   timeout         the deadline passed. The text says whether the message was delivered; if it
//                   was, whether it was done is unknown
//   undeliverable   the actor failed or was killed before it took the message: not done
//   closed          the actor has stopped for good: not done
//   stale           pinned() to an incarnation that is over: not done
//   refused         the message is larger than the whole mailbox: not done
//   unsupported     the actor has no handler for it: not done
//   cancelled       the asking actor is being stopped: whether it was done is unknown
//   unknown         the actor's process died with it: whether it was done is unknown
//   any code        that the handler itself returned as a Failure or error code
//
// ask() and send() take a message that has a name, and copy it, or move it out of give(message).
// They do not compile with a temporary, which GCC 12 may destroy twice in an expression that
// awaits; messages of plain numbers, with nothing to destroy, are fine. An ActorRef is used while
// its System lives.

#include "runtime/base/all.h"
#include "runtime/base/any.h"
#include "runtime/base/result.h"
#include "runtime/base/strand.h"
#include "runtime/wire/envelope.h"
#include "runtime/wire/message.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tramontane {

class ActorRef;

// Where messages for one actor go: its Cell, or the way to another process. Thread-safe.
class Route {
 public:
  Route(ActorId id, std::string name) : id_(id), name_(std::move(name)) {}

  virtual ~Route() = default;
  Route(const Route&) = delete;
  Route& operator=(const Route&) = delete;

  ActorId id() const { return id_; }

  const std::string& name() const { return name_; }

  enum class Delivery { admitted, parked, not_delivered };

  // Takes `envelope`, unless not_delivered: then it is still the caller's and its failure is set.
  // With `may_park` a full mailbox is no failure: the envelope waits there for room.
  virtual Delivery deliver(std::unique_ptr<Envelope>& envelope, bool may_park) = 0;

  // The parked envelope of that waiter, taken back; null if it was admitted meanwhile.
  virtual std::unique_ptr<Envelope> withdraw(const Inbox& sender, Ticket ticket) = 0;

  // Nobody waits for the answer to that call any more: if it has not been begun, it will not be,
  // and a handler that runs sees it (Actor::abandoned()). What is under way just then may miss it.
  virtual void abandon(const Inbox& sender, Ticket ticket) = 0;

  virtual Incarnation incarnation() const = 0;

  // `watcher` gets ActorExited whenever a life of this actor ends, once however often it is added.
  // False if it is dead for good.
  virtual bool add_watcher(ActorRef watcher) = 0;

  // The text of an Errc::full, which deliver() leaves out: most who get it wait, and need none.
  virtual std::string fullness() const = 0;

 private:
  const ActorId id_;
  const std::string name_;
};

class ActorRef {
 public:
  ActorRef() = default;  // nobody

  explicit ActorRef(std::shared_ptr<Route> route, Incarnation incarnation = 0)
      : route_(std::move(route)), incarnation_(incarnation) {}

  explicit operator bool() const { return route_ != nullptr; }

  ActorId id() const { return route_ ? route_->id() : 0; }

  std::string_view name() const { return route_ ? std::string_view(route_->name()) : "nobody"; }

  Incarnation incarnation() const { return incarnation_; }  // 0: any

  // The same actor, in its present life only.
  ActorRef pinned() const { return ActorRef(route_, route_ ? route_->incarnation() : 0); }

  const std::shared_ptr<Route>& route() const { return route_; }

  bool operator==(const ActorRef& other) const { return id() == other.id(); }

 private:
  std::shared_ptr<Route> route_;
  Incarnation incarnation_ = 0;
};

// A message that its owner gives away: ask(ledger, give(request), …).
template <class M>
struct Given {
  M* message;
};

template <class M>
Given<M> give(M& message) {
  return {&message};
}

namespace detail {

// What may stand in an expression that awaits, and which message it is.
template <class M>
struct Passed {
  using type = std::remove_cvref_t<M>;
  static constexpr bool safe =
      std::is_lvalue_reference_v<M> || std::is_trivially_destructible_v<type>;

  static Message pack(const type& message) { return Message(type(message)); }
};

template <class M>
struct Passed<Given<M>> {
  using type = M;
  static constexpr bool safe = true;

  static Message pack(Given<M> given) { return Message(std::move(*given.message)); }
};

template <class M>
concept Named = Passed<M>::safe;

template <class M>
using MessageOf = typename Passed<M>::type;

std::unique_ptr<Envelope> make_envelope(const ActorRef& to, Message&& message);

// Delivers at once or fails; for callers that cannot wait.
Answer<void> deliver_now(const ActorRef& to, std::unique_ptr<Envelope> envelope);

// The wait of ask() and send().
class CallWait : public Wait {
 public:
  CallWait(WaitKind kind, ActorRef&& to, Message&& message, Duration timeout,
      std::string_view reason, bool asks);

  CallWait(
      WaitKind kind, ActorRef&& to, Message&& message, Duration timeout, std::string_view reason)
      : CallWait(
            kind, std::move(to), std::move(message), timeout, reason, kind == WaitKind::reply) {}

  ~CallWait() override;

  bool await_ready() const noexcept { return false; }

  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> self) {
    return begin(*self.promise().strand, self);
  }

 protected:
  // False if it is over already.
  bool begin(Strand& strand, std::coroutine_handle<> self);

  void on_wake(std::unique_ptr<Item> item) override;

  void on_deadline() override { give_up(Errc::timeout); }

  void on_cancel() override { give_up(Errc::cancelled); }

  std::optional<Failure> failure_;
  std::unique_ptr<Envelope> envelope_;  // to be sent, then the answer

 private:
  bool begin_ask(Strand& strand, std::coroutine_handle<> self);
  bool begin_send(Strand& strand, std::coroutine_handle<> self);
  bool over();
  void give_up(Errc code);

  const ActorRef to_;
  const Duration timeout_;
  const bool asks_;
};

template <class M>
class AskWait final : public CallWait {
 public:
  using CallWait::CallWait;

  Answer<ReplyOf<M>> await_resume() {
    if (failure_) return std::move(*failure_);
    if constexpr (std::is_void_v<ReplyOf<M>>) {
      return {};
    } else {
      auto reply = envelope_->body.template take<ReplyOf<M>>();
      if (!reply) return Failure{Errc::bad_input, "the reply does not decode"};
      return std::move(*reply);
    }
  }
};

class SendWait final : public CallWait {
 public:
  using CallWait::CallWait;

  Answer<void> await_resume() {
    if (failure_) return std::move(*failure_);
    return {};
  }
};

template <class M>
Task<Answer<ReplyOf<M>>> ask_one(ActorRef to, M message, Duration timeout, std::string why) {
  AskWait<M> wait(WaitKind::reply, std::move(to), Message(std::move(message)), timeout, why);
  co_return co_await wait;
}

}  // namespace detail

// Sends a message and waits for its reply, at most `timeout`. Waiting for room counts.
template <class M>
requires detail::Named<M>

[[nodiscard]] detail::AskWait<detail::MessageOf<M>> ask(
    ActorRef to, M&& message, Duration timeout, std::string_view reason = {}) {
  return {WaitKind::reply, std::move(to), detail::Passed<M>::pack(message), timeout, reason};
}

// Puts a message into the actor's mailbox; waits for room, at most `timeout`. Success says that
// the mailbox has it, not that it was handled.
template <class M>
requires detail::Named<M>

[[nodiscard]] detail::SendWait send(
    ActorRef to, M&& message, Duration timeout, std::string_view reason = {}) {
  return {WaitKind::room, std::move(to), detail::Passed<M>::pack(message), timeout, reason};
}

// Asks several actors the same at once; the answers come in the order of `to`.
template <class M>

requires detail::Named<M> Task<std::vector<Answer<ReplyOf<detail::MessageOf<M>>>>> ask_all(
    std::vector<ActorRef> to, M&& message, Duration timeout, std::string reason = {}) {
  using Sent = detail::MessageOf<M>;
  std::vector<Task<Answer<ReplyOf<Sent>>>> parts;
  for (ActorRef& each : to)
    parts.push_back(detail::ask_one<Sent>(std::move(each), message, timeout, reason));
  return all(std::move(parts));
}

// Asks several actors the same at once; the first answer that is none of a failure, or else the
// last failure. The others are not waited for: whether they did it is unknown. `to` is not empty.
template <class M>

requires detail::Named<M> Task<Answer<ReplyOf<detail::MessageOf<M>>>> ask_any(
    std::vector<ActorRef> to, M&& message, Duration timeout, std::string reason = {}) {
  using Sent = detail::MessageOf<M>;
  std::vector<Task<Answer<ReplyOf<Sent>>>> parts;
  for (ActorRef& each : to)
    parts.push_back(detail::ask_one<Sent>(std::move(each), message, timeout, reason));
  return any(std::move(parts));
}

}  // namespace tramontane
