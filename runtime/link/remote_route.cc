#include "runtime/link/remote_route.h"

#include "runtime/actor/system.h"
#include "runtime/actor/watch.h"
#include "runtime/base/check.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace tramontane {

RemoteRoute::RemoteRoute(System& system, ActorId id, std::string name, Incarnation incarnation,
    std::shared_ptr<Session> session)
    : Route(id, std::move(name)),
      system_(system),
      incarnation_(incarnation),
      session_(std::move(session)) {}

Route::Delivery RemoteRoute::deliver(std::unique_ptr<Envelope>& envelope, bool may_park) {
  std::lock_guard lock(mutex_);
  Incarnation wanted = envelope->incarnation;
  if (gone_) {
    envelope->failure = Failure{Errc::closed, str(name(), " is gone: ", away_)};
    return Delivery::not_delivered;
  }
  if (wanted != 0 && wanted != incarnation()) {
    envelope->failure = Failure{
        Errc::stale, str(name(), " is not incarnation ", wanted, " any more, but ", incarnation())};
    return Delivery::not_delivered;
  }
  if (parked_.empty() && session_ != nullptr) {
    bool just_now = envelope->sent != Time();
    Session::Sent sent =
        session_->send(envelope, just_now ? envelope->sent : system_.clock().now());
    if (sent == Session::Sent::sent) return Delivery::admitted;
    if (sent == Session::Sent::refused) return Delivery::not_delivered;
  }
  // Notices of the control lane are few, and nobody would send them again.
  if (!may_park && !envelope->exempt) {
    envelope->failure = Failure{Errc::full, ""};
    return Delivery::not_delivered;
  }
  parked_.push_back(std::move(envelope));
  return Delivery::parked;
}

std::unique_ptr<Envelope> RemoteRoute::withdraw(const Inbox& sender, Ticket ticket) {
  std::lock_guard lock(mutex_);
  auto mine = std::find_if(parked_.begin(), parked_.end(), [&](const auto& envelope) {
    return envelope->reply_to.get() == &sender && envelope->ticket == ticket;
  });
  if (mine == parked_.end()) return nullptr;
  std::unique_ptr<Envelope> envelope = std::move(*mine);
  parked_.erase(mine);
  return envelope;
}

void RemoteRoute::abandon(const Inbox& sender, Ticket ticket) {
  std::lock_guard lock(mutex_);
  if (session_ != nullptr) session_->abandon(sender, ticket);
}

std::string RemoteRoute::fullness() const {
  std::lock_guard lock(mutex_);
  if (gone_) return str(name(), " is gone: ", away_);
  if (session_ == nullptr)
    return str(name(), " is away: ", away_, "; messages that may wait would");
  const MailboxLimits& window = session_->options().window;
  return str("as much is on its way to ", name(), " in ", session_->options().peer_name,
      " as may be: about ", window.messages, " messages, ", window.bytes, " bytes; ",
      parked_.size(), " wait here");
}

bool RemoteRoute::add_watcher(ActorRef watcher) {
  std::lock_guard lock(mutex_);
  if (gone_) return false;
  if (std::find(watchers_.begin(), watchers_.end(), watcher) == watchers_.end())
    watchers_.push_back(std::move(watcher));
  return true;
}

void RemoteRoute::connected(std::shared_ptr<Session> session) {
  Told told;
  {
    std::lock_guard lock(mutex_);
    if (gone_) return;
    session_ = std::move(session);
    send_parked(told);
  }
  tell(std::move(told));
}

void RemoteRoute::disconnected(const std::shared_ptr<Session>& session, const std::string& why) {
  Told told;
  {
    std::lock_guard lock(mutex_);
    if (session_ == nullptr) away_ = why;
    if (session_ != session) return;
    session_ = nullptr;
    away_ = why;
    end_life(told, why, true);
  }
  tell(std::move(told));
}

void RemoteRoute::moved(Incarnation incarnation, std::shared_ptr<Session> session) {
  Told told;
  {
    std::lock_guard lock(mutex_);
    if (gone_) return;
    if (incarnation != this->incarnation()) {
      end_life(told, str("its life ", incarnation, " has begun"), true);
      for (Parked waiting = std::exchange(parked_, {}); !waiting.empty(); waiting.pop_front()) {
        Incarnation wanted = waiting.front()->incarnation;
        if (wanted == 0 || wanted == incarnation) {
          parked_.push_back(std::move(waiting.front()));
        } else {
          fail(told, std::move(waiting.front()), Errc::stale,
              str(name(), " is not incarnation ", wanted, " any more, but ", incarnation));
        }
      }
      incarnation_.store(incarnation, std::memory_order_relaxed);
    }
    if (session == nullptr && session_ != nullptr) away_ = "its new process has not connected yet";
    session_ = std::move(session);
    send_parked(told);
  }
  tell(std::move(told));
}

void RemoteRoute::gone(const std::string& why) {
  Told told;
  {
    std::lock_guard lock(mutex_);
    if (std::exchange(gone_, true)) return;
    session_ = nullptr;
    away_ = why;
    // Also where the end of its last life was told: it said that another follows.
    end_life(told, why, false);
    for (auto& envelope : std::exchange(parked_, {}))
      fail(told, std::move(envelope), Errc::closed, str(name(), " is gone: ", why));
  }
  tell(std::move(told));
}

void RemoteRoute::flush() {
  Told told;
  {
    std::lock_guard lock(mutex_);
    send_parked(told);
  }
  tell(std::move(told));
}

void RemoteRoute::send_parked(Told& told) {
  while (!parked_.empty() && session_ != nullptr) {
    Session::Sent sent = session_->send(parked_.front(), system_.clock().now());
    if (sent == Session::Sent::no_credit || sent == Session::Sent::ended) return;
    if (sent == Session::Sent::refused) told.bounced.push_back(std::move(parked_.front()));
    parked_.pop_front();
  }
}

void RemoteRoute::end_life(Told& told, const std::string& why, bool restarts) {
  if (ended_ >= incarnation() && restarts) return;
  ended_ = incarnation();
  told.watchers = restarts ? watchers_ : std::exchange(watchers_, {});
  told.why = why;
  told.life = ended_;
  told.restarts = restarts;
}

void RemoteRoute::fail(
    Told& told, std::unique_ptr<Envelope> envelope, Errc code, std::string text) {
  envelope->failure = Failure{code, std::move(text)};
  told.bounced.push_back(std::move(envelope));
}

void RemoteRoute::tell(Told told) {
  Time now = system_.clock().now();
  for (auto& envelope : told.bounced) {
    if (!envelope->wants_reply()) continue;
    envelope->sent = now;
    envelope->kind = Item::Kind::wake;
    envelope->is_reply = true;
    std::shared_ptr<Inbox> sender = std::move(envelope->reply_to);
    sender->push(std::move(envelope));
  }
  for (const ActorRef& watcher : told.watchers) {
    auto notice = detail::make_envelope(watcher,
        Message(ActorExited{id(), name(), told.life, ExitCause::killed, told.why, told.restarts}));
    notice->source = id();
    notice->sent = now;
    notice->exempt = true;
    std::ignore = watcher.route()->deliver(notice, false);
  }
}

}  // namespace tramontane
