#include "runtime/node/worker.h"

#include "runtime/base/check.h"
#include "runtime/base/log.h"
#include "runtime/base/machine_memory.h"
#include "runtime/base/metrics.h"
#include "runtime/base/process_limits.h"
#include "runtime/link/remote_actors.h"
#include "runtime/link/unix_link.h"
#include "runtime/node/handover.h"
#include "runtime/node/messages.h"
#include "runtime/node/parent.h"
#include "runtime/wire/blob.h"

#include <atomic>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <thread>
#include <tuple>
#include <unistd.h>

namespace tramontane {
namespace {

using namespace std::chrono_literals;

constexpr Duration status_every = 300ms;
constexpr Duration failure_patience = 3s;
constexpr int failed_status = 70;

// Why a worker is to end: the first reason counts.
class Ending {
 public:
  void stop(Duration patience) {
    std::lock_guard lock(mutex_);
    if (!decided_) patience_ = patience;
    decided_ = true;
    changed_.notify_all();
  }

  void fail(const ExitRecord& record) {
    std::lock_guard lock(mutex_);
    if (!decided_) failure_ = record;
    decided_ = true;
    changed_.notify_all();
  }

  // An actor has ended by itself; with the last of `actors`, so does the worker.
  void finished(const ExitRecord& record, std::size_t actors) {
    std::lock_guard lock(mutex_);
    if (decided_) return;
    finished_.push_back(record);
    decided_ = finished_.size() == actors;
    changed_.notify_all();
  }

  std::vector<ExitRecord> all_finished() {
    std::lock_guard lock(mutex_);
    return finished_;
  }

  // The failure, if that is why.
  std::optional<ExitRecord> wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return decided_; });
    return failure_;
  }

  Duration patience() const { return patience_; }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool decided_ = false;
  Duration patience_{};
  std::optional<ExitRecord> failure_;
  std::vector<ExitRecord> finished_;
};

struct WorkerTick {};

}  // namespace

template <>
struct Codec<WorkerTick> : LocalCodec<WorkerTick> {};

namespace {

// Takes the agent's orders, and tells it how the others here are.
class WorkerActor final : public Actor {
 public:
  WorkerActor(ActorId agent, ProcessId process, RemoteActors& remote, Ending& ending)
      : agent_(agent), process_(process), remote_(remote), ending_(ending) {
    handle(&WorkerActor::stop_worker);
    handle(&WorkerActor::gone);
    handle(&WorkerActor::tick);
  }

  Task<void> start() override {
    tick({});
    co_return;
  }

 private:
  void stop_worker(StopWorker order) { ending_.stop(order.patience); }

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
  }

  const ActorId agent_;
  const ProcessId process_;
  RemoteActors& remote_;
  Ending& ending_;
};

WorkerSetup read_setup() {
  Blob blob = Blob::from_descriptor(Descriptor(worker_setup));
  auto setup = decode_setup(blob.bytes());
  if (!setup) throw Error(Errc::bad_input, "a worker's setup that makes no sense");
  return std::move(*setup);
}

// Everything that it started is in its process group.
[[noreturn]] void end_with_children() {
  ::kill(0, SIGKILL);
  ::_exit(failed_status);
}

class Worker {
 public:
  Worker(WorkerSetup setup, const Kinds& kinds)
      : setup_(std::move(setup)),
        kinds_(kinds),
        log_(clock_, {.terminal = Level::debug}),
        process_(setup_.folder, setup_.name),
        handover_(Descriptor(worker_handover)) {
    SystemOptions options;
    options.pools = setup_.graph.pools;
    options.pools.push_back({"link", 1});
    options.seed = setup_.seed;
    options.clock = &clock_;
    options.log = &log_;
    options.first_id = first_id_of(setup_.process);
    options.on_escalation = [this](const ExitRecord& record) { ending_.fail(record); };
    options.on_exit = [this](const ExitRecord& record) {
      bool own = setup_.graph.find(record.name) != nullptr;
      if (own && record.cause == ExitCause::stopped)
        ending_.finished(record, setup_.graph.actors.size());
    };
    system_.emplace(std::move(options));
    remote_ = std::make_shared<RemoteActors>(*system_, setup_.process);
    for (const RemoteActor& actor : setup_.remote) remote_->add(actor);
    system_->attach(remote_);
  }

  int serve() {
    system_->spawn({.name = "worker/" + setup_.name, .kind = "worker", .id = setup_.self}, [this] {
      return std::make_unique<WorkerActor>(setup_.agent, setup_.process, *remote_, ending_);
    });
    std::thread introductions = start_thread("the thread that meets others", [this] { meet(); });
    try {
      start_actors(*system_, setup_.graph, kinds_, process_, setup_.numbers);
    } catch (...) {
      over_ = true;
      introductions.join();
      throw;
    }
    auto failure = ending_.wait();
    if (failure) tell(*failure);
    if (auto all = ending_.all_finished(); all.size() == setup_.graph.actors.size())
      for (const ExitRecord& record : all) tell(record);
    system_->stop(failure ? failure_patience : ending_.patience());
    over_ = true;
    introductions.join();
    remote_->end("the worker has ended");
    return failure ? failed_status : 0;
  }

 private:
  // New sockets, until the end.
  void meet() {
    auto& pool = dynamic_cast<ThreadPool&>(system_->pool("link"));
    while (!over_) {
      Handover::Given given;
      switch (handover_.take(100ms, given)) {
        case Handover::Taken::nothing:
          continue;
        case Handover::Taken::peer_gone:
          end_with_children();
        case Handover::Taken::something:
          break;
      }
      auto introduction = decode_introduction(given.introduction);
      if (!introduction) continue;
      for (const RemoteActor& actor : introduction->actors) remote_->add(actor);
      remote_->connect(
          introduction->process, introduction->peer, unix_link(pool, std::move(given.socket)));
    }
  }

  void tell(const ExitRecord& record) {
    if (auto agent = system_->find(setup_.agent))
      std::ignore = system_->ask(*agent, ActorEnded{record}, failure_patience);
  }

  const WorkerSetup setup_;
  const Kinds& kinds_;
  RealClock clock_;
  Log log_;
  ProcessContext process_;
  Handover handover_;
  Ending ending_;
  std::atomic<bool> over_{false};
  std::optional<System> system_;
  std::shared_ptr<RemoteActors> remote_;
};

}  // namespace

bool is_worker(int argc, char** argv) {
  return argc == 3 && std::strcmp(argv[1], worker_word) == 0;
}

int serve_worker(int, char**, const Kinds& kinds) {
  try {
    die_with_parent();
    // A worker's terminal is its agent's: Ctrl-C there is no word to it.
    std::signal(SIGPIPE, SIG_IGN);
    return Worker(read_setup(), kinds).serve();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "tram: a worker cannot start: %s\n", error.what());
    return failed_status;
  }
}

}  // namespace tramontane
