#include "tests/sim/sim_host.h"

#include "runtime/base/check.h"

#include <chrono>
#include <csignal>
#include <optional>
#include <tuple>
#include <utility>

namespace tramontane {
namespace {

using namespace std::chrono_literals;

constexpr int failed_status = 70;
constexpr ProcessId agents = 0;

ChildEnd killed() {
  return {.status = SIGKILL, .signalled = true, .signal = SIGKILL};
}

ChildEnd exited(int code) {
  return {.status = code << 8, .exit_code = code};
}

}  // namespace

struct SimHost::Process {
  Process(SimHost& host, const WorkerSetup& setup) : context("", setup.name) {
    worker.emplace(
        setup, host.kinds_, context,
        [&](SystemOptions options) {
          auto system = host.sim_.process(std::move(options));
          kept = host.share_(*system, context);
          return system;
        },
        [this] { ++decided; });
  }

  ProcessId id() const { return worker->setup().process; }

  ProcessContext context;
  std::shared_ptr<void> kept;
  int decided = 0;  // how often it was told that it must end
  std::optional<WorkerSystem> worker;
  std::optional<ChildEnd> end;
  std::optional<Time> leaves;  // once it has said why
  std::string leaves_for;
  bool doomed = false;  // is killed before it does anything more
};

struct SimHost::Line {
  Line(ProcessId a, ProcessId b, Clock& clock) : one(a), other(b), line(clock) {}

  ProcessId one;
  ProcessId other;
  MemoryLine line;
};

class SimHost::Handle final : public HostedWorker {
 public:
  explicit Handle(Process& process) : process_(process) {}

  ~Handle() override { process_.doomed = true; }

  int pid() const override { return static_cast<int>(process_.id()); }

  std::string leaves_for() const override { return process_.leaves_for; }

  std::optional<ChildEnd> ended() override { return process_.end; }

  void kill() override { process_.doomed = true; }

  Process& process() { return process_; }

 private:
  Process& process_;
};

SimHost::SimHost(SimSystem& sim, const Kinds& kinds, Share share)
    : sim_(sim), kinds_(kinds), share_(std::move(share)) {}

SimHost::~SimHost() {
  kill_all();
}

SimHost::Process& SimHost::of(HostedWorker& worker) {
  return static_cast<Handle&>(worker).process();
}

SimHost::Process* SimHost::running(const std::string& worker) {
  for (auto& [id, process] : processes_)
    if (!process->end && process->worker->setup().name == worker) return process.get();
  return nullptr;
}

std::unique_ptr<HostedWorker> SimHost::start(const WorkerSetup& setup) {
  ++started_;
  auto& process = processes_[setup.process];
  process = std::make_unique<Process>(*this, setup);
  process->worker->start();
  return std::make_unique<Handle>(*process);
}

MemoryLine& SimHost::line(ProcessId one, ProcessId other) {
  lines_.push_back(std::make_unique<Line>(one, other, sim_.clock()));
  MemoryLine& made = lines_.back()->line;
  made.delay(delay_);
  made.pieces(pieces_);
  if (between_hosts_) made.without_descriptors();
  return made;
}

void SimHost::connect(HostedWorker& one, const Introduction& to_one, HostedWorker& other,
    const Introduction& to_other) {
  MemoryLine& between = line(of(one).id(), of(other).id());
  of(one).worker->meet(to_one, between.end(0));
  of(other).worker->meet(to_other, between.end(1));
}

std::unique_ptr<Link> SimHost::connect(HostedWorker& worker, const Introduction& to_worker) {
  MemoryLine& between = line(of(worker).id(), agents);
  of(worker).worker->meet(to_worker, between.end(0));
  return between.end(1);
}

std::vector<std::string> SimHost::last_lines(const std::string&) const {
  return {};
}

// ---- their ends --------------------------------------------------------------------------------

// Its lines are cut before anybody hears of anything.
void SimHost::leave(Process& process, const ChildEnd& end) {
  ProcessId id = process.id();
  std::erase_if(lines_, [&](const std::unique_ptr<Line>& each) {
    bool its = each->one == id || each->other == id;
    if (its) each->line.cut("its process has ended");
    return its;
  });
  process.worker->disconnect("the process has ended");
  process.end = end;
}

void SimHost::die(Process& process) {
  System& system = process.worker->system();
  leave(process, killed());
  for (const ActorStatus& actor : system.actors())
    if (auto ref = system.find(actor.name)) system.kill(*ref, "the process died");
  system.stop(60s);
}

void SimHost::look_at(Process& process) {
  if (process.end) return;
  if (process.doomed) return die(process);
  auto end = process.worker->end();
  TRAM_CHECK(process.decided == (end ? 1 : 0), "end() without decided()", process.decided);
  if (!end) return;
  System& system = process.worker->system();
  if (!process.leaves && !end->records.empty()) {
    for (const ExitRecord& record : end->records)
      if (auto agent = system.find(process.worker->setup().agent))
        std::ignore = system.try_send(*agent, ActorEnded{record});
    process.leaves = after(sim_.clock().now(), 10ms);
  }
  if (process.leaves && sim_.clock().now() < *process.leaves) return;
  bool failed = end->why == WorkerEnd::Why::failed;
  system.stop(failed ? Duration(3s) : end->patience);
  leave(process, exited(failed ? failed_status : 0));
}

void SimHost::look() {
  for (auto& [id, process] : processes_) look_at(*process);
}

bool SimHost::kill(const std::string& worker) {
  Process* process = running(worker);
  if (process == nullptr) return false;
  die(*process);
  return true;
}

void SimHost::kill_all() {
  for (auto& [id, process] : processes_)
    if (!process->end) die(*process);
}

bool SimHost::stall(const std::string& worker, bool stalled) {
  Process* process = running(worker);
  if (process == nullptr) return false;
  for (auto& each : lines_)
    if (each->one == process->id() || each->other == process->id())
      for (int end : {0, 1}) each->line.stall(end, stalled);
  return true;
}

bool SimHost::cut(const std::string& worker) {
  Process* process = running(worker);
  if (process == nullptr) return false;
  for (auto& each : lines_)
    if (each->one == process->id() || each->other == process->id())
      each->line.cut("the cable was pulled");
  return true;
}

bool SimHost::move(const std::string& worker) {
  Process* process = running(worker);
  if (process == nullptr) return false;
  process->leaves_for = "it moves from here to there";
  return true;
}

void SimHost::set_lines(Duration delay, std::size_t pieces, bool between_hosts) {
  delay_ = delay;
  pieces_ = pieces;
  between_hosts_ = between_hosts;
}

std::vector<System*> SimHost::systems() const {
  std::vector<System*> systems;
  for (const auto& [id, process] : processes_)
    if (!process->end) systems.push_back(&process->worker->system());
  return systems;
}

bool SimHost::runs() const {
  for (const auto& [id, process] : processes_)
    if (!process->end) return true;
  return false;
}

}  // namespace tramontane
