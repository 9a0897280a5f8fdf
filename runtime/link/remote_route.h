#pragma once
// A RemoteRoute leads to one actor in another process: through the session to that process while
// there is one and it has credit; else messages that may wait are parked here, in order, until they
// are sent or their senders take them back.
//
// Order: nobody overtakes what is parked. Thread rule: any thread. The route locks itself while it
// sends, so that its order is that of the wire.

#include "runtime/actor/actor_ref.h"
#include "runtime/link/session.h"

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace tramontane {

class RemoteRoute final : public Route {
 public:
  // `session`: null while there is none.
  RemoteRoute(System& system, ActorId id, std::string name, Incarnation incarnation,
      std::shared_ptr<Session> session);

  Delivery deliver(std::unique_ptr<Envelope>& envelope, bool may_park) override;
  std::unique_ptr<Envelope> withdraw(const Inbox& sender, Ticket ticket) override;
  void abandon(const Inbox& sender, Ticket ticket) override;
  std::string fullness() const override;
  bool add_watcher(ActorRef watcher) override;

  Incarnation incarnation() const override { return incarnation_.load(std::memory_order_relaxed); }

  // Of the process that it lives in; ready. What is parked goes on.
  void connected(std::shared_ptr<Session> session);
  // That session has ended: so has the actor's life, and its watchers hear of it.
  void disconnected(const std::shared_ptr<Session>& session, const std::string& why);
  // It lives elsewhere, or anew; what was for its earlier life alone comes back as stale.
  void moved(Incarnation incarnation, std::shared_ptr<Session> session);
  // For good.
  void gone(const std::string& why);
  // The session has credit for it again.
  void flush();

 private:
  using Parked = std::deque<std::unique_ptr<Envelope>>;

  // What is to be said once the mutex is free.
  struct Told {
    Parked bounced;  // each with its failure
    std::vector<ActorRef> watchers;
    std::string why;
    Incarnation life = 0;
    bool restarts = true;
  };

  // With the mutex held.
  void send_parked(Told& told);
  void end_life(Told& told, const std::string& why, bool restarts);
  static void fail(Told& told, std::unique_ptr<Envelope> envelope, Errc code, std::string text);
  // Without.
  void tell(Told told);

  System& system_;
  std::atomic<Incarnation> incarnation_;

  mutable std::mutex mutex_;  // guards the rest
  std::shared_ptr<Session> session_;
  std::string away_ = "its process has not connected yet";  // why there is no session
  bool gone_ = false;
  Parked parked_;
  std::vector<ActorRef> watchers_;
  Incarnation ended_ = 0;  // the last life whose end the watchers know of
};

}  // namespace tramontane
