#include "runtime/link/remote_actors.h"

#include "runtime/base/check.h"
#include "runtime/link/remote_route.h"

#include <map>
#include <mutex>
#include <utility>

namespace tramontane {

// Two mutexes. `order` is held while routes are told what has changed, so that they hear of it in
// the order in which it did; `mutex` guards the tables, and nothing else is called under it, as
// what arrives looks them up.
class RemoteActors::State : public std::enable_shared_from_this<State> {
 public:
  State(System& s, ProcessId o) : system(s), own(o) {}

  struct Known {
    std::shared_ptr<RemoteRoute> route;
    ProcessId process = 0;
  };

  struct Peer {
    std::shared_ptr<Session> session;
    bool ready = false;
  };

  System& system;
  const ProcessId own;

  std::mutex order;
  mutable std::mutex mutex;  // guards the rest
  std::map<ActorId, Known> actors;
  std::map<std::string, ActorId, std::less<>> names;
  std::map<ProcessId, Peer> peers;
  std::function<void(ProcessId, const std::string&)> on_end;
  std::string over;  // why there are no sessions any more

  void open(ProcessId process, std::unique_ptr<Link> link, SessionOptions options);
  void ready(ProcessId process, const std::shared_ptr<Session>& session);
  void ended(ProcessId process, const std::shared_ptr<Session>& session, const std::string& why);
  bool lives_there(ProcessId process, ActorId actor) const;
  void flush(ActorId actor) const;

  // With the mutex held.
  std::shared_ptr<Session> session_to(ProcessId process) const {
    auto peer = peers.find(process);
    return peer != peers.end() && peer->second.ready ? peer->second.session : nullptr;
  }

  std::vector<std::shared_ptr<RemoteRoute>> routes_to(ProcessId process) const {
    std::vector<std::shared_ptr<RemoteRoute>> routes;
    for (const auto& [id, known] : actors)
      if (known.process == process) routes.push_back(known.route);
    return routes;
  }
};

void RemoteActors::State::open(
    ProcessId process, std::unique_ptr<Link> link, SessionOptions options) {
  std::weak_ptr<State> weak = weak_from_this();
  Session::Events events;
  events.ready = [weak, process](const std::shared_ptr<Session>& session) {
    if (auto state = weak.lock()) state->ready(process, session);
  };
  events.ended = [weak, process](const std::shared_ptr<Session>& session, const std::string& why) {
    if (auto state = weak.lock()) state->ended(process, session, why);
  };
  events.lives_there = [weak, process](ActorId source) {
    auto state = weak.lock();
    return state != nullptr && state->lives_there(process, source);
  };
  events.credit = [weak](ActorId target) {
    if (auto state = weak.lock()) state->flush(target);
  };
  std::shared_ptr<Session> before;
  std::shared_ptr<Session> opened;
  std::string refused;
  {
    std::lock_guard ordered(order);  // the session may be ready at once
    opened = Session::open(system, std::move(link), std::move(options), std::move(events));
    std::lock_guard lock(mutex);
    before = std::exchange(peers[process], {opened, false}).session;
    refused = over;
  }
  if (before != nullptr) before->end("another connection has taken its place");
  if (!refused.empty()) opened->end(refused);
}

void RemoteActors::State::ready(ProcessId process, const std::shared_ptr<Session>& session) {
  std::lock_guard ordered(order);
  std::vector<std::shared_ptr<RemoteRoute>> routes;
  {
    std::lock_guard lock(mutex);
    Peer& peer = peers[process];
    if (peer.session != session) return;
    peer.ready = true;
    routes = routes_to(process);
  }
  for (const auto& route : routes) route->connected(session);
}

void RemoteActors::State::ended(
    ProcessId process, const std::shared_ptr<Session>& session, const std::string& why) {
  std::function<void(ProcessId, const std::string&)> call;
  {
    std::lock_guard ordered(order);
    std::vector<std::shared_ptr<RemoteRoute>> routes;
    {
      std::lock_guard lock(mutex);
      auto peer = peers.find(process);
      if (peer != peers.end() && peer->second.session == session) {
        peers.erase(peer);
        call = on_end;
      }
      routes = routes_to(process);
    }
    for (const auto& route : routes) route->disconnected(session, why);
  }
  if (call) call(process, why);
}

bool RemoteActors::State::lives_there(ProcessId process, ActorId actor) const {
  if (numbered_by(actor) == process) return true;
  std::lock_guard lock(mutex);
  auto known = actors.find(actor);
  return known != actors.end() && known->second.process == process;
}

void RemoteActors::State::flush(ActorId actor) const {
  std::shared_ptr<RemoteRoute> route;
  {
    std::lock_guard lock(mutex);
    auto known = actors.find(actor);
    if (known == actors.end()) return;
    route = known->second.route;
  }
  route->flush();
}

RemoteActors::RemoteActors(System& system, ProcessId own)
    : state_(std::make_shared<State>(system, own)) {}

RemoteActors::~RemoteActors() {
  end("nobody wants it any more");
}

ActorRef RemoteActors::add(const RemoteActor& actor) {
  State& s = *state_;
  {
    std::lock_guard ordered(s.order);
    std::lock_guard lock(s.mutex);
    auto known = s.actors.find(actor.id);
    if (known == s.actors.end()) {
      auto route = std::make_shared<RemoteRoute>(
          s.system, actor.id, actor.name, actor.incarnation, s.session_to(actor.process));
      s.actors[actor.id] = {route, actor.process};
      s.names[actor.name] = actor.id;
      return ActorRef(route);
    }
  }
  moved(actor.id, actor.process, actor.incarnation);
  return find(actor.id).value_or(ActorRef());
}

void RemoteActors::moved(ActorId id, ProcessId process, Incarnation incarnation) {
  State& s = *state_;
  std::lock_guard ordered(s.order);
  std::shared_ptr<RemoteRoute> route;
  std::shared_ptr<Session> session;
  {
    std::lock_guard lock(s.mutex);
    auto known = s.actors.find(id);
    if (known == s.actors.end()) return;
    known->second.process = process;
    route = known->second.route;
    session = s.session_to(process);
  }
  route->moved(incarnation, std::move(session));
}

void RemoteActors::gone(ActorId id, const std::string& why) {
  State& s = *state_;
  std::lock_guard ordered(s.order);
  std::shared_ptr<RemoteRoute> route;
  {
    std::lock_guard lock(s.mutex);
    auto known = s.actors.find(id);
    if (known == s.actors.end()) return;
    route = std::move(known->second.route);
    s.actors.erase(known);
    auto name = s.names.find(route->name());
    if (name != s.names.end() && name->second == id) s.names.erase(name);
  }
  route->gone(why);
}

void RemoteActors::connect(
    ProcessId process, const std::string& peer_name, std::unique_ptr<Link> link) {
  connect(process, peer_name, std::move(link), SessionOptions());
}

void RemoteActors::connect(ProcessId process, const std::string& peer_name,
    std::unique_ptr<Link> link, SessionOptions options) {
  options.own = state_->own;
  options.peer = process;
  options.peer_name = peer_name;
  state_->open(process, std::move(link), std::move(options));
}

void RemoteActors::disconnect(ProcessId process, const std::string& why) {
  std::shared_ptr<Session> session;
  {
    std::lock_guard lock(state_->mutex);
    auto peer = state_->peers.find(process);
    if (peer == state_->peers.end()) return;
    session = peer->second.session;
  }
  session->end(why);
}

std::optional<Duration> RemoteActors::silence(ProcessId process) const {
  std::lock_guard lock(state_->mutex);
  auto peer = state_->peers.find(process);
  if (peer == state_->peers.end()) return std::nullopt;
  return peer->second.session->silence();
}

void RemoteActors::end(const std::string& why) {
  std::vector<std::shared_ptr<Session>> sessions;
  {
    std::lock_guard lock(state_->mutex);
    state_->over = why;
    for (const auto& [process, peer] : state_->peers) sessions.push_back(peer.session);
  }
  for (const auto& session : sessions) session->end(why);
}

std::optional<ActorRef> RemoteActors::find(std::string_view name) const {
  std::lock_guard lock(state_->mutex);
  auto found = state_->names.find(name);
  if (found == state_->names.end()) return std::nullopt;
  return ActorRef(state_->actors.at(found->second).route);
}

std::optional<ActorRef> RemoteActors::find(ActorId id) const {
  std::lock_guard lock(state_->mutex);
  auto found = state_->actors.find(id);
  if (found == state_->actors.end()) return std::nullopt;
  return ActorRef(found->second.route);
}

std::vector<RemoteActor> RemoteActors::actors() const {
  std::lock_guard lock(state_->mutex);
  std::vector<RemoteActor> all;
  for (const auto& [id, known] : state_->actors)
    all.push_back({id, known.route->name(), known.process, known.route->incarnation()});
  return all;
}

void RemoteActors::on_session_end(std::function<void(ProcessId, const std::string&)> call) {
  std::lock_guard lock(state_->mutex);
  state_->on_end = std::move(call);
}

}  // namespace tramontane
