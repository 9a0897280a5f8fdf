// Calls to actors from outside any actor, whose answer comes by a callback.

#include "runtime/actor/call_failures.h"
#include "runtime/actor/system.h"

#include <atomic>
#include <memory>
#include <string>
#include <utility>

namespace tramontane {
namespace {

constexpr Ticket ticket = 1;

// Has one outcome, whichever comes first: the reply, or the deadline.
class LaterCall final : public Inbox, public std::enable_shared_from_this<LaterCall> {
 public:
  using Done = std::function<void(std::unique_ptr<Envelope>)>;

  LaterCall(Clock& clock, ActorRef to, std::string type, Done done)
      : clock_(clock), to_(std::move(to)), type_(std::move(type)), done_(std::move(done)) {}

  void start(std::unique_ptr<Envelope> envelope) {
    if (envelope->deadline != forever)
      timer_ = clock_.call_at(envelope->deadline, [self = shared_from_this()] { self->late(); });
    envelope->ticket = ticket;
    envelope->reply_to = shared_from_this();
    if (to_.route()->deliver(envelope, true) == Route::Delivery::not_delivered)
      push(std::move(envelope));
    else if (over_)  // its deadline came first: it does not wait for room
      to_.route()->withdraw(*this, ticket);
  }

  void push(std::unique_ptr<Item> item) override {
    if (over_.exchange(true)) return;
    clock_.cancel(timer_);
    finish(std::unique_ptr<Envelope>(static_cast<Envelope*>(item.release())));
  }

 private:
  void late() {
    auto withdrawn = to_.route()->withdraw(*this, ticket);
    if (over_.exchange(true)) return;
    if (withdrawn == nullptr) to_.route()->abandon(*this, ticket);
    Failure failure = withdrawn ? detail::no_room(to_, type_) : detail::no_reply(to_, type_);
    auto late = withdrawn ? std::move(withdrawn) : std::make_unique<Envelope>();
    late->failure = std::move(failure);
    finish(std::move(late));
  }

  void finish(std::unique_ptr<Envelope> envelope) {
    std::exchange(done_, nullptr)(std::move(envelope));
  }

  Clock& clock_;
  const ActorRef to_;
  const std::string type_;
  Done done_;
  TimerId timer_;
  std::atomic<bool> over_ = false;
};

}  // namespace

void System::call_later(std::unique_ptr<Envelope> envelope, const ActorRef& to, Duration timeout,
    std::function<void(std::unique_ptr<Envelope>)> done) {
  if (!to) {
    envelope->failure = detail::to_nobody();
    return done(std::move(envelope));
  }
  std::string type = envelope->body.name();
  envelope = stamped(std::move(envelope));
  envelope->deadline = after(clock().now(), timeout);
  std::make_shared<LaterCall>(clock(), to, std::move(type), std::move(done))
      ->start(std::move(envelope));
}

}  // namespace tramontane
