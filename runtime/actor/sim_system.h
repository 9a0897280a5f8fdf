#pragma once
// A SimSystem runs a whole System in one thread under a seed: a manual clock that jumps to the next
// timer when nothing is ready, an order of events drawn from the seed, and a network that loses,
// delays and duplicates what it is told to. The same seed gives the same events.
//
//   SimSystem sim({.seed = 7});
//   sim.on_message([](const Passage& passage) {
//     return passage.type == "Append" ? Fate::after(20ms) : Fate::deliver();
//   });
//   auto ledger = sim.system().spawn<LedgerActor>({.name = "ledger"});
//   CHECK(sim.run_until([&] { return done; }, 60s));
//   sim.kill("ledger");
//
// Everything happens inside step(), run_until(), run_for() and the blocking calls of System. Jobs
// given to run_on() run inline; on_job() can make them take simulated time.
//
// Several processes of one simulation are several Systems on its clock, in its order of events:
//
//   std::unique_ptr<System> other = sim.process({.first_id = 1000});

#include "runtime/actor/simulation.h"
#include "runtime/actor/system.h"
#include "runtime/base/clock.h"
#include "runtime/base/log.h"
#include "runtime/base/random.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tramontane {

struct SimOptions {
  std::uint64_t seed = 0;
  std::vector<PoolOptions> pools = {{"main", 1}};
  bool encode = true;       // every message makes the round trip through its Codec
  bool shuffle = true;      // ready work runs in a seeded order; else first come, first served
  bool keep_trace = false;  // of every passage, for trace()
  Level log = Level::off;   // shown on stderr
  SystemOptions system;     // its on_exit, on_escalation, exit_records, metrics, overdue
};

class SimSystem final : private Simulation {
 public:
  explicit SimSystem(SimOptions options);
  // Stops the system if that was not done.
  ~SimSystem() override;
  SimSystem(const SimSystem&) = delete;
  SimSystem& operator=(const SimSystem&) = delete;

  System& system() { return *system_; }

  // Another System of this simulation, which must outlive it. Clock, log and seed are those of the
  // simulation.
  std::unique_ptr<System> process(SystemOptions options);

  ManualClock& clock() { return clock_; }

  Random& random() { return random_; }

  std::uint64_t seed() const { return options_.seed; }

  // Decides the fate of every message and reply between actors from now on.
  void on_message(std::function<Fate(const Passage&)> fate) { fate_ = std::move(fate); }

  // How much simulated time a job on that pool takes.
  void on_job(std::function<Duration(const std::string& pool)> time) {
    job_time_ = std::move(time);
  }

  // How much simulated time each turn of an actor on that pool takes: a message, a step of work, or
  // the part of one up to its next wait. Without it they take none.
  void on_turn(std::function<Duration(const std::string& pool)> time) {
    turn_time_ = std::move(time);
  }

  // Ends the actor as a crash: no stop(), mail bounced, restart policy applied. At once if nothing
  // is running, else before anything of it runs again. False if there is none of that name.
  bool kill(std::string_view name, std::string reason = "killed by the simulation");

  // Runs one thing, or jumps to the next timer. False if nothing is left to happen until `limit`.
  bool step(Time limit = forever) override;
  // False if `limit` of simulated time passed, or nothing is left to happen, before it was true.
  bool run_until(const std::function<bool()>& done, Duration limit);
  void run_for(Duration time);

  // Hash of every passage and its time so far: equal runs have equal fingerprints.
  std::uint64_t fingerprint() const { return fingerprint_; }

  const std::vector<std::string>& trace() const { return trace_; }

  std::uint64_t steps() const { return steps_; }

 private:
  class SimPool;

  void post(Runnable& job, SimPool& pool);
  void end_turns(const SimPool& pool);
  std::unique_ptr<Pool> make_pool(PoolOptions options) override;
  Fate fate(const Passage& passage) override;

  bool encodes() const override { return options_.encode; }

  bool run_ready();

  SimOptions options_;
  ManualClock clock_;
  Log log_;
  Random random_;
  std::vector<Runnable*> ready_;
  std::function<Fate(const Passage&)> fate_;
  std::function<Duration(const std::string&)> job_time_;
  std::function<Duration(const std::string&)> turn_time_;
  std::vector<std::pair<Runnable*, const SimPool*>> busy_;  // whose turn's time has not passed yet
  std::uint64_t fingerprint_ = 14695981039346656037U;
  std::vector<std::string> trace_;
  std::uint64_t steps_ = 0;
  std::unique_ptr<System> system_;
};

}  // namespace tramontane
