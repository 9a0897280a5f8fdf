#pragma once
// A SimWorld plays one whole reinforcement-learning job under a seed: the real Pipeline with a
// stand-in for LibTorch, on a simulated host whose network, disk, processes and actors fail as the
// seed says. When its process dies, the next one resumes on what the disk holds.
//
//   SimWorld world(17);
//   world.play();
//   for (const std::string& problem : world.problems()) …      // none: every invariant held
//
// What is checked is said in ARCHITECTURE.md, "Invariants", and where it is checked: here and in
// sim_disk.h on the way, in audit.cc at the end.

#include "actors/run/pipeline.h"
#include "tests/sim/memory_files.h"
#include "tests/sim/sim_disk.h"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace tramontane {

// What happened, over all lives; sums over many worlds show that faults are met at all.
struct SimTally {
  std::uint64_t lives = 0;
  std::uint64_t crashes = 0;
  std::uint64_t power_cuts = 0;
  std::uint64_t kills = 0;    // of actors, or of workers with all their actors
  std::uint64_t workers = 0;  // that were started
  std::uint64_t stalls = 0;   // of workers
  std::uint64_t cuts = 0;     // of all that a worker is connected to
  std::uint64_t moves = 0;    // of workers that are wanted in another place
  std::uint64_t messages = 0;
  std::uint64_t lost = 0;
  std::uint64_t duplicated = 0;
  std::uint64_t late = 0;
  std::uint64_t bad_transfers = 0;  // of weights
  std::uint64_t replayed = 0;       // steps trained again after a crash
  std::uint64_t swaps = 0;
  std::uint64_t swaps_failed = 0;
  std::uint64_t stopped_early = 0;
  std::uint64_t set_aside = 0;    // sequences whose cache blocks went to others
  std::uint64_t rows_shared = 0;  // of prompts that another sequence had computed
  // Of the finished run's ledger and batches:
  std::uint64_t rollouts = 0;
  std::uint64_t spanning = 0;  // with tokens of several versions
  std::uint64_t resumed = 0;   // taken over with tokens of an earlier generator
  std::uint64_t stale = 0;
  std::uint64_t no_verdict = 0;
  std::uint64_t correct = 0;  // of those in batches
  std::uint64_t leases_expired = 0;
  std::uint64_t log_probs_checked = 0;
  double simulated_seconds = 0;

  SimTally& operator+=(const SimTally& other);
};

std::string describe(const SimTally& tally);

class SimWorld {
 public:
  // With `trace` everything that passes between actors is printed, and their logs.
  // With Isolation::process, workers are processes of their own, connected by lines of memory.
  explicit SimWorld(
      std::uint64_t seed, bool trace = false, Isolation isolation = Isolation::thread);
  ~SimWorld();

  // To the end of the job, over as many processes as it takes.
  void play();

  const std::vector<std::string>& problems() const { return problems_; }

  // Of every message of every life: equal for equal seeds.
  std::uint64_t fingerprint() const { return fingerprint_; }

  const SimTally& tally() const { return tally_; }

 private:
  friend class SimLife;
  class Sender;
  class Receiver;

  enum class End { finished, interrupted, died, failed };

  void problem(const std::string& text);
  // The transport of one life; `spoil` says whether the next fetch goes wrong.
  WeightLink link(std::function<bool()> spoil);
  void published(const std::shared_ptr<const Arena>& arena);
  void consumed(std::span<const TrainSequence> sequences);
  void known_span(const Span& span);
  void count_event(const RunEvent& event);
  void audit(const RunOutcome& outcome);
  void audit_batch(const Batch& batch);
  void audit_rollout(const Batch& batch, const Group& group, const Rollout& rollout);
  void audit_settled(std::uint64_t groups_issued);

  const std::uint64_t seed_;
  const bool trace_;
  const Apart apart_;
  Job job_;
  SimDisk disk_;
  MemoryFiles files_;
  std::vector<std::string> problems_;
  std::uint64_t fingerprint_ = 0;
  SimTally tally_;
  // What the outside world remembers over all lives:
  std::map<Version, std::shared_ptr<const Arena>> arenas_;  // every version that ever was
  // By version, the hash of each minibatch that trained it further.
  std::map<Version, std::vector<std::uint64_t>> consumed_;
  std::size_t minibatch_ = 0;  // of the version that is being trained, those that came already
  std::map<Version, std::shared_ptr<const ReadyWeights>> ready_;  // for the audit
  Version training_ = 0;  // the newest version published in this life
};

}  // namespace tramontane
