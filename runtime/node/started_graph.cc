#include "runtime/node/started_graph.h"

#include "runtime/link/remote_actors.h"
#include "runtime/node/agent.h"
#include "runtime/node/process_host.h"

#include <algorithm>
#include <mutex>
#include <optional>
#include <tuple>
#include <utility>

namespace tramontane {
namespace {

bool has_workers(const Graph& graph) {
  return !graph.workers().empty();
}

}  // namespace

std::vector<PoolOptions> pools_here(const Graph& graph) {
  std::vector<PoolOptions> pools;
  for (const PoolOptions& pool : graph.pools) {
    bool used = std::any_of(graph.actors.begin(), graph.actors.end(), [&](const GraphActor& actor) {
      return actor.worker_name().empty() && actor.pool == pool.name;
    });
    if (used || pool.name == "main") pools.push_back(pool);
  }
  if (has_workers(graph)) pools.push_back({"link", 1});
  return pools;
}

class StartedGraph::State {
 public:
  State(System& s, const Graph& g, const Kinds& k, ProcessContext& p, Options o)
      : system(s), graph(g), kinds(k), process(p), options(std::move(o)) {}

  void know(const WorkerList& workers) {
    std::lock_guard lock(mutex);
    list = workers;
  }

  template <class T>
  std::uint64_t sum(T WorkerInfo::*field) const {
    std::lock_guard lock(mutex);
    std::uint64_t sum = 0;
    for (const WorkerInfo& worker : list.workers) sum += worker.*field;
    return sum;
  }

  System& system;
  const Graph& graph;
  const Kinds& kinds;
  ProcessContext& process;
  const Options options;
  std::shared_ptr<RemoteActors> remote;
  std::optional<ProcessHost> own_host;
  ActorRef agent;

  mutable std::mutex mutex;  // guards the list
  WorkerList list;
};

StartedGraph::StartedGraph(System& system, const Graph& graph, const Kinds& kinds,
    ProcessContext& process, Options options)
    : state_(std::make_shared<State>(system, graph, kinds, process, std::move(options))) {}

StartedGraph::~StartedGraph() = default;

void StartedGraph::start() {
  State& s = *state_;
  if (!has_workers(s.graph)) {
    start_actors(s.system, s.graph, s.kinds, s.process);
    return;
  }
  s.remote = std::make_shared<RemoteActors>(s.system, 0);
  s.system.attach(s.remote);
  auto ids = number_actors(s.graph, *s.remote);
  start_actors(s.system, s.graph, s.kinds, s.process);
  if (s.options.host == nullptr)
    s.own_host.emplace(s.system, ProcessHost::Options{.folder = s.process.folder()});
  WorkerHost& host = s.own_host ? *s.own_host : *s.options.host;
  AgentOptions options{.folder = s.process.folder(),
      .seed = s.options.seed,
      .faults = s.options.faults,
      .on_exit = s.options.on_exit,
      .on_escalation = s.options.on_escalation,
      .on_workers = [known = state_](const WorkerList& list) { known->know(list); }};
  s.agent = s.system.spawn({.name = "agent", .kind = "agent", .mailbox = {.messages = 1024}},
      [&s, &host, ids = std::move(ids), options = std::move(options)] {
        return std::make_unique<Agent>(s.graph, ids, s.remote, host, options);
      });
}

void StartedGraph::stop(Duration patience) {
  State& s = *state_;
  if (!s.agent) return;
  std::ignore = s.system.ask(s.agent, StopGraph{patience}, patience + patience / 2);
  s.remote->end("the job has ended");
  if (s.options.host != nullptr) s.options.host->end();
}

void StartedGraph::end_faults() {
  if (state_->agent) std::ignore = state_->system.try_send(state_->agent, EndFaults{});
}

std::vector<ActorStatus> StartedGraph::actors() const {
  std::lock_guard lock(state_->mutex);
  std::vector<ActorStatus> all;
  for (const WorkerInfo& worker : state_->list.workers)
    for (ActorStatus actor : worker.actors) {
      actor.restarts = worker.starts - 1;
      actor.pid = worker.pid;
      all.push_back(std::move(actor));
    }
  return all;
}

std::uint32_t StartedGraph::processes() const {
  return static_cast<std::uint32_t>(state_->sum(&WorkerInfo::starts));
}

std::uint64_t StartedGraph::memory() const {
  return state_->sum(&WorkerInfo::memory);
}

}  // namespace tramontane
