#pragma once
// The ClusterHost runs a job's workers on the nodes of a cluster: for the agent of a driver
// (runtime/node/agent.h), which knows of it only that workers take a while to be started.
//
//   ClusterHost host(system, {.setup = setup, .node = node_socket, .handover = handover});
//   StartedGraph started(system, graph, kinds, process, {.host = &host});
//
// Each worker goes where the head has placed it. Where a node is lost its workers have ended
// (ChildEnd::instead says so), and those that are started again wait until that node is back or the
// head has another seat for them. Connections come through the driver's own node: no process but
// nodes and the head listens, and drivers and workers have no token.
//
// Thread rule: as for a WorkerHost, and the system has a pool "link".

#include "runtime/actor/system.h"
#include "runtime/base/descriptor.h"
#include "runtime/cluster/messages.h"
#include "runtime/node/worker_host.h"

#include <memory>
#include <string>
#include <vector>

namespace tramontane {

class ClusterHost final : public WorkerHost {
 public:
  struct Options {
    DriverSetup setup;
    Descriptor node;      // a connected socket to the driver's own node
    Descriptor handover;  // where connections come from
  };

  // The system outlives it.
  ClusterHost(System& system, Options options);
  ~ClusterHost() override;

  std::unique_ptr<HostedWorker> start(const WorkerSetup& setup) override;
  void connect(HostedWorker& one, const Introduction& to_one, HostedWorker& other,
      const Introduction& to_other) override;
  std::unique_ptr<Link> connect(HostedWorker& worker, const Introduction& to_worker) override;
  std::vector<std::string> last_lines(const std::string& worker) const override;
  Duration handshake() const override;
  void end() override;

 private:
  class State;

  const std::unique_ptr<State> state_;
};

}  // namespace tramontane
