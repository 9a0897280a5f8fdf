// How an agent starts its workers and ends them. What it does meanwhile: agent_watch.cc.

#include "runtime/node/agent.h"

#include "runtime/actor/system.h"
#include "runtime/base/check.h"
#include "runtime/base/log.h"
#include "runtime/node/agent_worker.h"

#include <algorithm>
#include <tuple>

namespace tramontane {

using namespace std::chrono_literals;

std::map<std::string, ActorId> number_actors(const Graph& graph, RemoteActors& remote) {
  std::map<std::string, ActorId> ids;
  ActorId next = first_id_of(graph_numbers);
  auto add = [&](const std::string& name) {
    ids[name] = next;
    remote.add({.id = next++, .name = name, .process = nowhere});
  };
  for (const GraphActor& actor : graph.actors)
    if (!actor.worker_name().empty()) add(actor.name);
  for (const std::string& worker : graph.workers()) add("worker/" + worker);
  return ids;
}

Agent::Agent(const Graph& graph, std::map<std::string, ActorId> ids,
    std::shared_ptr<RemoteActors> remote, WorkerHost& host, AgentOptions options)
    : graph_(graph),
      ids_(std::move(ids)),
      remote_(std::move(remote)),
      host_(host),
      options_(std::move(options)),
      faults_(std::in_place, options_.faults, options_.seed) {
  handle(&Agent::stop_graph);
  handle(&Agent::list);
  handle(&Agent::ended);
  handle(&Agent::status);
  handle(&Agent::lines);
  handle(&Agent::lost);
  handle(&Agent::end_faults);
  handle(&Agent::tick);
  for (const std::string& name : graph_.workers()) {
    std::vector<const GraphActor*> actors;
    for (const GraphActor& actor : graph_.actors)
      if (actor.worker_name() == name) actors.push_back(&actor);
    auto worker = std::make_unique<Worker>(actors.front()->restart);
    worker->name = name;
    worker->actors = std::move(actors);
    workers_.push_back(std::move(worker));
  }
  for (const GraphActor& actor : graph_.actors)
    for (const auto& [port, targets] : actor.asks)
      for (const std::string& target : targets) {
        const GraphActor* asked = graph_.find(target);
        if (asked == nullptr) continue;
        pairs_.insert({actor.worker_name(), asked->worker_name()});
        pairs_.insert({asked->worker_name(), actor.worker_name()});
      }
}

Agent::~Agent() = default;

Task<void> Agent::start() {
  remote_->on_session_end(
      [&system = system(), self = self()](ProcessId process, const std::string& why) {
        std::ignore = system.try_send(self, ConnectionLost{0, process, why});
      });
  for (auto& worker : workers_) launch(*worker);
  awake_ = last_look_ = now();
  after(agent_looks_every, AgentTick{});
  co_return;
}

// ---- starting ----------------------------------------------------------------------------------

void Agent::launch(Worker& worker) {
  worker.process = ++last_process_;
  ++worker.lives;
  worker.restart_at.reset();
  worker.failure.reset();
  worker.finished.clear();
  worker.status = {};
  worker.counted.clear();
  worker.slow = false;
  worker.silence.reset();
  worker.leaves_for.clear();
  worker.leaves_by.reset();
  worker.overstayed = false;
  worker.still_until.reset();
  worker.began = now();
  worker.hosted = host_.start(setup_of(worker));
  for (const RemoteActor& actor : actors_of(worker))
    remote_->moved(actor.id, actor.process, actor.incarnation);
  introduce(worker);
  if (options_.on_workers) options_.on_workers(list({}));
  log(Level::info, str("worker ", worker.name, " began"),
      {{"pid", worker.hosted->pid()}, {"process", worker.process}, {"life", worker.lives}});
}

WorkerSetup Agent::setup_of(const Worker& worker) const {
  WorkerSetup setup{.name = worker.name,
      .process = worker.process,
      .folder = options_.folder,
      .seed = options_.seed,
      .agent = self().id(),
      .self = ids_.at("worker/" + worker.name)};
  std::set<std::string> pools = {"main"};
  for (const GraphActor* actor : worker.actors) {
    setup.graph.actors.push_back(*actor);
    setup.numbers[actor->name] = {ids_.at(actor->name), worker.lives - 1};
    pools.insert(actor->pool);
  }
  setup.graph.pools.clear();
  for (const PoolOptions& pool : graph_.pools)
    if (pools.count(pool.name) > 0) setup.graph.pools.push_back(pool);
  setup.remote = own_actors();
  for (const auto& other : workers_)
    if (other.get() != &worker)
      for (RemoteActor actor : actors_of(*other)) {
        actor.process = nowhere;
        setup.remote.push_back(std::move(actor));
      }
  return setup;
}

std::vector<RemoteActor> Agent::actors_of(const Worker& worker) const {
  std::vector<RemoteActor> actors;
  for (const GraphActor* actor : worker.actors)
    actors.push_back({ids_.at(actor->name), actor->name, worker.process, worker.lives});
  std::string name = "worker/" + worker.name;
  actors.push_back({ids_.at(name), name, worker.process, worker.lives});
  return actors;
}

// Of this process: the graph's, and this one.
std::vector<RemoteActor> Agent::own_actors() const {
  std::vector<RemoteActor> actors = {{self().id(), name(), 0, 1}};
  for (const GraphActor& actor : graph_.actors)
    if (actor.worker_name().empty())
      if (auto ref = system().find(actor.name)) actors.push_back({ref->id(), actor.name, 0, 1});
  return actors;
}

bool Agent::talk(const Worker& one, const Worker& other) const {
  return pairs_.count({one.name, other.name}) > 0;
}

// To this process, and to every other whose actors it talks to.
void Agent::introduce(Worker& worker) {
  introduce_here(worker);
  for (auto& other : workers_)
    if (other.get() != &worker && other->runs() && talk(worker, *other))
      introduce_pair(worker, *other);
}

void Agent::introduce_here(Worker& worker) {
  Introduction own{.process = 0, .peer = "the job's first process", .actors = own_actors()};
  SessionOptions options;
  options.handshake = host_.handshake();
  remote_->connect(worker.process, str(worker.name, ", ", worker.hosted->where()),
      host_.connect(*worker.hosted, own), options);
}

void Agent::introduce_pair(Worker& one, Worker& other) {
  Introduction to_other{one.process, str(one.name, ", ", one.hosted->where()), actors_of(one)};
  Introduction to_one{
      other.process, str(other.name, ", ", other.hosted->where()), actors_of(other)};
  host_.connect(*one.hosted, to_one, *other.hosted, to_other);
}

// ---- the end -----------------------------------------------------------------------------------

Task<void> Agent::stop_one(Worker& worker, Duration patience) {
  Time deadline = tramontane::after(now(), patience);
  bool ordered = false;
  for (look_after(worker); worker.runs() && now() < deadline; look_after(worker)) {
    // It may have come to its end by itself just now, and take no order any more.
    auto ref = ordered ? std::nullopt : system().find("worker/" + worker.name);
    if (ref) ordered = try_send(*ref, StopWorker{deadline - now()}).has_value();
    co_await sleep(5ms, "a worker to end");
  }
  if (!worker.runs()) co_return;
  log(Level::warning, str("worker ", worker.name, " did not end in time: killed"),
      {{"pid", worker.hosted->pid()}});
  worker.hosted->kill();
  while (worker.runs()) {
    look_after(worker);
    if (worker.runs()) co_await sleep(5ms, "a worker that was killed to end");
  }
}

// One of this process. Whoever has not ended in time is left to the end of the system.
Task<void> Agent::stop_here(ActorRef actor, Duration patience) {
  Time deadline = tramontane::after(now(), patience);
  system().begin_stop(actor);
  auto ended = [&] {
    auto status = system().status(actor);
    return !status || status->state == ActorState::dead;
  };
  while (!ended() && now() < deadline) co_await sleep(5ms, "an actor to end");
}

// Each before those that were started earlier, wherever it is: nobody is left who waits for one
// that is gone.
Task<void> Agent::stop_graph(StopGraph order) {
  stopping_ = true;
  Time deadline = tramontane::after(now(), order.patience);
  for (auto actor = graph_.actors.rbegin(); actor != graph_.actors.rend(); ++actor) {
    Duration left = std::max<Duration>(deadline - now(), 100ms) / 2;
    if (actor->worker_name().empty()) {
      if (auto here = system().find(actor->name)) co_await stop_here(*here, left);
      continue;
    }
    for (auto& worker : workers_)
      if (worker->actors.front() == &*actor && worker->runs()) co_await stop_one(*worker, left);
  }
}

}  // namespace tramontane
