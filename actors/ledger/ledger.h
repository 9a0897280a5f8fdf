#pragma once
// The Ledger is the durable rollout buffer: the one truth on what was issued, generated, verified
// and trained. It is a state machine over a KvStore, called by one actor; time comes in as an
// argument, so that simulations and tests decide it.
//
//   Ledger ledger(store, prompts, options);               // opens, recovers
//   auto tasks = ledger.lease_tasks("generator/0", 16, now);
//   ledger.append(segment, now);                          // as tokens are made
//   auto finished = ledger.lease_finished("verifier/0", 8, now);
//   ledger.judge(lease, verdict, now);
//   if (auto batch = ledger.batch(step)) …                // sealed once, then always equal
//   ledger.trained(step, fingerprint);                    // a version exists
//   ledger.checkpointed(version);                         // consumption is final
//
// The life of a rollout:
//
//   waiting ─lease_tasks▶ leased ─append(finish)▶ finished ─lease_finished▶ judging ─judge▶ judged
//      ▲ lease expired or released, tokens kept │      ▲ lease expired or released │
//      └────────────────────────────────────────┘      └───────────────────────────┘
//
// and of a group: open → complete (all judged) → sealed into the batch of one step, or dropped
// with a reason (no contrast, stale, too few verdicts) that the batch counts.
//
// No length bias: batches take groups in the order of issue, never in the order of completion.
// A batch of step s is sealed from the next groups as soon as they are all complete.
//
// Exactly once: each transition is one atomic write. A write is in the operating system's hands
// when the call returns (kill -9 loses nothing) and on disk after the next sync() (grouped; power
// loss). A batch is synced before it is first handed out.
//
// Every method may throw Error(io) (disk full: nothing was changed; retry) or Error(corrupt).
// Thread rule: one thread at a time.

#include "actors/messages/types.h"
#include "runtime/base/result.h"
#include "scheduler/admission.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace tramontane {

class KvStore;

// Microseconds since an epoch that the caller chooses and keeps.
using Micros = std::int64_t;

// Which completions count towards a batch.
enum class BatchOf : std::uint8_t {
  // All: a batch is the next `batch` completions issued; groups without contrast leave it smaller.
  issued = 0,
  // Only those of groups with contrast: dropped groups are replaced by later ones.
  kept = 1,
};

struct LedgerOptions {
  std::uint64_t seed = 0;
  std::uint32_t group_size = 8;
  std::uint32_t batch = 384;  // completions per batch, a multiple of group_size
  std::uint32_t max_lag = 2;  // versions; 0 is the synchronous mode
  Overdue overdue = Overdue::wait;
  BatchOf batch_of = BatchOf::issued;
  std::uint32_t run_ahead = 8;       // batches, for Overdue::drop
  std::uint32_t max_running = 4096;  // leased rollouts at most, over all generators
  std::uint64_t steps = 0;  // no prompt is issued beyond the batch of the last step; 0: no end
  bool drop_without_contrast = true;
  // Extended by every append. A writer that was once silent for longer (its steps are slow) has
  // leases of four times as long.
  Micros generate_lease = 30'000'000;
  Micros verify_lease = 30'000'000;
  // After so many lost leases: no_verdict("verifier lost it … times").
  std::uint32_t verify_attempts = 3;
  std::uint64_t keep_batches = 0;  // trained batches kept for replay and viewing; 0: all
  std::uint64_t keep_bytes = 0;    // 0: no bound; trained batches go oldest first
};

// The prompt of a group, a pure function of the group's number: nothing needs storing to resume.
using PromptOf = std::function<Prompt(GroupId)>;

// One line of `tram rollouts`.
struct RolloutSummary {
  RolloutId id = 0;
  GroupId group = 0;
  std::uint32_t sample = 0;
  // waiting, leased, finished, judging, judged, sealed, trained, dropped: reason
  std::string state;
  std::optional<std::uint64_t> step;
  std::uint32_t tokens = 0;
  Version oldest = 0;
  Version newest = 0;
  Finish finish = Finish::running;
  std::optional<double> score;
  std::string no_verdict;
};

class Ledger {
 public:
  // Opens and recovers: leases of the process that died are released, so their rollouts wait
  // again with the tokens they have. Records that do not decode or fail their checksum, now or
  // whenever they are read, are moved aside under a quarantine key, counted and named by
  // quarantined(); what they held is done anew: a rollout is written again from its seed (from the
  // damaged segment on), a rollout that lost its verdict is judged again, a batch that lost its
  // record is composed again. A group whose damage is found after it was sealed is dropped from its
  // batch: also where a record went bad before, but memory still held what it said.
  // Options that contradict those the ledger was created with (group_size, batch, seed, batch_of)
  // are Error(bad_input) naming them.
  Ledger(KvStore& store, PromptOf prompt_of, LedgerOptions options);
  ~Ledger();
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;

  // Up to `count` rollouts to write. Abandoned ones first (with their tokens), then new groups in
  // order as admission allows. Empty: see why_no_tasks().
  std::vector<RolloutTask> lease_tasks(const std::string& holder, std::uint32_t count, Micros now);

  // Appends tokens. Errc::stale if the lease is no longer the holder's (it must stop writing that
  // rollout); bad_input if the segment does not continue the rollout; repeating segments that were
  // appended under the lease is accepted and changes nothing.
  Result<void> append(const Segment& segment, Micros now);
  // Several in one atomic write; each has its own result.
  std::vector<Result<void>> append(const std::vector<Segment>& segments, Micros now);

  // The holder of these leases to write is alive, even if it has not come to write: they last as
  // after an append. Returns those that are not held any more.
  std::vector<LeaseId> renew(const std::vector<LeaseId>& held, Micros now);

  std::vector<LeasedRollout> lease_finished(
      const std::string& holder, std::uint32_t count, Micros now);
  Result<void> judge(LeaseId lease, const Verdict& verdict, Micros now);

  // All leases of a dead or stopping holder; returns how many.
  std::uint32_t release(const std::string& holder);
  std::uint32_t expire(Micros now);

  // The batch of that step: seals it if it can be sealed now; nothing if it cannot yet.
  // Sealed and still retained: the same again. Trained and past retention: Error(not_found).
  std::optional<Batch> batch(std::uint64_t step);

  // Version step + 1 exists with this fingerprint. If the ledger already knows another fingerprint
  // for it (a replay after a crash that went differently) returns Errc::corrupt and the text of
  // recorded_fingerprint() tells both.
  Result<void> trained(std::uint64_t step, Fingerprint fingerprint);
  std::optional<Fingerprint> recorded_fingerprint(Version version) const;

  // The run went back to this version (a resume): admission counts from it. Batches sealed at or
  // after it will be asked for again. Error(corrupt) if the batches before it are not all sealed:
  // the ledger has lost its end. Error(not_found) if those after it were removed.
  void restart_from(Version version);

  // A durable checkpoint of this version exists: batches before it are consumed for good, and
  // retention may remove them.
  void checkpointed(Version version);

  void sync();

  LedgerCounts counts() const;

  // The reason for the last refusal of append(), judge() or trained(): "segment at 5 of rollout
  // 12: the ledger has 3 tokens".
  const std::string& last_refusal() const;

  // One line for each record quarantined since this object was opened.
  std::vector<std::string> quarantined() const;

  // Why lease_tasks would give nothing: "max_lag 2: batch 7 may be written once version 5 is
  // trained; it is at 4". Empty if there is work.
  std::string why_no_tasks() const;
  // Why batch(step) is not there: "12 of 384 completions missing: 8 being written by generator/0
  // (oldest 1.2 s), 4 wait for a verdict".
  std::string why_no_batch(std::uint64_t step, Micros now) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// XXH3-64 of the batch's bytes: that a batch asked for again is the same.
std::uint64_t batch_hash(const Batch& batch);

// How far a ledger has got, from whichever of its records says most.
struct LedgerProgress {
  std::uint64_t sealed = 0;  // batches, of steps 0 to sealed - 1
  std::uint64_t oldest = 0;  // the first of them that is still kept; `sealed` if none is
};

LedgerProgress progress_of(const KvStore& store);

// What the batch of one step settled.
struct SettledGroups {
  GroupId first = 0;
  GroupId end = 0;  // one behind the last
  std::vector<std::pair<GroupId, std::string>> dropped;
};

// Reads a ledger while another process writes it (RocksDB read-only), for tools.
class LedgerReader {
 public:
  explicit LedgerReader(const std::string& folder);
  ~LedgerReader();

  LedgerOptions options() const;
  std::vector<RolloutSummary> list(
      std::uint64_t limit, const std::function<bool(const RolloutSummary&)>& keep) const;
  // Those with smaller numbers than `below`, the newest first, until see() returns false.
  void visit(RolloutId below, const std::function<bool(const RolloutSummary&)>& see) const;
  // Of one group, in the order of samples; empty if it was not issued, or is kept no more.
  std::vector<RolloutSummary> group(GroupId group) const;
  // The prompt of a group that was trained on.
  std::optional<Prompt> prompt(GroupId group) const;
  // Which groups the batch of a step settled, and those of them that it left out, with the reason.
  std::optional<SettledGroups> settled(std::uint64_t step) const;
  std::optional<JudgedRollout> rollout(RolloutId id) const;
  std::optional<Batch> batch(std::uint64_t step) const;
  std::optional<Fingerprint> recorded_fingerprint(Version version) const;
  // The newest version that has a fingerprint; 0: none.
  Version trained() const;
  // Since the ledger was created.
  std::uint64_t rollouts_no_verdict() const;
  std::uint64_t rollouts_resumed() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tramontane
