#include "actors/ledger/ledger.h"

#include "actors/ledger/state.h"
#include "runtime/base/check.h"

namespace tramontane {

// ---- finding --------------------------------------------------------------------------------

Ledger::State::State(KvStore& kv, PromptOf prompt_source, LedgerOptions opened_with)
    : store(kv), prompts(std::move(prompt_source)), options(opened_with) {
  open();
}

GroupId Ledger::State::group_of(RolloutId rollout) const {
  return rollout / options.group_size;
}

std::uint32_t Ledger::State::sample_of(RolloutId rollout) const {
  return static_cast<std::uint32_t>(rollout % options.group_size);
}

Ledger::State::GroupEntry* Ledger::State::find_group(GroupId group) {
  if (group < cursor.next_group || group >= cursor.groups_issued) return nullptr;
  auto& entry = groups_[group - cursor.next_group];
  TRAM_CHECK(entry.id == group, "the index is out of step", entry.id, group);
  return &entry;
}

Ledger::State::Entry* Ledger::State::find(RolloutId rollout) {
  auto* group = find_group(group_of(rollout));
  return group == nullptr ? nullptr : &group->rollouts[sample_of(rollout)];
}

const Prompt& Ledger::State::prompt_of(GroupEntry& group) {
  if (!group.prompt) group.prompt = prompts(group.id);
  return *group.prompt;
}

std::uint32_t Ledger::State::leases_of(bool verify) const {
  auto judging = static_cast<std::uint32_t>(leases_.size()) - running_;
  return verify ? judging : running_;
}

void Ledger::State::commit(WriteBatch& batch, const LedgerCursor& next) {
  if (next != stored_cursor) batch.put(ledger_key::state(), encode_cursor(next));
  if (!batch.empty()) {
    store.write(batch);
    unsynced_ = true;
  }
  cursor = next;
  stored_cursor = next;
}

// ---- the face -------------------------------------------------------------------------------

Ledger::Ledger(KvStore& store, PromptOf prompt_of, LedgerOptions options)
    : state_(std::make_unique<State>(store, std::move(prompt_of), options)) {}

Ledger::~Ledger() = default;

std::vector<RolloutTask> Ledger::lease_tasks(
    const std::string& holder, std::uint32_t count, Micros now) {
  return state_->lease_tasks(holder, count, now);
}

Result<void> Ledger::append(const Segment& segment, Micros now) {
  return state_->append({segment}, now).front();
}

std::vector<Result<void>> Ledger::append(const std::vector<Segment>& segments, Micros now) {
  return state_->append(segments, now);
}

std::vector<LeaseId> Ledger::renew(const std::vector<LeaseId>& held, Micros now) {
  std::vector<LeaseId> lost;
  for (LeaseId id : held) {
    auto lease = state_->leases_.find(id);
    if (lease == state_->leases_.end() || lease->second.verify) {
      lost.push_back(id);
    } else {
      state_->hear(lease->second.holder, now);
      lease->second.deadline = now + state_->lease_of(lease->second.holder);
    }
  }
  return lost;
}

std::vector<LeasedRollout> Ledger::lease_finished(
    const std::string& holder, std::uint32_t count, Micros now) {
  return state_->lease_finished(holder, count, now);
}

Result<void> Ledger::judge(LeaseId lease, const Verdict& verdict, Micros) {
  return state_->judge(lease, verdict);
}

std::uint32_t Ledger::release(const std::string& holder) {
  std::vector<LeaseId> ids;
  for (const auto& [id, lease] : state_->leases_) {
    if (lease.holder == holder) ids.push_back(id);
  }
  state_->give_back(ids);
  state_->writers_.erase(holder);  // whoever comes by that name is another
  return static_cast<std::uint32_t>(ids.size());
}

std::uint32_t Ledger::expire(Micros now) {
  std::vector<LeaseId> ids;
  for (const auto& [id, lease] : state_->leases_) {
    if (lease.deadline <= now) ids.push_back(id);
  }
  state_->give_back(ids);
  state_->cursor.leases_expired += ids.size();  // stored with the next write
  return static_cast<std::uint32_t>(ids.size());
}

std::optional<Batch> Ledger::batch(std::uint64_t step) {
  return state_->batch(step);
}

std::optional<Fingerprint> Ledger::recorded_fingerprint(Version version) const {
  auto key = ledger_key::fingerprint(version);
  auto value = state_->store.get(key);
  if (!value) return std::nullopt;
  return decode_fingerprint(key, *value);
}

Result<void> Ledger::trained(std::uint64_t step, Fingerprint fingerprint) {
  if (step >= state_->cursor.next_step) {
    return state_->refuse(
        Errc::bad_input, str("step ", step, " cannot have been trained: the next batch to seal is ",
                             state_->cursor.next_step));
  }
  auto key = ledger_key::fingerprint(step + 1);
  auto known = state_->known_fingerprint(step + 1);
  if (known && *known != fingerprint) {
    return state_->refuse(
        Errc::corrupt, str("version ", step + 1, " has fingerprint ", std::hex, fingerprint,
                           ", but was recorded with ", *known, ": the replay went differently"));
  }
  WriteBatch batch;
  batch.put(key, encode_fingerprint(key, fingerprint));
  auto next = state_->cursor;
  next.trained = std::max(next.trained, step + 1);
  state_->commit(batch, next);
  return {};
}

void Ledger::restart_from(Version version) {
  auto& state = *state_;
  if (version > state.cursor.next_step) {
    throw Error(
        Errc::corrupt, str("cannot restart from version ", version, ": the ledger has sealed only ",
                           state.cursor.next_step, " batches, so it has lost those of steps ",
                           state.cursor.next_step, " to ", version - 1,
                           " (or the checkpoint was put there from "
                           "another run); put the ledger's folder back as it was"));
  }
  std::uint64_t oldest = state.batches_.empty() ? state.cursor.next_step : state.batches_[0].step;
  if (version < oldest) {
    throw Error(Errc::not_found,
        str("cannot restart from version ", version, ": batches before ", oldest,
            " were removed; restart from a newer checkpoint, or set keep_batches higher"));
  }
  std::ignore = state.known_fingerprint(version);  // if it is damaged, there is nothing to equal
  auto next = state.cursor;
  next.trained = version;
  next.checkpointed = std::min(next.checkpointed, version);
  WriteBatch batch;
  state.commit(batch, next);
}

void Ledger::checkpointed(Version version) {
  state_->checkpointed(version);
}

void Ledger::sync() {
  if (!state_->unsynced_) return;
  state_->store.sync();
  state_->unsynced_ = false;
}

const std::string& Ledger::last_refusal() const {
  return state_->last_refusal_;
}

std::vector<std::string> Ledger::quarantined() const {
  return state_->quarantined_;
}

LedgerCounts Ledger::counts() const {
  const auto& state = *state_;
  const auto& cursor = state.cursor;
  LedgerCounts counts;
  counts.groups_issued = cursor.groups_issued;
  counts.rollouts_waiting = state.waiting_.size();
  counts.rollouts_leased = state.leases_of(false);
  counts.rollouts_finished = state.finished_.size();
  counts.rollouts_judging = state.leases_of(true);
  for (const auto& group : state.groups_) {
    counts.rollouts_judged += group.judged;
    counts.groups_complete += group.complete() ? 1 : 0;
  }
  counts.batches_sealed = cursor.next_step;
  counts.next_step_to_seal = cursor.next_step;
  counts.trained = cursor.trained;
  counts.checkpointed = cursor.checkpointed;
  counts.rollouts_generated = cursor.rollouts_generated;
  counts.rollouts_spanning = cursor.rollouts_spanning;
  counts.rollouts_resumed = cursor.rollouts_resumed;
  counts.leases_expired = cursor.leases_expired;
  counts.groups_without_contrast = cursor.groups_without_contrast;
  counts.rollouts_stale = cursor.rollouts_stale;
  counts.rollouts_no_verdict = cursor.rollouts_no_verdict;
  counts.records_quarantined = cursor.records_quarantined;
  return counts;
}

}  // namespace tramontane
