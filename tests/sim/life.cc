#include "tests/sim/life.h"

#include "actors/run/kinds.h"
#include "runtime/base/check.h"
#include "runtime/base/metrics.h"
#include "runtime/node/agent.h"
#include "tests/runtime/actors.h"
#include "tests/sim/sim_job.h"
#include "tests/sim/stand_in.h"

#include <algorithm>
#include <cstdio>

namespace tramontane {
namespace {

using namespace std::chrono_literals;

// Once nothing goes wrong any more the job ends within this: a few of the longest deadlines, one
// after another (an offer of weights, a lease, a reply). Between processes a step takes more turns.
constexpr Duration patience = 400s;
constexpr Duration patience_apart = 1000s;
constexpr std::uint64_t steps_max = 2'000'000;  // more is an actor that spins
constexpr std::uint64_t look_every = 512;       // steps

}  // namespace

class SimLife::Sink final : public EventSink {
 public:
  explicit Sink(SimWorld& world) : world_(world) {}

  void event(const RunEvent& event) override { world_.count_event(event); }

 private:
  SimWorld& world_;
};

SimLife::SimLife(SimWorld& world, LifePlan plan, std::uint64_t seed)
    : world_(world),
      plan_(std::move(plan)),
      random_(seed, 1),
      files_(world.files_, plan_.files),
      stores_(files_, world.job_),
      kinds_(reinforcement_kinds(world.job_.reward_kinds)) {
  SimOptions options;
  options.seed = seed;
  options.pools = Pipeline::pools(world_.job_, world_.apart_);
  options.keep_trace = world_.trace_;
  options.log = world_.trace_ ? Level::info : Level::off;
  options.system.on_exit = [this](const ExitRecord& record) {
    // What the crash of a file threw: an actor cannot handle it, its process is gone.
    if (record.cause == ExitCause::failed && files_.changes() >= plan_.files.at &&
        (plan_.files.fault == Fault::crash || plan_.files.fault == Fault::torn_crash))
      files_crashed_ = true;
  };
  options.system.on_escalation = [this](const ExitRecord& record) { gave_up(record); };
  world_.disk_.begin(plan_.disk);
  sim_.emplace(std::move(options));
  began_ = sim_->clock().now();
  sim_->on_message([this](const Passage& passage) { return fate(passage); });
  sim_->on_turn([this](const std::string& pool) { return turn(pool); });
}

SimLife::~SimLife() {
  end_all();
}

// The agent has handles of the host's, and all Systems the simulation's clock.
void SimLife::end_all() {
  if (sim_) sim_->system().stop(60s);
  pipeline_.reset();
  host_.reset();
  sim_.reset();
}

void SimLife::gave_up(const ExitRecord& record) {
  if (escalated_.empty()) escalated_ = record.name + " failed for good: " + record.text;
}

Duration SimLife::age() {
  return sim_->clock().now() - began_;
}

Duration SimLife::turn(const std::string& pool) {
  return share_of(random_, plan_.turn_max[pool]);
}

Fate SimLife::fate(const Passage& passage) {
  ++world_.tally_.messages;
  if (age() > plan_.faulty_for) return Fate::deliver();
  // The trainer waits half an hour for an evaluation: longer than a simulation should run.
  bool patient = passage.type == "Evaluate" || passage.source == "evaluator";
  double draw = static_cast<double>(random_.uniform());
  if ((draw -= plan_.lost) < 0 && !patient) {
    ++world_.tally_.lost;
    return Fate::drop();
  }
  if ((draw -= plan_.duplicated) < 0) {
    ++world_.tally_.duplicated;
    return Fate::duplicate(share_of(random_, plan_.late_max));
  }
  if (draw < plan_.late) {
    ++world_.tally_.late;
    return Fate::after(share_of(random_, plan_.late_max));
  }
  return Fate::deliver();
}

// What every process of the job has.
PipelineParts SimLife::parts(Stores& stores) {
  StandIn::Hooks hooks{
      .reinforced = [this](std::span<const TrainSequence> batch) { world_.consumed(batch); },
      .skip_one_in = 16};
  PipelineParts parts;
  parts.ledger = &world_.disk_;
  parts.warm_checkpoints = &stores.warm;
  parts.checkpoints = &stores.checkpoints;
  parts.link = link_;
  parts.make_policy = [hooks](const ModelConfig& config) {
    return std::make_unique<StandIn>(config, hooks);
  };
  return parts;
}

void SimLife::start() {
  link_ = world_.link([this] {
    return age() <= plan_.faulty_for && static_cast<double>(random_.uniform()) < plan_.bad_transfer;
  });
  PipelineParts own = parts(stores_);
  own.reporter.sinks = {std::make_shared<Sink>(world_)};
  own.reporter.totals = std::make_shared<RunTotals>();
  own.reporter.status_every = 5s;
  own.done = [this](RunOutcome outcome) {
    // A trainer that is killed once it has said so says it again.
    bool again = outcome_ && !(host_ && outcome_->how == outcome.how);
    if (again) world_.problem("the run ended twice: " + outcome.reason);
    outcome_ = std::move(outcome);
  };
  WorkerParts workers;
  if (world_.apart_.any()) {
    host_.emplace(*sim_, kinds_, [this](System& system, ProcessContext& context) {
      auto stores = std::make_shared<Stores>(files_, world_.job_);
      context.set(job_process(system, world_.job_, parts(*stores)));
      return stores;
    });
    host_->set_lines(plan_.line_delay, plan_.line_pieces, plan_.between_hosts);
    workers = {.folder = "",
        .on_exit = {},
        .on_escalation = [this](const ExitRecord& record) { gave_up(record); },
        .host = &*host_};
  }
  pipeline_ = std::make_unique<Pipeline>(
      sim_->system(), world_.job_, std::move(own), world_.apart_, std::move(workers));
}

bool SimLife::due(const std::optional<Duration>& at) {
  return at && age() >= *at;
}

void SimLife::disturb() {
  while (next_kill_ < plan_.kills.size() && age() >= plan_.kills[next_kill_].at) {
    const std::string& actor = plan_.kills[next_kill_++].actor;
    bool killed = host_ && host_->kill(actor);
    world_.tally_.kills += killed || sim_->kill(actor) ? 1 : 0;
    last_fault_ = sim_->clock().now();
  }
  while (next_trouble_ < plan_.troubles.size() && age() >= plan_.troubles[next_trouble_].at)
    trouble(plan_.troubles[next_trouble_++]);
  if (due(plan_.finish) && !told_to_finish_) {
    told_to_finish_ = true;
    pipeline_->finish("asked by the simulation");
  }
}

void SimLife::trouble(const LifePlan::Trouble& trouble) {
  Time soon = after(sim_->clock().now(), std::chrono::seconds(1));
  switch (trouble.kind) {
    case LifePlan::Trouble::Kind::cut:
      world_.tally_.cuts += host_->cut(trouble.worker) ? 1 : 0;
      last_fault_ = soon;
      return;
    case LifePlan::Trouble::Kind::move:
      world_.tally_.moves += host_->move(trouble.worker) ? 1 : 0;
      last_fault_ = soon;
      return;
    case LifePlan::Trouble::Kind::stall:
      break;
  }
  if (!host_->stall(trouble.worker, true)) return;
  ++world_.tally_.stalls;
  last_fault_ = after(sim_->clock().now(), trouble.lasts);
  sim_->clock().call_at(
      last_fault_, [this, worker = trouble.worker] { host_->stall(worker, false); });
}

bool SimLife::crashed() {
  return world_.disk_.dead() || files_crashed_ || due(plan_.dies);
}

// Nobody waits without a deadline and a reason.
void SimLife::look_at(System& system) {
  for (const ActorStatus& actor : system.actors()) {
    if (actor.waiting_for.empty() || actor.waiting_for == "messages") continue;
    if (actor.deadline == forever)
      world_.problem(actor.name + " waits without a deadline for " + actor.waiting_for);
    if (actor.waiting_for.find('(') == std::string::npos)
      world_.problem(actor.name + " waits without a reason for " + actor.waiting_for);
  }
}

void SimLife::look() {
  look_at(sim_->system());
  if (!host_) return;
  for (System* system : host_->systems()) look_at(*system);
}

std::string SimLife::who_waits() {
  std::string text;
  std::vector<ActorStatus> actors = sim_->system().actors();
  if (host_)
    for (System* system : host_->systems())
      for (ActorStatus& actor : system->actors()) actors.push_back(std::move(actor));
  for (const ActorStatus& actor : actors) {
    text += str("\n    ", actor.name, " ", name(actor.state), ", ", actor.mailbox_messages,
        " unread, ", actor.restarts, " restarts; waits for ", actor.waiting_for, " since ",
        seconds(actor.waiting_since - began_), " s");
    for (const auto& [key, value] : actor.notes) text += str("; ", key, ": ", value);
  }
  return text;
}

// False if the job got stuck.
bool SimLife::drive() {
  Time sound = after(began_, plan_.faulty_for + plan_.late_max);
  Duration most = host_ ? patience_apart : patience;
  while (!outcome_ && escalated_.empty() && !crashed()) {
    if (!sim_->step(after(std::max(sound, last_fault_), most)) ||
        sim_->clock().now() >= after(std::max(sound, last_fault_), most)) {
      world_.problem(str("no end within ", seconds(most), " s of the last fault, at ",
          seconds(age()), " s:", who_waits()));
      return false;
    }
    if (++steps_ == steps_max) {
      world_.problem(
          str("an actor spins: ", steps_max, " steps, at ", seconds(age()), " s:", who_waits()));
      return false;
    }
    disturb();
    if (host_) host_->look();
    if (steps_ % look_every == 0) look();
  }
  return true;
}

void SimLife::die() {
  world_.disk_.die();
  ++world_.tally_.crashes;
  sim_->kill("agent", "the process died");
  if (host_) host_->kill_all();
  for (const ActorStatus& actor : sim_->system().actors())
    sim_->kill(actor.name, "the process died");
}

// In the order that the agent wants.
void SimLife::stop_workers() {
  bool done = false;
  auto agent = sim_->system().find("agent");
  sim_->system().spawn<Script>({.name = "stopper"}, [&](Script&) -> Task<void> {
    if (agent) co_await ask(*agent, StopGraph{20s}, 60s, "the workers to end");
    done = true;
  });
  for (Time limit = after(sim_->clock().now(), 60s); !done && sim_->clock().now() < limit;) {
    sim_->step(limit);
    host_->look();
  }
  if (!done || host_->runs()) world_.problem("a worker did not end in time:" + who_waits());
}

SimWorld::End SimLife::end(RunOutcome& outcome) {
  using End = SimWorld::End;
  if (!outcome_) {
    bool expected = escalated_.starts_with("trainer") &&
                    (plan_.files.fault != Fault::none ||
                        std::any_of(plan_.kills.begin(), plan_.kills.end(),
                            [](const auto& kill) { return kill.actor == "trainer"; }));
    if (!expected) world_.problem(escalated_);
    return End::failed;
  }
  outcome = *outcome_;
  switch (outcome.how) {
    case RunOutcome::How::finished:
      return End::finished;
    case RunOutcome::How::interrupted:
      if (!told_to_finish_) world_.problem("interrupted by nobody");
      ++world_.tally_.stopped_early;
      return End::interrupted;
    default:
      world_.problem("the run failed: " + outcome.reason);
      return End::failed;
  }
}

SimWorld::End SimLife::live(RunOutcome& outcome) {
  start();
  bool moved = drive();
  world_.tally_.simulated_seconds += seconds(age());
  Metrics& metrics = sim_->system().metrics();
  world_.tally_.set_aside += metrics.counter("sequences_set_aside").value();
  world_.tally_.rows_shared += metrics.counter("prompt_rows_shared").value();
  SimWorld::End how = SimWorld::End::died;
  if (!moved) {
    die();
    how = SimWorld::End::failed;
  } else if (crashed()) {
    die();
  } else {
    how = end(outcome);
    sim_->on_message({});
    if (host_) stop_workers();
    if (!sim_->system().stop(20s) && escalated_.empty())
      world_.problem("an actor did not stop in time:" + who_waits());
    if (crashed()) how = SimWorld::End::died;  // while it stopped
  }
  world_.fingerprint_ = world_.fingerprint_ * 1099511628211U ^ sim_->fingerprint();
  if (world_.trace_)
    for (const std::string& line : sim_->trace()) std::fprintf(stderr, "%s\n", line.c_str());
  if (host_) world_.tally_.workers += host_->started();
  end_all();
  if (how == SimWorld::End::died && plan_.power_cut) {
    ++world_.tally_.power_cuts;
    world_.disk_.cut_power(random_);
  }
  return how;
}

}  // namespace tramontane
