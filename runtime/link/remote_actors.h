#pragma once
// RemoteActors is what one process knows of the actors in others: their names and ids, in which
// process each lives just now, and the session that leads there.
//
//   auto remote = std::make_shared<RemoteActors>(system, own_process);
//   system.attach(remote);                                  // System::find() looks here too
//   ActorRef ledger = remote->add({.id = 7, .name = "ledger", .process = 4, .incarnation = 1});
//   remote->connect(4, "ledger, pid 4711", std::move(link));
//   …  ask(ledger, …) goes through the session
//   remote->moved(7, 9, 2);          // started again, in process 9: references stay good
//   remote->gone(7, "it failed six times");                 // for good: Errc::closed from now on
//
// Between the end of one process and the connection of the next, messages that may wait do, until
// their deadline; others are refused as `full`, saying why. Calls that were under way get
// Errc::unknown. Whoever watches such an actor gets ActorExited once for each life, when its
// session ends or its next life begins, and for the last time when it is gone. A reference that is
// pinned to a life that is over gives `stale`.
//
// Thread rule: any thread.

#include "runtime/actor/system.h"
#include "runtime/link/link.h"
#include "runtime/link/session.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tramontane {

struct RemoteActor {
  ActorId id = 0;
  std::string name;
  ProcessId process = 0;
  Incarnation incarnation = 0;
};

class RemoteActors final : public Directory, public std::enable_shared_from_this<RemoteActors> {
 public:
  // The system outlives it.
  RemoteActors(System& system, ProcessId own);
  ~RemoteActors() override;

  // An actor that lives, or will live, in another process. Again with the same id: as moved().
  ActorRef add(const RemoteActor& actor);
  void moved(ActorId id, ProcessId process, Incarnation incarnation);
  void gone(ActorId id, const std::string& why);

  // A link to that process, whose handshake may still be to come.
  // A session that there is to that process already ends.
  void connect(ProcessId process, const std::string& peer_name, std::unique_ptr<Link> link);
  // The same, with its own window, deadline and so on; own, peer and peer_name are filled in.
  void connect(ProcessId process, const std::string& peer_name, std::unique_ptr<Link> link,
      SessionOptions options);
  void disconnect(ProcessId process, const std::string& why);
  // How long nothing has come from that process; nothing if there is no session to it.
  std::optional<Duration> silence(ProcessId process) const;
  // Ends all sessions, now and later, and waits for nobody. The system does it when it stops.
  void end(const std::string& why) override;

  std::optional<ActorRef> find(std::string_view name) const override;
  std::optional<ActorRef> find(ActorId id) const override;
  std::vector<RemoteActor> actors() const;

  // Called from a link's thread when a session has ended (but for one that another connection has
  // replaced), or could not begin; for whoever must act on it.
  void on_session_end(std::function<void(ProcessId process, const std::string& why)> call);

 private:
  class State;

  const std::shared_ptr<State> state_;
};

}  // namespace tramontane
