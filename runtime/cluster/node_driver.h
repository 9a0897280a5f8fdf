#pragma once
// A driver as the node knows it that has workers of it; for the node actor's own sources.

#include "runtime/actor/pending.h"
#include "runtime/cluster/node_actor.h"
#include "runtime/node/handover.h"

#include <map>
#include <memory>
#include <optional>
#include <string>

namespace tramontane {

inline constexpr Duration node_looks_every = std::chrono::milliseconds(20);
// Of a driver that is to end, and what visitors may wait for a worker to come.
inline constexpr Duration driver_patience = std::chrono::seconds(60);
inline constexpr Duration knock_patience = std::chrono::seconds(20);

struct NodeActor::Driver {
  ProcessId number = 0;
  std::uint64_t job = 0;
  std::uint32_t attempt = 0;
  std::string name;
  ActorRef actor;          // to whom the ends of its workers are told
  bool connected = false;  // its session is open

  // Where it runs on this node.
  std::optional<Child> child;
  std::optional<Handover> handover;
  std::string log;
  std::optional<Time> kill_at;  // it was told to end
  std::optional<ProcessEnd> end;
  Pending<DriverEnded> telling;
  bool told = false;
  std::map<std::string, Pending<FindSeat>> seeking;  // by worker

  // Its workers on this node.
  struct Worker {
    std::string name;
    std::unique_ptr<HostedWorker> hosted;
  };

  std::string folder;  // that `host` was made for
  std::unique_ptr<ProcessHost> host;
  std::map<ProcessId, Worker> workers;
};

// Somebody at the door, for a worker that is not there (yet).
struct NodeActor::Knock {
  ProcessId driver = 0;
  ProcessId process = 0;
  Bytes introduction;
  LinkSocket socket;
  Time until{};
};

}  // namespace tramontane
