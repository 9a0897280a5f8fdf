#pragma once
// Two Systems that stand for two processes, connected by a socket.

#include "runtime/link/remote_actors.h"
#include "runtime/link/socket_link.h"
#include "tests/runtime/actors.h"

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace tramontane {

// One of them. Its link is on a pool of its own, or on that of its actors.
struct Process {
  explicit Process(ProcessId own, std::string link_pool = "links", int threads = 1)
      : id(own),
        log(clock, {.terminal = Level::off}),
        system({.pools = {{"main", threads}, {"links", 1}},
            .clock = &clock,
            .log = &log,
            .first_id = own * 1000}),
        pool(dynamic_cast<ThreadPool&>(system.pool(link_pool))),
        remote(std::make_shared<RemoteActors>(system, own)) {
    system.attach(remote);
    remote->on_session_end([this](ProcessId, const std::string& why) {
      std::lock_guard lock(mutex);
      ends.push_back(why);
    });
  }

  ~Process() { remote->end("the test ends"); }

  // How sessions of this process ended, so far.
  std::vector<std::string> ended() {
    std::lock_guard lock(mutex);
    return ends;
  }

  void connect(ProcessId peer, LinkSocket socket, SessionOptions options = {}) {
    remote->connect(peer, str("process ", peer), socket_link(pool, std::move(socket)), options);
  }

  ProcessId id;
  RealClock clock;
  Log log;
  std::mutex mutex;
  std::vector<std::string> ends;
  System system;
  ThreadPool& pool;
  std::shared_ptr<RemoteActors> remote;
};

// Process 1 asks, process 2 has the actors.
struct Pair {
  explicit Pair(SessionOptions options = {}, const std::string& link_pool = "links")
      : one(1, link_pool), two(2, link_pool) {
    connect(options);
  }

  // The ends of one connection.
  Pair(LinkSocket here, LinkSocket there, SessionOptions options = {}) : one(1), two(2) {
    one.connect(2, std::move(here), options);
    two.connect(1, std::move(there), options);
  }

  explicit Pair(std::pair<Descriptor, Descriptor> ends, SessionOptions options = {})
      : Pair(LinkSocket(std::move(ends.first)), LinkSocket(std::move(ends.second)), options) {}

  void connect(SessionOptions options = {}) {
    auto [here, there] = socket_pair();
    one.connect(2, std::move(here), options);
    two.connect(1, std::move(there), options);
  }

  // An actor in process two, as process one sees it.
  ActorRef seen(const ActorRef& actor, Incarnation life = 1) {
    return one.remote->add(
        {.id = actor.id(), .name = std::string(actor.name()), .process = 2, .incarnation = life});
  }

  // And the other way round: an actor of process one that process two knows before it speaks.
  ActorRef script(const std::string& name, Script::Body body, const std::string& pool = "main") {
    ActorId id = ++scripts;
    two.remote->add({.id = id, .name = name, .process = 1, .incarnation = 1});
    return one.system.spawn<Script>({.name = name, .pool = pool, .id = id}, std::move(body));
  }

  ActorId scripts = 500;
  Process one;
  Process two;
};

}  // namespace tramontane
