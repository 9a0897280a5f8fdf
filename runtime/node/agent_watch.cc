// What an agent does while its workers run: it hears how they are, sees to those that end or stand
// still, and keeps the records.

#include "runtime/actor/system.h"
#include "runtime/base/check.h"
#include "runtime/base/log.h"
#include "runtime/base/metrics.h"
#include "runtime/node/agent_worker.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace tramontane {
namespace {

using namespace std::chrono_literals;

constexpr Duration reconnects_after = 500ms;  // a connection that was lost
constexpr Duration leaves_late = 1s;          // than it was to, of a worker that moves
constexpr Duration overslept = 1s;            // between two looks: this process stood still

const ExitRecord& record_named(const std::vector<ExitRecord>& records, const std::string& name) {
  auto found = std::find_if(records.begin(), records.end(),
      [&](const ExitRecord& record) { return record.name == name; });
  return found == records.end() ? records.front() : *found;
}

}  // namespace

void Agent::ended(ActorEnded message) {
  for (auto& worker : workers_)
    for (const GraphActor* actor : worker->actors)
      if (actor->name == message.record.name && worker->lives == message.record.incarnation) {
        if (message.record.cause == ExitCause::stopped)
          worker->finished.push_back(message.record);
        else
          worker->failure = message.record;
      }
}

void Agent::status(WorkerStatus message) {
  for (auto& worker : workers_) {
    if (worker->process != message.process) continue;
    for (const auto& [name, value] : message.counters) {
      std::uint64_t& before = worker->counted[name];
      metrics().counter(name).add(value - std::min(before, value));
      before = value;
    }
    for (ActorStatus& actor : message.actors)
      actor.waiting_since = Time(now() - actor.waiting_since);
    worker->status = std::move(message);
    if (options_.on_workers) options_.on_workers(list({}));
    return;
  }
}

void Agent::lines(WorkerLines message) {
  for (const WorkerLine& line : message.lines)
    system().log().write(line.level, line.who, line.text);
  if (message.lost > 0)
    log(Level::warning, str("lines of worker ", message.worker, " are in its own log alone"),
        {{"lines", message.lost}});
}

// Where one of them has ended, that will be seen before it is time.
void Agent::lost(ConnectionLost notice) {
  auto pair = std::minmax(notice.process, notice.peer);
  if (!stopping_)
    lost_.try_emplace({pair.first, pair.second}, tramontane::after(now(), reconnects_after));
}

Agent::Worker* Agent::running(ProcessId process) const {
  for (const auto& worker : workers_)
    if (worker->runs() && worker->process == process) return worker.get();
  return nullptr;
}

void Agent::reconnect(ProcessId one, ProcessId other) {
  Worker* there = running(other);
  Worker* here = running(one);
  if (there == nullptr || (one != 0 && here == nullptr)) return;
  log(Level::warning, "a connection was lost between two that live: it is made again",
      {{"one", one == 0 ? name() : here->name}, {"other", there->name}});
  if (one == 0)
    introduce_here(*there);
  else
    introduce_pair(*here, *there);
}

WorkerList Agent::list(AskWorkers) {
  WorkerList list;
  for (const auto& worker : workers_) {
    list.workers.push_back({.name = worker->name,
        .process = worker->process,
        .pid = worker->runs() ? worker->hosted->pid() : 0,
        .starts = worker->lives,
        .memory = worker->status.memory,
        .actors = worker->status.actors});
    if (!worker->runs() || silence(*worker) < options_.slow) continue;
    for (ActorStatus& actor : list.workers.back().actors) {
      actor.waiting_for = "its process, which stands still";
      actor.waiting_since = Time(now() - silence(*worker));
    }
  }
  return list;
}

void Agent::tick(AgentTick) {
  after(agent_looks_every, AgentTick{});
  if (now() - last_look_ > overslept) awake_ = now();
  last_look_ = now();
  for (auto& worker : workers_) {
    look_after(*worker);
    if (!worker->runs()) continue;
    if (!worker->hosted->waiting_for().empty()) worker->began = now();  // it has not yet
    listen(*worker);
    move(*worker);
  }
  cause_faults();
  std::vector<std::pair<ProcessId, ProcessId>> due;
  for (const auto& [pair, when] : lost_)
    if (now() >= when) due.push_back(pair);
  for (const auto& pair : due) {
    lost_.erase(pair);
    if (!stopping_) reconnect(pair.first, pair.second);
  }
}

Duration Agent::silence(const Worker& worker) const {
  Duration heard = remote_->silence(worker.process).value_or(now() - worker.began);
  return std::min({heard, now() - worker.began, now() - awake_});
}

void Agent::listen(Worker& worker) {
  Duration silence = this->silence(worker);
  bool slow = silence >= options_.slow;
  auto fields = {Field("pid", worker.hosted->pid()),
      Field("seconds", std::chrono::duration<double>(silence).count())};
  if (slow && !worker.slow)
    log(Level::warning, str("worker ", worker.name, " stands still"), fields);
  if (!slow && worker.slow) log(Level::info, str("worker ", worker.name, " goes on"), fields);
  bool changed = std::exchange(worker.slow, slow) != slow;
  if (changed && options_.on_workers) options_.on_workers(list({}));
  if (silence < options_.still || worker.silence) return;
  worker.silence = silence;
  worker.hosted->kill();
}

void Agent::look_after(Worker& worker) {
  if (worker.runs())
    if (auto end = worker.hosted->ended()) bury(worker, *end);
  if (worker.restart_at && now() >= *worker.restart_at && !stopping_) launch(worker);
}

// One whose actors have come to their end need not.
void Agent::move(Worker& worker) {
  if (stopping_ || worker.finished.size() == worker.actors.size()) return;
  if (worker.leaves_by) {
    if (now() >= *worker.leaves_by && !std::exchange(worker.overstayed, true))
      worker.hosted->kill();
    return;
  }
  std::string why = worker.hosted->leaves_for();
  auto ref = why.empty() ? std::nullopt : system().find("worker/" + worker.name);
  if (!ref || !try_send(*ref, StopWorker{options_.leave})) return;
  log(Level::info, str("worker ", worker.name, " is to end here: ", why));
  worker.leaves_for = std::move(why);
  worker.leaves_by = tramontane::after(now(), options_.leave + leaves_late);
}

void Agent::cause_faults() {
  std::vector<std::string> running;
  for (auto& worker : workers_) {
    if (!worker->runs()) continue;
    running.push_back(worker->name);
    if (!worker->still_until || now() < *worker->still_until) continue;
    worker->still_until.reset();
    worker->hosted->stand_still(false);
  }
  if (stopping_ || !faults_) return;
  for (const DueFault& fault : faults_->due(now(), running))
    for (auto& worker : workers_)
      if (worker->name == fault.worker && worker->runs()) cause(fault, *worker);
}

void Agent::end_faults(EndFaults) {
  faults_.reset();
}

void Agent::cause(const DueFault& fault, Worker& worker) {
  constexpr const char* what[] = {" is killed", " is stopped", " is cut off"};
  log(Level::warning,
      str("a fault that was asked for: ", worker.name, what[static_cast<std::size_t>(fault.kind)]),
      {{"pid", worker.hosted->pid()}});
  switch (fault.kind) {
    case FaultRule::Kind::kill:
      return worker.hosted->kill();
    case FaultRule::Kind::cut:
      return remote_->disconnect(worker.process, "a fault that was asked for");
    case FaultRule::Kind::stop:
      if (worker.hosted->stand_still(true))
        worker.still_until = tramontane::after(now(), fault.lasts);
      else
        log(Level::warning, "it is where it cannot be stopped from here");
  }
}

// It begins again at once, and that it ended is nobody's failure: who fails because it is being
// stopped has left as well.
void Agent::bury_moving(Worker& worker, std::vector<ExitRecord> records) {
  for (ExitRecord& record : records) {
    if (!worker.failure) record.cause = ExitCause::stopped;
    record.text = str(worker.leaves_for, "; ", record.text);
    record.restarts = true;
    if (options_.on_exit) options_.on_exit(record);
  }
  worker.restart_at = now();
}

ExitRecord Agent::record_of(
    const Worker& worker, const GraphActor& actor, const ChildEnd& end) const {
  ExitRecord record;
  if (worker.failure && worker.failure->name == actor.name) {
    record = *worker.failure;
  } else {
    record.actor = ids_.at(actor.name);
    record.name = actor.name;
    record.kind = actor.kind;
    record.incarnation = worker.lives;
    record.cause = end.signalled ? ExitCause::killed : ExitCause::failed;
    record.text = str("its process ", end.text());
    if (worker.silence)
      record.text = str("its process stood still for ",
          std::chrono::duration_cast<std::chrono::seconds>(*worker.silence).count(),
          " s and was killed");
    if (worker.failure) record.text = str(worker.failure->name, " failed: ", worker.failure->text);
    record.holding = worker.holding(actor.name);
    record.wall = system().clock().wall();
    record.lived = now() - worker.began;
    record.last_lines = host_.last_lines(worker.name);
  }
  record.text += str("; ", worker.hosted->where(), ", peak memory ",
      std::max(end.peak_memory_bytes, worker.status.memory) >> 20, " MB");
  return record;
}

// A process has ended: records, and the next life or none.
void Agent::bury(Worker& worker, const ChildEnd& end) {
  bool killed = end.signalled && !worker.failure;
  std::vector<ExitRecord> records;
  for (const GraphActor* actor : worker.actors) records.push_back(record_of(worker, *actor, end));
  worker.hosted.reset();
  if (stopping_) return;
  if (worker.leaves_by) return bury_moving(worker, std::move(records));
  if (worker.finished.size() == worker.actors.size()) {
    worker.gone = true;
    say_gone(worker, "it has come to its end");
    for (const ExitRecord& record : worker.finished)
      if (options_.on_exit) options_.on_exit(record);
    return;
  }
  auto code = worker.failure ? worker.failure->code : std::nullopt;
  std::optional<Duration> pause;
  if (killed && worker.progressed())
    pause = worker.pause;
  else
    pause = worker.supervisor.on_failure(code, now());
  for (ExitRecord& record : records) {
    record.restarts = pause.has_value();
    record.escalated = !pause;
    log(Level::error, str(record.name, " ", tramontane::name(record.cause)),
        {{"reason", record.text}, {"incarnation", record.incarnation},
            {"restarts", record.restarts}});
    if (options_.on_exit) options_.on_exit(record);
  }
  if (pause)
    worker.restart_at = tramontane::after(now(), *pause);
  else
    give_up(worker, worker.failure ? record_named(records, worker.failure->name) : records.front());
}

void Agent::give_up(Worker& worker, const ExitRecord& record) {
  worker.gone = true;
  say_gone(worker, str(worker.name, " ", tramontane::name(record.cause), ": ", record.text));
  if (options_.on_escalation) options_.on_escalation(record);
}

void Agent::say_gone(const Worker& worker, const std::string& why) {
  for (const RemoteActor& actor : actors_of(worker)) {
    remote_->gone(actor.id, why);
    for (auto& other : workers_)
      if (auto ref = other->runs() ? system().find("worker/" + other->name) : std::nullopt)
        std::ignore = try_send(*ref, ActorGone{actor.id, why});
  }
}

}  // namespace tramontane
