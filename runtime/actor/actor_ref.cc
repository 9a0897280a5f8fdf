#include "runtime/actor/actor_ref.h"

#include "runtime/actor/call_failures.h"
#include "runtime/base/check.h"

#include <chrono>

namespace tramontane::detail {
namespace {

std::string seconds(Duration duration) {
  return str(std::chrono::duration<double>(duration).count(), " s");
}

}  // namespace

std::unique_ptr<Envelope> make_envelope(const ActorRef& to, Message&& message) {
  auto envelope = std::make_unique<Envelope>();
  envelope->target = to.id();
  envelope->incarnation = to.incarnation();
  envelope->body = std::move(message);
  return envelope;
}

Answer<void> deliver_now(const ActorRef& to, std::unique_ptr<Envelope> envelope) {
  if (!to) return to_nobody();
  if (to.route()->deliver(envelope, false) == Route::Delivery::not_delivered) {
    Failure failure = std::move(*envelope->failure);
    if (failure.code == Errc::full) failure.text = to.route()->fullness();
    return failure;
  }
  return {};
}

CallWait::CallWait(WaitKind kind, ActorRef&& to, Message&& message, Duration timeout,
    std::string_view reason, bool asks)
    : Wait(kind, reason),
      envelope_(make_envelope(to, std::move(message))),
      to_(std::move(to)),
      timeout_(timeout),
      asks_(asks) {
  target_ = to_.name();
  what_ = envelope_->body.name();
}

// A frame destroyed while it waits (its actor was killed) takes its parked message along.
CallWait::~CallWait() {
  if (strand_ == nullptr || !to_) return;
  if (to_.route()->withdraw(*strand_, ticket_) == nullptr && asks_)
    to_.route()->abandon(*strand_, ticket_);
}

bool CallWait::begin(Strand& strand, std::coroutine_handle<> self) {
  if (!to_) {
    failure_ = Failure{Errc::undeliverable, str(what_, " to nobody: the address is empty")};
    return false;
  }
  envelope_->source = strand.identity();
  return asks_ ? begin_ask(strand, self) : begin_send(strand, self);
}

bool CallWait::begin_ask(Strand& strand, std::coroutine_handle<> self) {
  Time now = strand.now();
  Time deadline = after(now, timeout_);
  envelope_->sent = now;
  envelope_->deadline = deadline;
  envelope_->ticket = strand.begin(*this, self, now, deadline);
  envelope_->reply_to = strand.shared_from_this();
  if (to_.route()->deliver(envelope_, true) != Route::Delivery::not_delivered) return true;
  return over();
}

bool CallWait::begin_send(Strand& strand, std::coroutine_handle<> self) {
  Time now = strand.now();
  envelope_->sent = now;
  if (to_.route()->deliver(envelope_, false) != Route::Delivery::not_delivered) return false;
  if (envelope_->failure->code != Errc::full) return over();
  envelope_->failure.reset();
  envelope_->announces = true;
  envelope_->ticket = strand.begin(*this, self, now, after(now, timeout_));
  envelope_->reply_to = strand.shared_from_this();
  // Admitted or parked, the mailbox tells when it has it.
  if (to_.route()->deliver(envelope_, true) != Route::Delivery::not_delivered) return true;
  return over();
}

bool CallWait::over() {
  failure_ = std::move(envelope_->failure);
  if (strand_ != nullptr) strand_->end(*this);
  return false;
}

void CallWait::on_wake(std::unique_ptr<Item> item) {
  envelope_.reset(static_cast<Envelope*>(item.release()));
  failure_ = std::move(envelope_->failure);
}

void CallWait::give_up(Errc code) {
  bool undelivered = to_.route()->withdraw(*strand_, ticket_) != nullptr;
  if (!asks_ && !undelivered) return;  // admitted in the last moment
  if (!undelivered) to_.route()->abandon(*strand_, ticket_);
  std::string_view why = code == Errc::timeout ? "" : "the asking actor is being stopped; ";
  if (undelivered) {
    failure_ = Failure{code, str(why, target_, " had no room for ", what_, " within ",
                                 seconds(timeout_), ": not delivered")};
  } else {
    failure_ = Failure{code, str(why, "no reply from ", target_, " to ", what_, " within ",
                                 seconds(timeout_), ": whether it was done is unknown")};
  }
}

}  // namespace tramontane::detail
