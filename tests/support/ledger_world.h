#pragma once
// A LedgerWorld plays generators, verifiers and a trainer against a ledger, in an order drawn from
// a seed, and checks what the ledger promises at every turn.
//
//   LedgerWorld world({.options = options, .seed = 3});
//   world.open(*store);
//   REQUIRE(world.run(*store));      // to the last step
//
// What a rollout says, how long it is and what it scores are functions of its id alone, so that
// batches of different schedules can be compared. The world outlives crashes of the ledger: it
// remembers what was handed out and promised, as the outside world does.

#include "actors/ledger/ledger.h"
#include "runtime/base/random.h"
#include "storage/kv_store.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace tramontane {

struct WorldOptions {
  LedgerOptions options;
  std::uint64_t seed = 0;
  std::uint32_t checkpoint_every = 2;  // steps
  bool faults = true;                  // releases, expired leases, repeats, wrong segments
  bool short_first = false;            // finish short rollouts first: the worst for length bias
  bool obedient = true;                // generators wait for RolloutTask::oldest_version
};

// The fixed content of a rollout.
std::uint32_t length_of(RolloutId id);
Token token_of(RolloutId id, std::uint32_t position);
float log_prob_of(RolloutId id, std::uint32_t position);
Verdict verdict_of(RolloutId id, std::uint32_t group_size);
Prompt prompt_of_group(GroupId group);

class LedgerWorld {
 public:
  explicit LedgerWorld(WorldOptions options);
  ~LedgerWorld();

  // Opens the ledger anew, as a new process: everybody's leases are gone, the trainer goes back to
  // its last durable checkpoint.
  void open(KvStore& store);
  void close();

  // Plays until the last step is trained; false after too many turns without end.
  bool run();
  // One random action of somebody.
  void turn();
  // run() is over and everything is settled exactly once: throws std::logic_error if not.
  void check_settled(const KvStore& store) const;

  Ledger& ledger() { return *ledger_; }

  Micros now() const { return now_; }

  // Group ids, kept, by step.
  std::map<std::uint64_t, std::vector<GroupId>> composition() const { return composition_; }

  // canonical_bytes() of each batch handed out.
  std::map<std::uint64_t, std::string> batches() const { return batches_; }

  void expect_damage() { damage_ = true; }

  // For a world that is new although the ledger is not: the trainer's durable checkpoint.
  void resume_from(Version version) { durable_ = version; }

  Version durable() const { return durable_; }

  bool done() const { return trained_ == world_.options.steps; }

 private:
  struct Writing {
    RolloutTask task;
    std::string holder;
    Version version = 0;  // of the span being written
  };

  struct Judging {
    LeasedRollout leased;
    std::string holder;
  };

  void lease();
  void write();
  void write_one(Writing& writing, bool& finished);
  void send_nonsense(const Writing& writing);
  void verify();
  void train();
  void disturb();
  void check_batch(const Batch& batch);
  static void expect(bool condition, const std::string& what);

  WorldOptions world_;
  Random random_;
  std::unique_ptr<Ledger> ledger_;
  std::vector<Writing> writing_;
  std::vector<Judging> judging_;
  std::map<std::uint64_t, std::string> batches_;
  std::map<std::uint64_t, std::vector<GroupId>> composition_;
  std::map<LeaseId, bool> leases_seen_;
  Micros now_ = 0;
  Version trained_ = 0;
  Version durable_ = 0;  // the trainer's checkpoint on disk
  bool damage_ = false;
};

}  // namespace tramontane
