#pragma once
// A StartedGraph is a graph that runs: its threads in this process, the rest in workers.
//
//   System system({.pools = pools_here(graph), …});
//   StartedGraph started(system, graph, kinds, process, {.seed = 7, .on_exit = …});
//   started.start();
//   …
//   started.stop(20s);      // in the opposite order of their starting, wherever they are; then
//   system.stop(20s);       // what is left here
//
// Thread rule: start() and stop() from one thread that is no actor's; the rest from any.

#include "runtime/actor/actor_status.h"
#include "runtime/actor/exit_record.h"
#include "runtime/node/faults.h"
#include "runtime/node/kind.h"
#include "runtime/node/worker_host.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

namespace tramontane {

// What a system must have for the part of the graph that is in this process.
std::vector<PoolOptions> pools_here(const Graph& graph);

class StartedGraph {
 public:
  struct Options {
    std::uint64_t seed = 0;
    // As a System's, of actors in workers: what the system itself is told of those here.
    std::function<void(const ExitRecord&)> on_exit;
    std::function<void(const ExitRecord&)> on_escalation;
    std::vector<FaultRule> faults;  // asked for; those that check_faults() let pass
    // Where the workers run; null: as processes of this machine. Outlives the system.
    WorkerHost* host = nullptr;
  };

  // All that is referred to outlives it; the graph was checked.
  StartedGraph(System& system, const Graph& graph, const Kinds& kinds, ProcessContext& process,
      Options options);
  ~StartedGraph();
  StartedGraph(const StartedGraph&) = delete;
  StartedGraph& operator=(const StartedGraph&) = delete;

  void start();
  void stop(Duration patience);

  // What is to end need not be disturbed any more.
  void end_faults();

  // Of workers, as they last told; where they are in `pid`.
  std::vector<ActorStatus> actors() const;
  // Workers that were started, all their lives counted.
  std::uint32_t processes() const;
  // The peaks of those that run, bytes.
  std::uint64_t memory() const;

 private:
  class State;

  std::shared_ptr<State> state_;
};

}  // namespace tramontane
