#pragma once
// The DriverActor speaks with nodes for a driver: it keeps a session to each that has workers of
// the job, starts workers where they are placed, and finds new places for those whose node is lost.
//
// Messages: LaunchWorker, EndWorker, ConnectPair from its ClusterHost; NodeConnected and NodeLost
// from the threads of its process; WorkerGone, MeetingFailed, FoundSeat and SeatWorkers from nodes.

#include "runtime/actor/actor.h"
#include "runtime/cluster/messages.h"
#include "runtime/cluster/seats.h"
#include "runtime/link/remote_actors.h"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tramontane {

struct LaunchWorker {
  ProcessId process = 0;
  std::string name;
  Bytes setup;
};

struct EndWorker {
  ProcessId process = 0;
};

// Two of the job's processes; 0 is the driver.
struct ConnectPair {
  ProcessId one = 0;
  Bytes to_one;
  ProcessId other = 0;
  Bytes to_other;
};

struct NodeConnected {
  std::string address;
  ProcessId process = 0;
  ActorRef actor;
};

struct NodeLost {
  ProcessId process = 0;
  std::string why;
};

struct DriverTick {};

template <>
struct Codec<LaunchWorker> : LocalCodec<LaunchWorker> {};

template <>
struct Codec<EndWorker> : LocalCodec<EndWorker> {};

template <>
struct Codec<ConnectPair> : LocalCodec<ConnectPair> {};

template <>
struct Codec<NodeConnected> : LocalCodec<NodeConnected> {};

template <>
struct Codec<NodeLost> : LocalCodec<NodeLost> {};

template <>
struct Codec<DriverTick> : LocalCodec<DriverTick> {};

class DriverActor final : public Actor {
 public:
  DriverActor(DriverSetup setup, ActorRef own_node, std::shared_ptr<Seats> seats);
  ~DriverActor() override;

  Task<void> start() override;

 private:
  struct Node;
  struct Worker;

  void launch(LaunchWorker order);
  void end_worker(EndWorker order);
  void connect_pair(ConnectPair order);
  void node_connected(NodeConnected notice);
  void node_lost(NodeLost notice);
  void worker_gone(WorkerGone notice);
  void meeting_failed(MeetingFailed notice);
  void seat_workers(SeatWorkers order);
  void found_seat(FoundSeat found);
  void tick(DriverTick tick);

  void advance();
  void advance(ProcessId process, Worker& worker);
  void look_for_seat(Worker& worker);
  bool connect_now(const ConnectPair& pair);
  void ended(ProcessId process, const ChildEnd& end);
  Node& node_at(const std::string& address);

  const DriverSetup setup_;
  const ActorRef own_node_;
  const std::shared_ptr<Seats> seats_;
  std::map<std::string, WorkerSeat> places_;            // by worker
  std::map<std::string, std::unique_ptr<Node>> nodes_;  // by address
  std::map<ProcessId, std::unique_ptr<Worker>> workers_;
  std::vector<ConnectPair> pairs_;  // to be connected once both are there
};

}  // namespace tramontane
