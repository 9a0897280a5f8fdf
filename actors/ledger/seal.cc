// Sealing batches, giving them out again, and retention.
#include "actors/ledger/load.h"
#include "actors/ledger/state.h"
#include "actors/messages/types_capnp.h"
#include "runtime/base/check.h"

#include <xxhash.h>

#include <algorithm>

namespace tramontane {

void Ledger::State::count_statistics(
    BatchRecord& record, const GroupEntry& group, DropReason reason) {
  auto& s = record.statistics;
  if (reason == DropReason::no_contrast) ++s.groups_without_contrast;
  if (reason == DropReason::stale) s.rollouts_stale += group.rollouts.size();
  for (const auto& entry : group.rollouts) {
    if (entry.stage == Stage::waiting || entry.stage == Stage::leased) continue;
    // Sums for now; compose() divides.
    ++s.rollouts_seen;
    s.mean_tokens += entry.tokens;
    s.truncated_share += entry.finish == Finish::length ? 1 : 0;
    if (entry.stage != Stage::judged) continue;
    if (!entry.score) ++s.rollouts_no_verdict;
    s.mean_score += entry.score.value_or(0);
    s.mean_correct += entry.score && entry.correct ? 1 : 0;
    record.bytes += entry.bytes;
  }
}

std::optional<BatchRecord> Ledger::State::compose(
    std::uint64_t step, std::optional<GroupId> settled, bool stop_when_full) {
  BatchRecord record;
  record.step = step;
  record.first_group = groups_.empty() ? cursor.next_group : groups_.front().id;
  record.end_group = record.first_group;
  record.statistics.step = step;
  std::uint64_t counted = 0;
  double verdicts = 0;
  // The last batch of all also settles the groups behind it that cannot count.
  bool last = options.steps != 0 && step + 1 == options.steps;
  for (auto& group : groups_) {
    if (settled && group.id >= *settled) break;
    if (counted == options.batch && stop_when_full && !last) break;
    bool hopeless = group.doomed || stale(group, step);
    if (!group.complete() && !hopeless) {
      if (counted == options.batch && stop_when_full) break;
      if (!settled) return std::nullopt;
      hopeless = true;
    }
    auto reason = hopeless ? DropReason::stale : outcome(group, step);
    if (counted == options.batch && stop_when_full && counts(reason)) break;
    if (counts(reason)) counted += options.group_size;
    count_statistics(record, group, reason);
    for (const auto& entry : group.rollouts) verdicts += entry.score ? 1 : 0;
    if (reason == DropReason::kept) {
      BatchRecord::Kept kept{group.id, prompt_of(group), {}};
      for (std::uint32_t sample = 0; sample < group.rollouts.size(); ++sample) {
        if (!group.rollouts[sample].score) kept.masked.push_back(sample);
      }
      record.kept.push_back(std::move(kept));
    } else {
      record.dropped.push_back({group.id, reason});
    }
    record.end_group = group.id + 1;
  }
  if (counted < options.batch && !settled) return std::nullopt;
  auto& s = record.statistics;
  auto seen = static_cast<double>(s.rollouts_seen);
  s.mean_score = verdicts > 0 ? s.mean_score / verdicts : 0;
  s.mean_correct = verdicts > 0 ? s.mean_correct / verdicts : 0;
  s.mean_tokens = seen > 0 ? s.mean_tokens / seen : 0;
  s.truncated_share = seen > 0 ? s.truncated_share / seen : 0;
  return record;
}

bool Ledger::State::in_memory(const GroupEntry& group) const {
  return std::all_of(group.rollouts.begin(), group.rollouts.end(),
      [](const Entry& entry) { return !entry.score || entry.text; });
}

Group Ledger::State::take_group(GroupEntry& group) {
  Group taken;
  taken.id = group.id;
  taken.prompt = prompt_of(group);
  taken.rollouts.reserve(group.rollouts.size());
  for (auto& entry : group.rollouts) {
    if (!entry.score) continue;
    taken.rollouts.push_back({std::move(entry.text->rollout), std::move(entry.text->verdict)});
    drop_text(entry);
  }
  return taken;
}

// Seals the next batch if its groups are all there; nothing if not (or not any more: a damaged
// record was found, and its rollout waits again).
std::optional<Batch> Ledger::State::seal_next() {
  auto record = compose(cursor.next_step, std::nullopt, true);
  if (!record) return std::nullopt;
  // What memory does not hold is read back first: a batch that is handed out is whole.
  BatchRecord unread;
  std::vector<GroupEntry*> whole;  // by kept group; null if it must be read
  whole.reserve(record->kept.size());
  for (const auto& kept : record->kept) {
    auto* group = find_group(kept.id);
    whole.push_back(in_memory(*group) ? group : nullptr);
    if (whole.back() == nullptr) unread.kept.push_back(kept);
  }
  auto loaded = load_groups(store, unread, options.group_size);
  if (loaded.damage) {
    do_anew(*loaded.damage);
    return std::nullopt;
  }
  auto next = cursor;
  next.next_group = record->end_group;
  next.next_step = record->step + 1;
  next.groups_without_contrast += record->statistics.groups_without_contrast;
  next.rollouts_stale += record->statistics.rollouts_stale;
  WriteBatch batch;
  auto key = ledger_key::batch(record->step);
  batch.put(key, encode_batch(key, *record));
  for (const auto& dropped : record->dropped) {
    const auto& group = *find_group(dropped.id);
    for (std::uint32_t sample = 0; sample < group.rollouts.size(); ++sample) {
      const auto& text = group.rollouts[sample].text;
      if (!text) continue;
      for (auto begin : text->begins) {
        batch.remove(ledger_key::segment(group.id, sample, begin));
      }
    }
  }
  commit(batch, next);
  Batch sealed = std::move(record->statistics);
  sealed.groups.reserve(record->kept.size());
  auto read = loaded.groups.begin();
  for (auto* group : whole) {
    sealed.groups.push_back(group == nullptr ? std::move(*read++) : take_group(*group));
  }
  settle(*record);
  return sealed;
}

// Takes settled groups out of the index, after the write.
void Ledger::State::settle(const BatchRecord& record) {
  while (!groups_.empty() && groups_.front().id < record.end_group) {
    auto& group = groups_.front();
    for (std::uint32_t sample = 0; sample < group.rollouts.size(); ++sample) {
      auto& entry = group.rollouts[sample];
      RolloutId id = group.id * options.group_size + sample;
      waiting_.erase(id);
      finished_.erase(id);
      drop_text(entry);
      auto lease = leases_.find(entry.lease);
      if (entry.lease == 0 || lease == leases_.end()) continue;
      if (!lease->second.verify) --running_;
      leases_.erase(lease);
    }
    groups_.pop_front();
  }
  batches_.push_back({record.step, record.first_group, record.end_group, record.bytes});
}

std::optional<Batch> Ledger::State::batch(std::uint64_t step) {
  if (step > cursor.next_step) return std::nullopt;
  std::optional<Batch> sealed;
  if (step == cursor.next_step) {
    doom_stale_groups();
    sealed = seal_next();
    if (!sealed) return std::nullopt;
    doom_stale_groups();
  }
  if (unsynced_) {
    store.sync();
    unsynced_ = false;
  }
  return sealed ? std::move(sealed) : load_batch(step);
}

std::optional<Batch> Ledger::State::load_batch(std::uint64_t step) {
  auto key = ledger_key::batch(step);
  auto record = batch_record(step);
  while (true) {
    auto loaded = load_groups(store, record, options.group_size);
    if (!loaded.damage) {
      Batch batch = record.statistics;
      batch.groups = std::move(loaded.groups);
      return batch;
    }
    // Sealed bytes went bad on disk: the batch goes on without that group, and says so.
    quarantine(loaded.damage->key, loaded.damage->value, loaded.damage->why, {});
    GroupId lost = loaded.damage->group;
    std::erase_if(record.kept, [&](const auto& kept) { return kept.id == lost; });
    auto at = std::find_if(record.dropped.begin(), record.dropped.end(),
        [&](const auto& dropped) { return dropped.id > lost; });
    record.dropped.insert(at, {lost, DropReason::damaged});
    WriteBatch changes;
    changes.put(key, encode_batch(key, record));
    commit(changes, cursor);
  }
}

void Ledger::State::checkpointed(Version version) {
  if (version > cursor.next_step) {
    throw Error(Errc::bad_input, str("version ", version, " cannot be checkpointed: only ",
                                     cursor.next_step, " batches were sealed"));
  }
  auto next = cursor;
  next.checkpointed = std::max(next.checkpointed, version);
  WriteBatch batch;
  commit(batch, next);
  std::uint64_t consumed = 0;
  std::uint64_t bytes = 0;
  for (const auto& retained : batches_) {
    consumed += retained.step < cursor.checkpointed ? 1 : 0;
    bytes += retained.bytes;
  }
  // The newest stays: it tells a ledger whose state was damaged where it stood.
  while (consumed > 0 && batches_.size() > 1) {
    bool many = options.keep_batches > 0 && consumed > options.keep_batches;
    bool large = options.keep_bytes > 0 && bytes > options.keep_bytes;
    if (!many && !large) break;
    --consumed;
    bytes -= batches_.front().bytes;
    remove_batch(batches_.front());
    batches_.pop_front();
  }
  store.sync();
  unsynced_ = false;
}

void Ledger::State::remove_batch(const RetainedBatch& retained) {
  WriteBatch batch;
  batch.remove(ledger_key::batch(retained.step));
  for (GroupId group = retained.first_group; group < retained.end_group; ++group) {
    store.scan(ledger_key::group(group), [&](std::string_view key, std::string_view) {
      batch.remove(std::string(key));
      return true;
    });
  }
  store.write(batch);
}

std::uint64_t batch_hash(const Batch& batch) {
  std::string bytes = canonical_bytes(batch);
  return XXH3_64bits(bytes.data(), bytes.size());
}

}  // namespace tramontane
