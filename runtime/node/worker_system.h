#pragma once
// A WorkerSystem is what a worker consists of, whatever runs it: the System with its part of the
// graph, the references to everybody else, and the actor that takes the agent's orders. A process
// around it is worker.h; a simulation makes several in one thread.
//
//   WorkerSystem worker(setup, kinds, process, make_system, decided);
//   worker.start();
//   worker.meet(introduction, std::move(link));          // others, as the agent introduces them
//   … decided() is called: something says that it must end
//   WorkerEnd end = *worker.end();
//   worker.system().stop(end.patience);
//
// Thread rule: meet() and end() from any thread, the rest from one.

#include "runtime/actor/system.h"
#include "runtime/link/remote_actors.h"
#include "runtime/node/kind.h"
#include "runtime/node/line_relay.h"
#include "runtime/node/messages.h"

#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace tramontane {

// Why a worker ends.
struct WorkerEnd {
  enum class Why : std::uint8_t { stopped, failed, finished };

  Why why = Why::stopped;
  Duration patience{};              // stopped: with its actors
  std::vector<ExitRecord> records;  // failed: of that actor; finished: of all actors
};

class WorkerSystem {
 public:
  // Its clock, log and simulation are the maker's to fill in.
  using MakeSystem = std::function<std::unique_ptr<System>(SystemOptions)>;

  // `decided` is called from an actor's thread when end() has become something, once. What `lines`
  // has is told to the agent; null: nothing is. Kinds and process outlive it.
  WorkerSystem(WorkerSetup setup, const Kinds& kinds, ProcessContext& process,
      const MakeSystem& make_system, std::function<void()> decided,
      std::shared_ptr<LineRelay> lines = nullptr);
  ~WorkerSystem();
  WorkerSystem(const WorkerSystem&) = delete;
  WorkerSystem& operator=(const WorkerSystem&) = delete;

  // Throws what a kind's make() throws.
  void start();
  void meet(const Introduction& introduction, std::unique_ptr<Link> link);
  // The first reason counts.
  std::optional<WorkerEnd> end() const;
  // Ends all sessions, now and later.
  void disconnect(const std::string& why);

  System& system() { return *system_; }

  const WorkerSetup& setup() const { return setup_; }

 private:
  class Ending;

  const WorkerSetup setup_;
  const Kinds& kinds_;
  ProcessContext& process_;
  const std::shared_ptr<LineRelay> lines_;
  const std::unique_ptr<Ending> ending_;
  std::unique_ptr<System> system_;
  std::shared_ptr<RemoteActors> remote_;
};

}  // namespace tramontane
