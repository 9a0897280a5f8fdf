#pragma once
// A SimHost runs an agent's workers as Systems of one simulation, connected by lines of memory.
// They end and are killed as processes are: at once, with nothing said.
//
//   SimHost host(sim, kinds, share);
//   Pipeline pipeline(sim.system(), job, parts, WorkerParts{.host = &host, …});
//   while (…) {
//     sim.step();
//     host.look();                        // ends those that are to end: never inside a step
//   }
//   host.kill("ledger");
//
// Thread rule: the simulation's thread.

#include "runtime/actor/sim_system.h"
#include "runtime/link/memory_link.h"
#include "runtime/node/worker_host.h"
#include "runtime/node/worker_system.h"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace tramontane {

class SimHost final : public WorkerHost {
 public:
  // Sets what the actors of that process share; what it gives lives as long as they.
  using Share = std::function<std::shared_ptr<void>(System&, ProcessContext&)>;

  // What is referred to outlives it.
  SimHost(SimSystem& sim, const Kinds& kinds, Share share);
  ~SimHost() override;

  std::unique_ptr<HostedWorker> start(const WorkerSetup& setup) override;
  void connect(HostedWorker& one, const Introduction& to_one, HostedWorker& other,
      const Introduction& to_other) override;
  std::unique_ptr<Link> connect(HostedWorker& worker, const Introduction& to_worker) override;
  std::vector<std::string> last_lines(const std::string& worker) const override;

  void look();

  // False if it does not run.
  bool kill(const std::string& worker);
  void kill_all();
  // Nothing that it sends leaves, and nothing reaches it.
  bool stall(const std::string& worker, bool stalled);
  // The connections that it has, of all who live.
  bool cut(const std::string& worker);
  // It is wanted in another place.
  bool move(const std::string& worker);
  // Of every line that is made from now on.
  void set_lines(Duration delay, std::size_t pieces, bool between_hosts = false);

  bool runs() const;                     // whether any does
  std::vector<System*> systems() const;  // of those that run

  std::uint64_t started() const { return started_; }

 private:
  class Handle;
  struct Process;
  struct Line;

  Process& of(HostedWorker& worker);
  Process* running(const std::string& worker);
  MemoryLine& line(ProcessId one, ProcessId other);
  void leave(Process& process, const ChildEnd& end);
  void die(Process& process);
  void look_at(Process& process);

  SimSystem& sim_;
  const Kinds& kinds_;
  const Share share_;
  std::map<ProcessId, std::unique_ptr<Process>> processes_;  // also those that have ended
  std::vector<std::unique_ptr<Line>> lines_;
  Duration delay_{};
  std::size_t pieces_ = 0;
  bool between_hosts_ = false;
  std::uint64_t started_ = 0;
};

}  // namespace tramontane
