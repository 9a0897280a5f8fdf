#pragma once
// A Pending is a call that its actor does not stand still for: made in one step, looked at in later
// ones.
//
//   Pending<LeaseTasks> asked_;                                 // a member of the actor
//   if (!asked_.waiting()) asked_ = call(ledger_, give(request), 10s, "rollouts to write");
//   …                                                           // has_work() is asked again then
//   if (asked_.ready()) { Answer<TaskList> tasks = asked_.take(); … }
//
// It has a deadline like any call. cancel(), or destroying it, gives the call up: what was not
// delivered yet is taken back, what was not begun is not begun, a handler that runs sees it
// (Actor::abandoned()), and a reply finds nobody. A stop of the actor ends it early, as
// `cancelled`. At most one call at a time each. Threads: the actor's strand.

#include "runtime/actor/actor_ref.h"
#include "runtime/base/check.h"

#include <coroutine>
#include <memory>
#include <utility>

namespace tramontane {

namespace detail {

class PendingCall final : public CallWait {
 public:
  PendingCall(ActorRef to, Message message, Duration timeout, std::string_view reason)
      : CallWait(WaitKind::own, std::move(to), std::move(message), timeout, reason, true) {}

  void start(Strand& strand) { over_ = !begin(strand, std::noop_coroutine()); }

  bool over() const { return over_; }

  std::optional<Failure>& failure() { return failure_; }

  Envelope& reply() { return *envelope_; }

 private:
  void on_wake(std::unique_ptr<Item> item) override {
    CallWait::on_wake(std::move(item));
    over_ = true;
  }

  void on_deadline() override {
    CallWait::on_deadline();
    over_ = true;
  }

  void on_cancel() override {
    CallWait::on_cancel();
    over_ = true;
  }

  bool over_ = false;
};

}  // namespace detail

template <class M>
class Pending {
 public:
  Pending() = default;  // no call

  // Actor::call() makes one.
  explicit Pending(std::unique_ptr<detail::PendingCall> call) : call_(std::move(call)) {}

  explicit operator bool() const { return call_ != nullptr; }

  // No answer yet.
  bool waiting() const { return call_ != nullptr && !call_->over(); }

  // take() has one to give.
  bool ready() const { return call_ != nullptr && call_->over(); }

  // The answer; afterwards there is no call any more.
  Answer<ReplyOf<M>> take() {
    TRAM_CHECK(ready(), "an answer that has not come");
    auto call = std::exchange(call_, nullptr);
    if (call->failure()) return std::move(*call->failure());
    if constexpr (std::is_void_v<ReplyOf<M>>) {
      return {};
    } else {
      auto reply = call->reply().body.template take<ReplyOf<M>>();
      if (!reply) return Failure{Errc::bad_input, "the reply does not decode"};
      return std::move(*reply);
    }
  }

  void cancel() { call_.reset(); }

 private:
  std::unique_ptr<detail::PendingCall> call_;
};

}  // namespace tramontane
