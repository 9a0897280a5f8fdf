#include "tests/sim/world.h"

#include "runtime/base/check.h"
#include "tests/sim/life.h"
#include "tests/sim/sim_job.h"
#include "tests/sim/stand_in.h"

#include <cstdio>
#include <cstring>

namespace tramontane {
namespace {

constexpr std::uint64_t life_stream = 0x6c696665;
constexpr std::uint64_t apart_stream = 0x61706172;
constexpr std::uint32_t lives_max = 6;

// Who lives in workers: everybody that can, or some.
Apart draw_apart(std::uint64_t seed, Isolation isolation) {
  if (isolation == Isolation::thread) return {};
  Random random(seed, apart_stream);
  Apart apart{true, true, true, true, true};
  if (random.below(2) == 0) return apart;
  for (bool* role :
      {&apart.ledger, &apart.generator, &apart.verifier, &apart.trainer, &apart.evaluator})
    *role = random.below(2) == 0;
  apart.verifier = apart.verifier || !apart.any();
  return apart;
}

}  // namespace

SimTally& SimTally::operator+=(const SimTally& other) {
  for (auto field : {&SimTally::lives, &SimTally::crashes, &SimTally::power_cuts, &SimTally::kills,
           &SimTally::workers, &SimTally::stalls, &SimTally::cuts, &SimTally::moves,
           &SimTally::messages, &SimTally::lost, &SimTally::duplicated, &SimTally::late,
           &SimTally::bad_transfers, &SimTally::replayed, &SimTally::swaps, &SimTally::swaps_failed,
           &SimTally::stopped_early, &SimTally::set_aside, &SimTally::rows_shared,
           &SimTally::rollouts, &SimTally::spanning, &SimTally::resumed, &SimTally::stale,
           &SimTally::no_verdict, &SimTally::correct, &SimTally::leases_expired,
           &SimTally::log_probs_checked})
    this->*field += other.*field;
  simulated_seconds += other.simulated_seconds;
  return *this;
}

std::string describe(const SimTally& tally) {
  return str(tally.lives, " lives, ", tally.crashes, " crashes (", tally.power_cuts,
      " power cuts), ", tally.stopped_early, " stopped early, ", tally.kills, " killed, ",
      tally.workers, " workers, ", tally.stalls, " stalled, ", tally.cuts, " cut off, ",
      tally.moves, " moved; ", tally.messages, " messages: ", tally.lost, " lost, ",
      tally.duplicated, " duplicated, ", tally.late, " late; ", tally.swaps, " swaps, ",
      tally.swaps_failed, " failed, ", tally.bad_transfers, " bad transfers; ", tally.replayed,
      " steps replayed; ", tally.set_aside, " sequences set aside, ", tally.rows_shared,
      " rows shared; ", tally.rollouts, " rollouts, ", tally.spanning, " of several versions, ",
      tally.resumed, " resumed, ", tally.stale, " stale, ", tally.no_verdict, " without verdict, ",
      tally.correct, " correct, ", tally.leases_expired, " leases expired; ",
      tally.log_probs_checked, " log-probs checked; ",
      static_cast<std::uint64_t>(tally.simulated_seconds), " s simulated");
}

// ---- the transport -----------------------------------------------------------------------------

// The local transport, that tells the world what passes and now and then holds bytes that differ
// from what was announced: its own check must find that.
class SimWorld::Sender final : public WeightSender {
 public:
  Sender(SimWorld& world, WeightLink local) : world_(world), local_(std::move(local)) {}

  Blob publish(std::shared_ptr<const Arena> arena) override {
    world_.published(arena);
    return local_.sender->publish(std::move(arena));
  }

 private:
  SimWorld& world_;
  WeightLink local_;
};

class SimWorld::Receiver final : public WeightReceiver {
 public:
  Receiver(SimWorld& world, std::function<bool()> spoil, const WeightLink& local)
      : world_(world), spoil_(std::move(spoil)), local_(local.receiver(nullptr)) {}

  std::shared_ptr<const Arena> fetch(
      Version version, Fingerprint announced, const Blob& weights) override {
    if (!spoil_()) return local_->fetch(version, announced, weights);
    ++world_.tally_.bad_transfers;
    const Arena& good = *world_.arenas_.at(version);
    auto bad = std::make_shared<Arena>(good.shared_manifest());
    std::memcpy(bad->data(), good.data(), good.bytes().size());
    bad->bytes()[version % good.bytes().size()] ^= std::byte{1};
    bad->seal(version);
    WeightLink torn = local_transport();
    torn.sender->publish(std::move(bad));
    return torn.receiver(nullptr)->fetch(version, announced, {});
  }

 private:
  SimWorld& world_;
  std::function<bool()> spoil_;
  std::unique_ptr<WeightReceiver> local_;
};

WeightLink SimWorld::link(std::function<bool()> spoil) {
  WeightLink local = local_transport();
  return {"local", std::make_shared<Sender>(*this, local),
      [this, spoil = std::move(spoil), local](const std::shared_ptr<const Manifest>&) {
        return std::make_unique<Receiver>(*this, spoil, local);
      }};
}

// ---- what the outside world remembers ----------------------------------------------------------

SimWorld::SimWorld(std::uint64_t seed, bool trace, Isolation isolation)
    : seed_(seed),
      trace_(trace),
      apart_(draw_apart(seed, isolation)),
      job_(sim_job(seed)),
      disk_([this](const std::string& text) { problem(text); }) {
  disk_.on_span([this](const Span& span) { known_span(span); });
}

SimWorld::~SimWorld() = default;

void SimWorld::problem(const std::string& text) {
  if (trace_) std::fprintf(stderr, "PROBLEM %s\n", text.c_str());
  if (problems_.size() < 20) problems_.push_back(text);
}

void SimWorld::published(const std::shared_ptr<const Arena>& arena) {
  training_ = arena->version();
  minibatch_ = 0;
  auto [known, fresh] = arenas_.emplace(arena->version(), arena);
  if (!fresh) ++tally_.replayed;
  if (known->second->fingerprint() != arena->fingerprint())
    problem(str("version ", arena->version(), " was trained again to another fingerprint"));
}

// Every token was decoded under a whole version that existed.
void SimWorld::known_span(const Span& span) {
  auto known = arenas_.find(span.version);
  if (known == arenas_.end())
    problem(str("tokens of version ", span.version, ", which was never published"));
  else if (known->second->fingerprint() != span.fingerprint)
    problem(str("tokens of version ", span.version, " with another fingerprint"));
}

void SimWorld::consumed(std::span<const TrainSequence> sequences) {
  auto& known = consumed_[training_];
  std::size_t index = minibatch_++;
  if (index == known.size()) known.push_back(hash_of(sequences));
  if (known.at(index) != hash_of(sequences))
    problem(str("the batch of step ", training_, " was another when it was trained again"));
  for (const TrainSequence& sequence : sequences)
    for (std::uint32_t lag : sequence.lags)
      if (lag > job_.reinforce->ledger.max_lag)
        problem(str("step ", training_, " trained a token with lag ", lag));
}

void SimWorld::count_event(const RunEvent& event) {
  const auto& kind = event.at("event").as_string();
  if (kind == "swap") ++tally_.swaps;
  if (kind == "swap_failed") ++tally_.swaps_failed;
  if (kind != "alarm") return;
  const auto& text = event.at("text").as_string();
  if (trace_) std::fprintf(stderr, "ALARM %s\n", text.c_str());
  if (text.find("disagree") != std::string_view::npos) problem(std::string(text));
}

// ---- the play ----------------------------------------------------------------------------------

void SimWorld::play() {
  Random random(seed_, life_stream);
  if (trace_)
    std::fprintf(
        stderr, "seed %llu: %s\n", static_cast<unsigned long long>(seed_), describe(job_).c_str());
  for (std::uint32_t life = 0; life < lives_max && problems_.empty(); ++life) {
    LifePlan plan = draw_life(random, job_, life, apart_);
    if (trace_) std::fprintf(stderr, "life %u: %s\n", life, describe(plan).c_str());
    training_ = 0;
    ++tally_.lives;
    RunOutcome outcome;
    SimLife lived(*this, std::move(plan), random.below(~std::uint64_t{0}));
    if (lived.live(outcome) == End::finished) {
      audit(outcome);
      return;
    }
  }
  if (problems_.empty()) problem(str("the job did not end in ", lives_max, " lives"));
}

}  // namespace tramontane
