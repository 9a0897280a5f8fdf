#include "runtime/node/worker_system.h"

#include "runtime/base/machine_memory.h"
#include "runtime/base/metrics.h"
#include "runtime/base/process_limits.h"

#include <chrono>
#include <mutex>
#include <tuple>
#include <utility>

namespace tramontane {
namespace {

using namespace std::chrono_literals;

constexpr Duration status_every = 300ms;
constexpr Duration beat_every = 1s;
constexpr ProcessId agent_process = 0;

struct WorkerTick {};

}  // namespace

template <>
struct Codec<WorkerTick> : LocalCodec<WorkerTick> {};

class WorkerSystem::Ending {
 public:
  explicit Ending(std::function<void()> decided) : decided_(std::move(decided)) {}

  void stop(Duration patience) { decide({WorkerEnd::Why::stopped, patience, {}}); }

  void fail(const ExitRecord& record) { decide({WorkerEnd::Why::failed, {}, {record}}); }

  // An actor has ended by itself; with the last of `actors`, so does the worker.
  void finished(const ExitRecord& record, std::size_t actors) {
    std::unique_lock lock(mutex_);
    finished_.push_back(record);
    if (finished_.size() < actors) return;
    auto all = finished_;
    lock.unlock();
    decide({WorkerEnd::Why::finished, {}, std::move(all)});
  }

  std::optional<WorkerEnd> end() const {
    std::lock_guard lock(mutex_);
    return end_;
  }

 private:
  void decide(WorkerEnd end) {
    {
      std::lock_guard lock(mutex_);
      if (end_) return;
      end_ = std::move(end);
    }
    decided_();
  }

  const std::function<void()> decided_;
  mutable std::mutex mutex_;
  std::optional<WorkerEnd> end_;
  std::vector<ExitRecord> finished_;
};

namespace {

// Takes the agent's orders, and tells it how the others here are.
class WorkerActor final : public Actor {
 public:
  WorkerActor(const WorkerSetup& setup, RemoteActors& remote, std::shared_ptr<LineRelay> lines,
      std::function<void(Duration)> stop)
      : name_(setup.name),
        agent_(setup.agent),
        process_(setup.process),
        remote_(remote),
        lines_(std::move(lines)),
        stop_(std::move(stop)) {
    handle(&WorkerActor::stop_worker);
    handle(&WorkerActor::gone);
    handle(&WorkerActor::tick);
  }

  Task<void> start() override {
    tick({});
    co_return;
  }

 private:
  void stop_worker(StopWorker order) { stop_(order.patience); }

  void gone(ActorGone notice) { remote_.gone(notice.id, notice.why); }

  void tick(WorkerTick) {
    after(status_every, WorkerTick{});
    auto agent = system().find(agent_);
    if (!agent) return;
    WorkerStatus status{.process = process_, .counters = metrics().counts()};
    for (ActorStatus& each : system().actors()) {
      if (each.id == self().id()) continue;
      each.waiting_since = Time(now() - each.waiting_since);
      status.actors.push_back(std::move(each));
    }
    if (auto memory = process_memory()) status.memory = memory->peak;
    std::ignore = try_send(*agent, std::move(status));  // the next one says it all again
    tell_lines(*agent);
  }

  void tell_lines(const ActorRef& agent) {
    if (lines_ == nullptr) return;
    WorkerLines lines = lines_->take();
    if (lines.lines.empty()) return;
    lines.worker = name_;
    std::size_t count = lines.lines.size();
    if (!try_send(agent, std::move(lines))) lines_->lose(count);
  }

  const std::string name_;
  const ActorId agent_;
  const ProcessId process_;
  RemoteActors& remote_;
  const std::shared_ptr<LineRelay> lines_;
  const std::function<void(Duration)> stop_;
};

}  // namespace

WorkerSystem::WorkerSystem(WorkerSetup setup, const Kinds& kinds, ProcessContext& process,
    const MakeSystem& make_system, std::function<void()> decided, std::shared_ptr<LineRelay> lines)
    : setup_(std::move(setup)),
      kinds_(kinds),
      process_(process),
      lines_(std::move(lines)),
      ending_(std::make_unique<Ending>(std::move(decided))) {
  SystemOptions options;
  options.pools = setup_.graph.pools;
  options.pools.push_back({"link", 1});
  options.seed = setup_.seed;
  options.first_id = first_id_of(setup_.process);
  options.on_escalation = [this](const ExitRecord& record) { ending_->fail(record); };
  options.on_exit = [this](const ExitRecord& record) {
    bool own = setup_.graph.find(record.name) != nullptr;
    if (own && record.cause == ExitCause::stopped)
      ending_->finished(record, setup_.graph.actors.size());
  };
  system_ = make_system(std::move(options));
  remote_ = std::make_shared<RemoteActors>(*system_, setup_.process);
  for (const RemoteActor& actor : setup_.remote) remote_->add(actor);
  remote_->on_session_end([this](ProcessId peer, const std::string& why) {
    auto agent = peer == agent_process ? std::nullopt : system_->find(setup_.agent);
    if (agent) std::ignore = system_->try_send(*agent, ConnectionLost{setup_.process, peer, why});
  });
  system_->attach(remote_);
}

WorkerSystem::~WorkerSystem() = default;

void WorkerSystem::start() {
  system_->spawn({.name = "worker/" + setup_.name, .kind = "worker", .id = setup_.self}, [this] {
    return std::make_unique<WorkerActor>(
        setup_, *remote_, lines_, [this](Duration patience) { ending_->stop(patience); });
  });
  start_actors(*system_, setup_.graph, kinds_, process_, setup_.numbers);
}

void WorkerSystem::meet(const Introduction& introduction, std::unique_ptr<Link> link) {
  for (const RemoteActor& actor : introduction.actors) remote_->add(actor);
  SessionOptions options;
  if (introduction.process == agent_process) options.beat = beat_every;
  remote_->connect(introduction.process, introduction.peer, std::move(link), options);
}

std::optional<WorkerEnd> WorkerSystem::end() const {
  return ending_->end();
}

void WorkerSystem::disconnect(const std::string& why) {
  remote_->end(why);
}

}  // namespace tramontane
