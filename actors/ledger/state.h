#pragma once
// Inside the Ledger: the in-memory index of every group that is not settled yet, and the steps of
// its life. What is settled lies in the store alone.
//
// How a transition is made, everywhere: (1) look and decide, changing nothing; (2) put the records
// and, if it changes, the cursor into one WriteBatch; (3) write; (4) change the index. A write that
// throws leaves the index as it was, so the caller may try again. (append() alone changes the
// unfinished rollouts before it writes, and undoes that.)
//
// Invariants of the index:
//  - groups_[i] is group cursor_.next_group + i, up to cursor_.groups_issued.
//  - A rollout of an undoomed group is in exactly one of: waiting_ (stage waiting), a generate
//    lease (leased), finished_ (finished), a verify lease (judging), or none (judged).
//  - Rollouts of a doomed group (too stale to be trained) are in none of them.
//  - `text` is there while stage is waiting or leased and there are tokens or a lease; and while
//    finished, judging or judged, for the verifier and the batch, as long as all of those fit into
//    text_bytes_most. A verdict is there if it is judged with a score and has its text.

#include "actors/ledger/format.h"
#include "actors/ledger/ledger.h"
#include "actors/ledger/load.h"
#include "storage/kv_store.h"

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace tramontane {

// Appends tokens under a span; one of the same weights and cache as the last lengthens that.
void extend(Rollout& rollout, const Span& span, const std::vector<Token>& tokens,
    const std::vector<float>& log_probs);

struct Ledger::State {
  // Finished rollouts that are kept in memory until they are settled, so that a batch that is
  // sealed soon need not be read back.
  static constexpr std::uint64_t text_bytes_most = 64 << 20;

  // ---- the index ----------------------------------------------------------------------------

  enum class Stage : std::uint8_t { waiting, leased, finished, judging, judged };

  // What a rollout says, in memory: unfinished, with where its segments lie; finished, with its
  // verdict once it has one.
  struct Text {
    Rollout rollout;
    std::vector<std::uint32_t> begins;
    Verdict verdict;
  };

  struct Entry {
    Stage stage = Stage::waiting;
    Finish finish = Finish::running;
    bool correct = false;
    std::uint32_t lost_verify_leases = 0;
    std::uint32_t tokens = 0;  // of a finished rollout
    std::uint64_t bytes = 0;   // of its finished record and verdict, with keys
    LeaseId lease = 0;
    LeaseId last_writer = 0;         // lease under which last_segment came
    std::uint64_t last_segment = 0;  // hash of the segment last appended, for repeats
    Version oldest = ~Version{0};    // of its tokens; the largest number if it has none
    std::optional<double> score;
    std::unique_ptr<Text> text;
  };

  struct GroupEntry {
    GroupId id = 0;
    std::vector<Entry> rollouts;
    std::uint32_t judged = 0;
    bool doomed = false;
    std::optional<Prompt> prompt;  // kept once it was asked for

    bool complete() const { return judged == rollouts.size(); }
  };

  struct Lease {
    RolloutId rollout = 0;
    bool verify = false;
    Micros since = 0;
    Micros deadline = 0;
    std::string holder;
  };

  // One that holds leases to write. How long it has been silent at most while it was alive: a
  // writer whose steps take half a minute says nothing in between.
  struct Writer {
    Micros heard = 0;
    Micros silence = 0;
  };

  struct RetainedBatch {
    std::uint64_t step = 0;
    GroupId first_group = 0;
    GroupId end_group = 0;
    std::uint64_t bytes = 0;
  };

  using Records = std::vector<std::pair<std::string, std::string>>;  // key, value

  State(KvStore& kv, PromptOf prompt_source, LedgerOptions opened_with);

  // ---- finding (ledger.cc) ------------------------------------------------------------------

  GroupEntry* find_group(GroupId group);
  Entry* find(RolloutId rollout);
  const Prompt& prompt_of(GroupEntry& group);
  std::uint32_t sample_of(RolloutId rollout) const;
  GroupId group_of(RolloutId rollout) const;
  std::uint32_t leases_of(bool verify) const;

  // ---- admission (admission.cc) -------------------------------------------------------------

  Admission admission() const;
  TrainingProgress progress() const;
  // Groups that are not in a batch yet, and may count towards one.
  std::uint64_t open_groups() const;
  // May this group still count towards a batch, as far as is known?
  bool may_count(const GroupEntry& group) const;
  bool counts(DropReason reason) const;
  // What becomes of a complete group in a batch of that step.
  DropReason outcome(const GroupEntry& group, std::uint64_t step) const;
  bool stale(const GroupEntry& group, std::uint64_t step) const;
  // No token older than this can be trained in any batch that the group may end in.
  Version oldest_version(const GroupEntry& group) const;
  void doom_stale_groups();

  // ---- leases (leases.cc) -------------------------------------------------------------------

  std::vector<RolloutTask> lease_tasks(const std::string& holder, std::uint32_t count, Micros now);
  void issue_groups(std::uint64_t wanted);
  std::vector<LeasedRollout> lease_finished(
      const std::string& holder, std::uint32_t count, Micros now);
  Result<void> judge(LeaseId lease, const Verdict& verdict);
  // The writer lives.
  void hear(const std::string& holder, Micros now);
  // How long its leases are to last from now on.
  Micros lease_of(const std::string& holder) const;
  // Gives leases back. Rollouts that lost too many verifiers get no_verdict.
  void give_back(const std::vector<LeaseId>& ids);
  LeaseId new_lease(Lease lease);

  // ---- appending (append.cc) ----------------------------------------------------------------

  struct Undo {
    RolloutId rollout = 0;
    std::size_t tokens = 0;
    std::vector<Span> spans;
    std::size_t begins = 0;
    LeaseId last_writer = 0;
    std::uint64_t last_segment = 0;
    Version oldest = 0;
  };

  std::vector<Result<void>> append(const std::vector<Segment>& segments, Micros now);
  Result<void> check_segment(const Segment& segment, std::uint64_t hash, bool& repeated);
  void take_segment(const Segment& segment, std::uint64_t hash, WriteBatch& batch);
  void put_finished(const Segment& segment, WriteBatch& batch, LedgerCursor& next);
  void mark_finished(RolloutId id);
  void undo(const Undo& step);
  Result<void> refuse(Errc code, std::string why);

  // ---- batches (seal.cc) --------------------------------------------------------------------

  std::optional<Batch> batch(std::uint64_t step);
  // Groups from the first that settle the batch of that step; nothing if one is not complete yet.
  // With `settled` (a batch that was sealed before and lost its record) at most up to that group,
  // and incomplete ones were dropped.
  std::optional<BatchRecord> compose(
      std::uint64_t step, std::optional<GroupId> settled, bool stop_when_full);
  void count_statistics(BatchRecord& record, const GroupEntry& group, DropReason reason);
  std::optional<Batch> seal_next();
  // Does memory hold all that a batch takes of this group?
  bool in_memory(const GroupEntry& group) const;
  // That, taken out of memory.
  Group take_group(GroupEntry& group);
  void settle(const BatchRecord& record);
  std::optional<Batch> load_batch(std::uint64_t step);
  void checkpointed(Version version);
  void remove_batch(const RetainedBatch& retained);

  // ---- recovery (recovery.cc) ---------------------------------------------------------------

  void open();
  void open_options();
  void open_incarnation();
  void open_batches();
  void open_cursor();
  LedgerCursor rebuild_cursor() const;
  void open_group(GroupId id);
  void rebuild_lost_batches();
  void rebuild_batch(std::uint64_t step, bool next_is_lost);

  // ---- damage (damage.cc) -------------------------------------------------------------------

  // Reads a rollout's records, in key order, into its entry; what is damaged is quarantined.
  void open_rollout(GroupEntry& group, std::uint32_t sample, const Records& records);
  // Moves a damaged record aside, counts and names it, with `others` in the same write.
  void quarantine(
      const std::string& key, const std::string& value, const std::string& why, WriteBatch others);
  // After damage: the rollout is written anew from its first token; `others` removes its records.
  void forget_rollout(GroupEntry& group, std::uint32_t sample);
  WriteBatch removal_of(
      const GroupEntry& group, std::uint32_t sample, const std::string& but) const;
  // Of a version; nothing, and quarantined, if its record is damaged.
  std::optional<Fingerprint> known_fingerprint(Version version);
  // Of a sealed batch; composed again if its record is damaged. Error(not_found) if it was removed.
  BatchRecord batch_record(std::uint64_t step);
  // A finished rollout from the store; if it is damaged it is quarantined and forgotten.
  std::optional<Rollout> load_rollout(GroupEntry& group, std::uint32_t sample);
  // Quarantines a record of an open group and has what it held done anew: the rollout written
  // again, or its verdict given again.
  void do_anew(const Damage& damage);
  void drop_text(Entry& entry);
  // A finished rollout grew by its verdict, and stays in memory if there is room.
  void keep_text(Entry& entry, std::uint64_t more_bytes, Verdict verdict);

  // ---- all of it ----------------------------------------------------------------------------

  // Puts the cursor into the batch if it changed, writes, and makes it current.
  void commit(WriteBatch& batch, const LedgerCursor& next);

  KvStore& store;
  PromptOf prompts;
  LedgerOptions options;
  LedgerCursor cursor;         // as it should be
  LedgerCursor stored_cursor;  // as it lies in the store
  std::deque<GroupEntry> groups_;
  std::deque<RetainedBatch> batches_;        // sealed, still in the store, by step
  std::vector<std::uint64_t> lost_batches_;  // their records were damaged; while opening only
  Records lost_records_;  // damaged ones found while opening, until the cursor is known
  std::set<RolloutId> waiting_;
  std::set<RolloutId> finished_;
  std::unordered_map<LeaseId, Lease> leases_;
  std::map<std::string, Writer> writers_;  // by name
  std::uint32_t running_ = 0;              // generate leases
  std::uint64_t text_bytes_ = 0;           // of finished rollouts in memory
  LeaseId next_lease_ = 0;
  bool unsynced_ = true;
  std::string last_refusal_;
  std::vector<std::string> quarantined_;
};

}  // namespace tramontane
