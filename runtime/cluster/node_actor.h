#pragma once
// The NodeActor offers a node's resources to a cluster: it starts drivers for the head, workers for
// drivers (whichever node those are on), connects workers with each other, and tells how each
// ended.
//
// It joins the head and joins again whenever that connection is lost; drivers and workers go on
// meanwhile. The workers of a driver whose connection ends are killed: whoever decides about them
// is gone, or places them anew.
//
// Messages: those of messages.h that are for a node; Visit and SessionLost from the node's own
// process (node_process.h); HasDialed.

#include "runtime/actor/actor.h"
#include "runtime/cluster/dialer.h"
#include "runtime/cluster/messages.h"
#include "runtime/link/remote_actors.h"
#include "runtime/node/process_host.h"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace tramontane {

class ThreadPool;

// Somebody who connected to this node and proved to be of the cluster.
struct Visit {
  Greeting peer;
  std::shared_ptr<LinkSocket> socket;
};

struct SessionLost {
  ProcessId process = 0;
  std::string why;
};

struct LeaveCluster {
  using Reply = void;
  Duration patience{};
};

struct NodeTick {};

template <>
struct Codec<Visit> : LocalCodec<Visit> {};

template <>
struct Codec<SessionLost> : LocalCodec<SessionLost> {};

template <>
struct Codec<LeaveCluster> : LocalCodec<LeaveCluster> {};

template <>
struct Codec<NodeTick> : LocalCodec<NodeTick> {};

struct NodeOptions {
  JoinCluster offer;                  // its name, address and resources
  std::function<std::string()> head;  // where the head is now; may change
  std::string logs;                   // folder of what drivers print
  std::vector<std::string> driver = {"/proc/self/exe", "serve-driver"};
  Duration join_again = std::chrono::seconds(1);
};

class NodeActor final : public Actor {
 public:
  // `remote` and `links` outlive the actor; `dialer` is of this process.
  NodeActor(NodeOptions options, std::shared_ptr<RemoteActors> remote, ThreadPool& links,
      ActorRef dialer);
  ~NodeActor() override;

  Task<void> start() override;

 private:
  struct Driver;
  struct Knock;

  // For drivers.
  Answer<ProcessStarted> start_worker(StartWorker order);
  void kill_worker(KillWorker order);
  void connect_workers(ConnectWorkers order);
  void meet_node(MeetNode order);
  void seek_seat(SeekSeat request);
  void hear_of_seats(Driver& driver);
  // For the head.
  Answer<ProcessStarted> start_driver(StartDriver order);
  int run_driver(const StartDriver& order);
  FilesChecked check_files(CheckFiles request);
  void stop_driver(StopDriver order);
  void seat_workers(SeatWorkers order);
  void workers_seated(WorkersSeated notice);
  // From this process.
  void visit(Visit visit);
  void dialed(HasDialed answer);
  void lost(SessionLost notice);
  Task<void> leave(LeaveCluster order);
  void tick(NodeTick tick);

  Driver* driver_of_sender();
  Driver* find_driver(std::uint64_t job, std::uint32_t attempt);
  // Hands a socket to a worker, or to the driver itself (0); later if it is still to come.
  void introduce(Driver& driver, ProcessId process, const Bytes& introduction, LinkSocket socket);
  void dial_for(std::uint64_t job, std::string address, Greeting own,
      std::function<void(Dialed)> then, std::function<void(const std::string&)> failed);
  void open_driver(Driver& driver, LinkSocket socket, const std::string& name, ActorId actor);
  void look_after(Driver& driver);
  void look_after_workers(Driver& driver);
  void tell_gone(Driver& driver, WorkerGone gone);
  void tell_end(Driver& driver);
  void see_to_head();
  void joined();
  std::vector<DriverState> driver_states() const;
  void drop_workers(Driver& driver, const std::string& why);

  const NodeOptions options_;
  const std::shared_ptr<RemoteActors> remote_;
  ThreadPool& links_;
  const ActorRef dialer_;
  std::map<ProcessId, std::unique_ptr<Driver>> drivers_;
  std::vector<Knock> knocks_;  // for workers that are still to come

  struct Dialing {
    std::function<void(Dialed)> then;
    std::function<void(const std::string&)> failed;
  };

  std::map<std::uint64_t, Dialing> dialing_;
  std::uint64_t requests_ = 0;

  // The head.
  ActorRef head_;
  bool connected_ = false;  // there is a session to it
  bool member_ = false;     // it has let this node in
  bool dials_head_ = false;
  Time head_told_{};  // when it is to be told again that it is not reached
  Time next_dial_{};
  Pending<JoinCluster> join_;
};

}  // namespace tramontane
