// Calls to actors from outside any actor, whose answer comes by a callback.

#include "runtime/actor/system.h"
#include "runtime/base/check.h"

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
    std::string text = withdrawn ? str(to_.name(), " had no room for ", type_, ": not delivered")
                                 : str("no reply from ", to_.name(), " to ", type_,
                                       ": whether it was done is unknown");
    auto late = withdrawn ? std::move(withdrawn) : std::make_unique<Envelope>();
    late->failure = Failure{Errc::timeout, std::move(text)};
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
    envelope->failure = Failure{Errc::undeliverable, "a message to nobody: the address is empty"};
    return done(std::move(envelope));
  }
  std::string type = envelope->body.name();
  envelope = stamped(std::move(envelope));
  envelope->deadline = after(clock().now(), timeout);
  std::make_shared<LaterCall>(clock(), to, std::move(type), std::move(done))
      ->start(std::move(envelope));
}

}  // namespace tramontane
