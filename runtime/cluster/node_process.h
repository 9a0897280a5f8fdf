#pragma once
// A NodeProcess is what the process of a node consists of: its system, the port that it listens on,
// and its NodeActor.
//
//   NodeProcess node({.name = "gpu-3", .head = [] { return "10.0.0.1:7700"; }, .token = token,
//       .home = home});
//   tell(node.address());
//   …
//   node.stop(20s);                                  // drivers first
//
// Thread rule: one thread.

#include "runtime/base/home.h"
#include "runtime/base/log.h"
#include "runtime/cluster/node_actor.h"
#include "runtime/link/encryption.h"
#include "runtime/link/tcp_socket.h"

#include <functional>
#include <memory>
#include <string>

namespace tramontane {

class NodeProcess {
 public:
  struct Options {
    JoinCluster offer;  // name and resources; the rest is filled in
    TcpAddress listen{"127.0.0.1", 0};
    std::string advertise;  // a host that others reach it by; empty: as it listens
    std::function<std::string()> head;
    AccessToken token{};
    Encryption encryption = Encryption::beyond_loopback;  // of connections, to and from it
    std::string home;                                     // its log, and those of drivers, below it
    Level terminal = Level::info;
  };

  // Error(io) if the port cannot be had.
  explicit NodeProcess(Options options);
  ~NodeProcess();
  NodeProcess(const NodeProcess&) = delete;
  NodeProcess& operator=(const NodeProcess&) = delete;

  // Where other nodes reach it.
  const std::string& address() const;
  void stop(Duration patience);

 private:
  class State;

  const std::unique_ptr<State> state_;
};

}  // namespace tramontane
