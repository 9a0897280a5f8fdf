#include "tests/sim/life.h"

#include "runtime/base/check.h"
#include "runtime/base/metrics.h"
#include "tests/sim/sim_job.h"
#include "tests/sim/stand_in.h"

#include <algorithm>
#include <cstdio>

namespace tramontane {
namespace {

using namespace std::chrono_literals;

// Once nothing goes wrong any more the job ends within this: a few of the longest deadlines, one
// after another (an offer of weights, a lease, a reply).
constexpr Duration patience = 400s;
constexpr std::uint64_t steps_max = 2'000'000;  // more is an actor that spins
constexpr std::uint64_t look_every = 512;       // steps

Duration share_of(Random& random, Duration most) {
  return Duration(static_cast<std::int64_t>(
      random.below(static_cast<std::uint64_t>(std::max<std::int64_t>(most.count(), 1)))));
}

double seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

// Early more often than late: most of a run is over in a second or two.
Duration some_time(Random& random) {
  return share_of(random, random.below(3) == 0 ? Duration(20s) : Duration(1500ms));
}

void draw_network(Random& random, LifePlan& plan) {
  if (random.below(2) == 0) return;
  plan.faulty_for = 200ms + share_of(random, 8s);
  if (random.below(2) == 0) plan.lost = 0.03 * static_cast<double>(random.uniform());
  if (random.below(2) == 0) plan.duplicated = 0.1 * static_cast<double>(random.uniform());
  plan.late = 0.3 * static_cast<double>(random.uniform());
  plan.late_max = random.below(4) == 0 ? Duration(40s) : Duration(100ms);
  if (random.below(2) == 0) plan.bad_transfer = 0.3;
}

void draw_pace(Random& random, const Job& job, LifePlan& plan) {
  for (const PoolOptions& pool : Pipeline::pools(job)) {
    Duration most = 2ms;
    if (pool.name == "train") most = 20ms;
    if (pool.name.starts_with("decode/")) most = 5ms;  // longer than a message takes
    if (random.below(8) == 0) most *= 50;              // a slow one
    plan.turn_max[pool.name] = most;
  }
}

void draw_kills(Random& random, const Job& job, LifePlan& plan) {
  std::vector<std::string> actors = {
      "evaluator", "ledger", "weight_receiver", "weight_broadcaster", "reporter"};
  for (std::uint32_t i = 0; i < job.generators; ++i) actors.push_back(str("generator/", i));
  for (std::uint32_t i = 0; i < job.verifiers; ++i) actors.push_back(str("verifier/", i));
  std::map<std::string, int> times;
  std::uint64_t count = random.below(2) == 0 ? 0 : 1 + random.below(6);
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::string& actor = actors[random.below(actors.size())];
    if (++times[actor] > 3) continue;  // within what its restart policy bears
    plan.kills.push_back({some_time(random), actor});
  }
  std::sort(plan.kills.begin(), plan.kills.end(),
      [](const auto& a, const auto& b) { return a.at < b.at; });
}

void draw_death(Random& random, LifePlan& plan) {
  switch (random.below(7)) {
    case 0:
      plan.dies = some_time(random);
      break;
    case 1:
      plan.disk.crash_at = 1 + random.below(60);
      plan.disk.crash_keeps = random.below(2) == 0;
      break;
    case 2:
      plan.files.at = 1 + random.below(60);
      plan.files.fault = random.below(2) == 0 ? Fault::crash : Fault::torn_crash;
      break;
    case 3:
      plan.kills.push_back({some_time(random), "trainer"});
      std::sort(plan.kills.begin(), plan.kills.end(),
          [](const auto& a, const auto& b) { return a.at < b.at; });
      break;
    case 4:
      plan.finish = some_time(random);
      break;
    default:
      break;
  }
  plan.power_cut = random.below(2) == 0;
  if (random.below(6) == 0) plan.disk.refuse_at = 1 + random.below(60);
  if (random.below(16) == 0 && plan.files.fault == Fault::none)
    plan.files = {.at = 1 + random.below(60), .fault = Fault::refuse};
}

}  // namespace

LifePlan draw_life(Random& random, const Job& job, std::uint32_t life) {
  LifePlan plan;
  draw_pace(random, job, plan);
  if (life >= 4) return plan;  // at last nothing goes wrong
  draw_network(random, plan);
  draw_kills(random, job, plan);
  draw_death(random, plan);
  return plan;
}

std::string describe(const LifePlan& plan) {
  std::string text = str("network faulty for ", seconds(plan.faulty_for), " s (lost ", plan.lost,
      ", duplicated ", plan.duplicated, ", late ", plan.late, " up to ", seconds(plan.late_max),
      " s, bad transfers ", plan.bad_transfer, ")");
  for (const auto& kill : plan.kills) text += str(", kill ", kill.actor, " at ", seconds(kill.at));
  if (plan.dies) text += str(", dies at ", seconds(*plan.dies));
  if (plan.disk.crash_at > 0) text += str(", dies at ledger write ", plan.disk.crash_at);
  if (plan.disk.refuse_at > 0) text += str(", ledger write ", plan.disk.refuse_at, " is refused");
  if (plan.files.fault != Fault::none)
    text +=
        str(", checkpoint change ", plan.files.at, ": fault ", static_cast<int>(plan.files.fault));
  if (plan.power_cut) text += ", a death is a power cut";
  if (plan.finish) text += str(", asked to finish at ", seconds(*plan.finish));
  return text;
}

// ---- the life ----------------------------------------------------------------------------------

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
      warm_(files_, "run/warm_start", {.keep_last = 1}),
      checkpoints_(files_, "run/checkpoints", {.keep_last = world.job_.trainer.keep_checkpoints}) {
  SimOptions options;
  options.seed = seed;
  options.pools = Pipeline::pools(world_.job_);
  options.keep_trace = world_.trace_;
  options.log = world_.trace_ ? Level::info : Level::off;
  options.system.on_exit = [this](const ExitRecord& record) {
    // What the crash of a file threw: an actor cannot handle it, its process is gone.
    if (record.cause == ExitCause::failed && files_.changes() >= plan_.files.at &&
        (plan_.files.fault == Fault::crash || plan_.files.fault == Fault::torn_crash))
      files_crashed_ = true;
  };
  options.system.on_escalation = [this](const ExitRecord& record) {
    if (escalated_.empty()) escalated_ = record.name + " failed for good: " + record.text;
  };
  world_.disk_.begin(plan_.disk);
  sim_.emplace(std::move(options));
  began_ = sim_->clock().now();
  sim_->on_message([this](const Passage& passage) { return fate(passage); });
  sim_->on_turn([this](const std::string& pool) { return turn(pool); });
}

SimLife::~SimLife() {
  sim_.reset();
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

void SimLife::start() {
  StandIn::Hooks hooks{
      .reinforced = [this](std::span<const TrainSequence> batch) { world_.consumed(batch); },
      .skip_one_in = 16};
  PipelineParts parts;
  parts.ledger = &world_.disk_;
  parts.warm_checkpoints = &warm_;
  parts.checkpoints = &checkpoints_;
  parts.link = world_.link([this] {
    return age() <= plan_.faulty_for && static_cast<double>(random_.uniform()) < plan_.bad_transfer;
  });
  parts.reporter.sinks = {std::make_shared<Sink>(world_)};
  parts.reporter.totals = std::make_shared<RunTotals>();
  parts.reporter.status_every = 5s;
  parts.make_policy = [hooks](const ModelConfig& config) {
    return std::make_unique<StandIn>(config, hooks);
  };
  parts.done = [this](RunOutcome outcome) {
    if (outcome_) world_.problem("the run ended twice: " + outcome.reason);
    outcome_ = std::move(outcome);
  };
  pipeline_ = std::make_unique<Pipeline>(sim_->system(), world_.job_, std::move(parts));
}

bool SimLife::due(const std::optional<Duration>& at) {
  return at && age() >= *at;
}

void SimLife::disturb() {
  while (next_kill_ < plan_.kills.size() && age() >= plan_.kills[next_kill_].at) {
    world_.tally_.kills += sim_->kill(plan_.kills[next_kill_++].actor) ? 1 : 0;
    last_fault_ = sim_->clock().now();
  }
  if (due(plan_.finish) && !told_to_finish_) {
    told_to_finish_ = true;
    pipeline_->finish("asked by the simulation");
  }
}

bool SimLife::crashed() {
  return world_.disk_.dead() || files_crashed_ || due(plan_.dies);
}

// Nobody waits without a deadline and a reason.
void SimLife::look() {
  for (const ActorStatus& actor : sim_->system().actors()) {
    if (actor.waiting_for.empty() || actor.waiting_for == "messages") continue;
    if (actor.deadline == forever)
      world_.problem(actor.name + " waits without a deadline for " + actor.waiting_for);
    if (actor.waiting_for.find('(') == std::string::npos)
      world_.problem(actor.name + " waits without a reason for " + actor.waiting_for);
  }
}

std::string SimLife::who_waits() {
  std::string text;
  for (const ActorStatus& actor : sim_->system().actors()) {
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
  while (!outcome_ && escalated_.empty() && !crashed()) {
    if (!sim_->step(after(std::max(sound, last_fault_), patience)) ||
        sim_->clock().now() >= after(std::max(sound, last_fault_), patience)) {
      world_.problem(str("no end within ", seconds(patience), " s of the last fault, at ",
          seconds(age()), " s:", who_waits()));
      return false;
    }
    if (++steps_ == steps_max) {
      world_.problem(
          str("an actor spins: ", steps_max, " steps, at ", seconds(age()), " s:", who_waits()));
      return false;
    }
    disturb();
    if (steps_ % look_every == 0) look();
  }
  return true;
}

void SimLife::die() {
  world_.disk_.die();
  ++world_.tally_.crashes;
  for (const ActorStatus& actor : sim_->system().actors())
    sim_->kill(actor.name, "the process died");
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
    if (!sim_->system().stop(20s) && escalated_.empty())
      world_.problem("an actor did not stop in time");
    if (crashed()) how = SimWorld::End::died;  // while it stopped
  }
  world_.fingerprint_ = world_.fingerprint_ * 1099511628211U ^ sim_->fingerprint();
  if (world_.trace_)
    for (const std::string& line : sim_->trace()) std::fprintf(stderr, "%s\n", line.c_str());
  sim_.reset();
  if (how == SimWorld::End::died && plan_.power_cut) {
    ++world_.tally_.power_cuts;
    world_.disk_.cut_power(random_);
  }
  return how;
}

}  // namespace tramontane
