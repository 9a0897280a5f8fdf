#pragma once
// The Agent has the workers of one job: it starts them, introduces those to each other whose actors
// talk, starts them again when they die, and stops them in order. It is an actor of the process
// that the user started; that process's own actors are started beside it (start_actors(), kind.h).
//
//   auto remote = std::make_shared<RemoteActors>(system, 0);
//   system.attach(remote);
//   auto ids = number_actors(graph, *remote);               // references to all are good now
//   start_actors(system, graph, kinds, process);
//   ActorRef agent = system.spawn({.name = "agent", .mailbox = …}, [&] {
//     return std::make_unique<Agent>(graph, ids, remote, host, options); });
//   …
//   system.ask(agent, StopGraph{20s}, 25s);          // each before those that were started earlier
//
// A worker whose process dies, or one of whose actors fails, is started again by the restart policy
// of its first actor; its actors live their next incarnation, and references stay good. A process
// that was killed from outside after it had done something costs nothing of the policy's budget.
// One all of whose actors ended by themselves has come to its end.
//
// A worker that its host wants in another place (a node that is drained) ends in order there and is
// started again, which costs nothing either.
//
// A worker that stands still is told in the status of its actors, and at last killed
// (AgentOptions). That this process itself stood still is nobody's silence.
//
// Every end has an exit record for each actor: what the worker said, or else how the process ended,
// with the last lines of its log, what it held, and its peak memory. Where workers run, and how
// they are connected, is the host's (worker_host.h).
//
// What workers count is added to this system's own counters, what their actors log (from info on)
// to its log.
//
// Two processes whose connection is lost while both live are introduced to each other again.
//
// Messages: StopGraph (answered when all actors of the graph have ended, here and in workers),
// AskWorkers, EndFaults, and what workers say.

#include "runtime/actor/actor.h"
#include "runtime/link/remote_actors.h"
#include "runtime/node/faults.h"
#include "runtime/node/graph.h"
#include "runtime/node/messages.h"
#include "runtime/node/worker_host.h"

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace tramontane {

struct StopGraph {
  using Reply = void;
  // For all of them; a worker that has not ended by then is killed, and named.
  Duration patience{};
};

struct WorkerInfo {
  std::string name;
  ProcessId process = 0;
  int pid = 0;  // 0: it does not run now
  std::uint32_t starts = 0;
  std::uint64_t memory = 0;  // its peak, bytes
  std::vector<ActorStatus> actors;
};

struct WorkerList {
  std::vector<WorkerInfo> workers;
};

struct AskWorkers {
  using Reply = WorkerList;
};

// No fault is caused any more that was asked for.
struct EndFaults {};

struct AgentTick {};

template <>
struct Codec<EndFaults> : LocalCodec<EndFaults> {};

template <>
struct Codec<AgentTick> : LocalCodec<AgentTick> {};

template <>
struct Codec<StopGraph> : LocalCodec<StopGraph> {};

template <>
struct Codec<WorkerList> : LocalCodec<WorkerList> {};

template <>
struct Codec<AskWorkers> : LocalCodec<AskWorkers> {};

// Ids for the actors that live in workers, and for the workers themselves ("worker/NAME").
std::map<std::string, ActorId> number_actors(const Graph& graph, RemoteActors& remote);

struct AgentOptions {
  std::string folder;  // the job's
  std::uint64_t seed = 0;
  // A worker of which nothing was heard for so long is said to stand still; after the second it is
  // killed, and started again. Workers say every second that they are alive, whatever their actors
  // do, so this is a process that was stopped, or a machine that is out of breath.
  Duration slow = std::chrono::seconds(5);
  Duration still = std::chrono::seconds(60);
  // Asked for, to see what comes of them.
  std::vector<FaultRule> faults;
  // For a worker to end in order where it is to be no longer; then it is killed there.
  Duration leave = std::chrono::seconds(10);
  // From the agent's strand. Every end of an actor in a worker; one without another life after it.
  std::function<void(const ExitRecord&)> on_exit;
  std::function<void(const ExitRecord&)> on_escalation;
  // From the agent's strand, whenever more is known of the workers.
  std::function<void(const WorkerList&)> on_workers;
};

class Agent final : public Actor {
 public:
  // Graph and host outlive the actor.
  Agent(const Graph& graph, std::map<std::string, ActorId> ids,
      std::shared_ptr<RemoteActors> remote, WorkerHost& host, AgentOptions options);
  ~Agent() override;

  Task<void> start() override;

 private:
  struct Worker;

  Task<void> stop_graph(StopGraph order);
  WorkerList list(AskWorkers request);
  void ended(ActorEnded message);
  void status(WorkerStatus message);
  void lines(WorkerLines message);
  void lost(ConnectionLost notice);
  void end_faults(EndFaults order);
  void tick(AgentTick tick);

  void launch(Worker& worker);
  WorkerSetup setup_of(const Worker& worker) const;
  void introduce(Worker& worker);
  void introduce_here(Worker& worker);
  void introduce_pair(Worker& one, Worker& other);
  void reconnect(ProcessId one, ProcessId other);
  Worker* running(ProcessId process) const;
  std::vector<RemoteActor> actors_of(const Worker& worker) const;
  std::vector<RemoteActor> own_actors() const;
  bool talk(const Worker& one, const Worker& other) const;

  void look_after(Worker& worker);
  void move(Worker& worker);
  void cause_faults();
  void cause(const DueFault& fault, Worker& worker);
  void bury_moving(Worker& worker, std::vector<ExitRecord> records);
  void listen(Worker& worker);
  Duration silence(const Worker& worker) const;
  void bury(Worker& worker, const ChildEnd& end);
  ExitRecord record_of(const Worker& worker, const GraphActor& actor, const ChildEnd& end) const;
  void give_up(Worker& worker, const ExitRecord& record);
  void say_gone(const Worker& worker, const std::string& why);
  Task<void> stop_one(Worker& worker, Duration patience);
  Task<void> stop_here(ActorRef actor, Duration patience);

  const Graph& graph_;
  const std::map<std::string, ActorId> ids_;
  const std::shared_ptr<RemoteActors> remote_;
  WorkerHost& host_;
  const AgentOptions options_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::set<std::pair<std::string, std::string>> pairs_;   // of workers whose actors talk
  std::map<std::pair<ProcessId, ProcessId>, Time> lost_;  // connections, and when to make them anew
  ProcessId last_process_ = 0;
  Time awake_{};      // since when this process has not stood still itself
  Time last_look_{};  // at the workers
  bool stopping_ = false;
  std::optional<FaultClock> faults_;
};

}  // namespace tramontane
