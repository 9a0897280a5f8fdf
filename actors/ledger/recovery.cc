// Opening a ledger: reading its options, where it stood, and every group that is not settled.
#include "actors/ledger/state.h"
#include "runtime/base/check.h"
#include "runtime/base/result.h"

#include <algorithm>

namespace tramontane {
namespace {

void check_options(const LedgerOptions& options) {
  auto refuse = [](const std::string& why) { throw Error(Errc::bad_input, why); };
  if (options.group_size < 2) refuse("group_size must be at least 2: a group needs contrast");
  if (options.batch == 0 || options.batch % options.group_size != 0) {
    refuse(str("batch ", options.batch, " must be a multiple of group_size ", options.group_size));
  }
  if (options.max_running == 0) refuse("max_running must be at least 1");
  if (options.verify_attempts == 0) refuse("verify_attempts must be at least 1");
  if (options.generate_lease <= 0 || options.verify_lease <= 0) refuse("leases must last");
  if (options.overdue == Overdue::drop && options.run_ahead == 0 && options.max_lag > 0) {
    refuse("run_ahead 0 with overdue drop would never run ahead: use overdue wait, max_lag 0");
  }
}

void check_same(const char* what, std::uint64_t stored, std::uint64_t given) {
  if (stored == given) return;
  throw Error(Errc::bad_input, str("this ledger was created with ", what, " ", stored, ", not ",
                                   given, ": resume with the old value, or start a new run"));
}

}  // namespace

void Ledger::State::open() {
  check_options(options);
  open_options();
  open_incarnation();
  open_batches();
  open_cursor();
  rebuild_lost_batches();
  for (GroupId id = cursor.next_group; id < cursor.groups_issued; ++id) open_group(id);
  doom_stale_groups();
  WriteBatch batch;
  batch.put(ledger_key::options(), encode_options(options));
  commit(batch, cursor);
  store.sync();
  unsynced_ = false;
}

void Ledger::State::open_options() {
  if (auto value = store.get(ledger_key::options())) {
    try {
      auto stored = decode_options(*value);
      check_same("group_size", stored.group_size, options.group_size);
      check_same("batch", stored.batch, options.batch);
      check_same("seed", stored.seed, options.seed);
      check_same("batch_of", static_cast<unsigned>(stored.batch_of),
          static_cast<unsigned>(options.batch_of));
    } catch (const Error& error) {
      if (error.errc() != Errc::corrupt) throw;
      lost_records_.emplace_back(ledger_key::options(), *value);
      quarantined_.push_back(error.text());
    }
  }
}

// Lease ids hold the number of this opening, written down before any is given out.
void Ledger::State::open_incarnation() {
  std::uint64_t newest = 0;
  WriteBatch batch;
  store.scan(ledger_key::incarnations(), [&](std::string_view key, std::string_view) {
    newest = std::max(newest, ledger_key::parse(key).number);
    batch.remove(std::string(key));
    return true;
  });
  batch.put(ledger_key::incarnation(newest + 1), "");
  store.write(batch);
  next_lease_ = (newest + 1) << 40 | 1;
}

void Ledger::State::open_batches() {
  store.scan(ledger_key::batches(), [&](std::string_view key, std::string_view value) {
    try {
      auto record = decode_batch(key, value);
      batches_.push_back({record.step, record.first_group, record.end_group, record.bytes});
    } catch (const Error& error) {
      if (error.errc() != Errc::corrupt) throw;
      lost_records_.emplace_back(key, value);
      quarantined_.push_back(error.text());
      auto parts = ledger_key::parse(key);
      if (parts.kind == 'b') lost_batches_.push_back(parts.number);
    }
    return true;
  });
}

void Ledger::State::open_cursor() {
  auto value = store.get(ledger_key::state());
  std::string why = "the ledger's state is missing";
  if (value) {
    try {
      cursor = stored_cursor = decode_cursor(*value);
      why.clear();
    } catch (const Error& error) {
      if (error.errc() != Errc::corrupt) throw;
      why = error.text();
    }
  }
  if (!why.empty()) {
    cursor = rebuild_cursor();
    stored_cursor.trained = ~Version{0};  // differs from any: the next commit writes it
    bool fresh = !value && cursor == LedgerCursor();
    if (!fresh) quarantine(ledger_key::state(), value.value_or(""), why, {});
  }
  for (const auto& [key, bytes] : lost_records_) {
    WriteBatch batch;
    batch.put(ledger_key::quarantine(key), bytes);
    batch.remove(key);
    auto next = cursor;
    ++next.records_quarantined;
    commit(batch, next);
  }
  lost_records_.clear();
}

// Where the ledger stood, from everything else. Counters are lost; a version that was trained but
// not recorded counts as not trained, which only makes admission wait.
LedgerCursor Ledger::State::rebuild_cursor() const {
  LedgerCursor found;
  store.scan(ledger_key::fingerprints(), [&](std::string_view key, std::string_view) {
    found.trained = std::max(found.trained, ledger_key::parse(key).number);
    return true;
  });
  found.next_step = found.trained;
  if (!batches_.empty()) {
    found.next_step = std::max(found.next_step, batches_.back().step + 1);
    found.next_group = batches_.back().end_group;
    found.checkpointed = batches_.front().step;
  }
  if (!lost_batches_.empty()) {
    found.next_step = std::max(found.next_step, lost_batches_.back() + 1);
  }
  found.groups_issued = found.next_group;
  store.scan(ledger_key::groups(), [&](std::string_view key, std::string_view) {
    auto parts = ledger_key::parse(key);
    if (parts.kind != 0) found.groups_issued = std::max(found.groups_issued, parts.number + 1);
    return true;
  });
  return found;
}

void Ledger::State::open_group(GroupId id) {
  std::vector<Records> by_sample(options.group_size);
  Records strangers;
  store.scan(ledger_key::group(id), [&](std::string_view key, std::string_view value) {
    auto parts = ledger_key::parse(key);
    bool ours = parts.kind != 0 && parts.sample < options.group_size;
    (ours ? by_sample[parts.sample] : strangers).emplace_back(key, value);
    return true;
  });
  for (const auto& [key, value] : strangers) {
    quarantine(key, value, str(ledger_key::describe(key), " does not belong there"), {});
  }
  GroupEntry group;
  group.id = id;
  group.rollouts.resize(options.group_size);
  for (std::uint32_t sample = 0; sample < options.group_size; ++sample) {
    open_rollout(group, sample, by_sample[sample]);
  }
  groups_.push_back(std::move(group));
}

void Ledger::State::rebuild_lost_batches() {
  for (std::size_t i = 0; i < lost_batches_.size(); ++i) {
    bool next_is_lost =
        i + 1 < lost_batches_.size() && lost_batches_[i + 1] == lost_batches_[i] + 1;
    // A lost state and the newest batch lost with it: its groups are open again.
    if (lost_batches_[i] >= cursor.next_step) continue;
    rebuild_batch(lost_batches_[i], next_is_lost);
  }
  lost_batches_.clear();
}

void Ledger::State::rebuild_batch(std::uint64_t step, bool next_is_lost) {
  auto after = std::find_if(
      batches_.begin(), batches_.end(), [&](const auto& batch) { return batch.step > step; });
  GroupId end = after == batches_.end() ? cursor.next_group : after->first_group;
  GroupId first = end;
  if (after != batches_.begin()) {
    first = std::prev(after)->end_group;
  } else {
    // Older ones were removed with their groups: the first that is there is ours.
    store.scan(ledger_key::groups(), [&](std::string_view key, std::string_view) {
      first = std::min(end, ledger_key::parse(key).number);
      return false;
    });
  }
  for (GroupId id = first; id < end; ++id) open_group(id);
  auto record = compose(step, end, next_is_lost);
  TRAM_CHECK(record.has_value(), "a settled batch composes always", step);
  if (groups_.empty()) record->first_group = record->end_group = first;
  auto key = ledger_key::batch(step);
  WriteBatch batch;
  batch.put(key, encode_batch(key, *record));
  commit(batch, cursor);
  batches_.insert(after, {step, record->first_group, record->end_group, record->bytes});
  groups_.clear();
  waiting_.clear();
  finished_.clear();
}

}  // namespace tramontane
