// Reading a ledger beside its writer. What is damaged is left out: only the writer may repair.
#include "actors/ledger/format.h"
#include "actors/ledger/ledger.h"
#include "actors/ledger/load.h"
#include "actors/ledger/state.h"
#include "runtime/base/check.h"
#include "runtime/base/result.h"
#include "storage/kv_store.h"

#include <algorithm>
#include <set>

namespace tramontane {

struct LedgerReader::State {
  std::unique_ptr<KvStore> store;
  LedgerOptions options;
  LedgerCursor cursor;

  // What became of a settled group, from the record of its batch.
  struct Fate {
    std::uint64_t step = 0;
    DropReason reason = DropReason::kept;
  };

  std::optional<BatchRecord> record(std::uint64_t step) const {
    auto key = ledger_key::batch(step);
    auto value = store->get(key);
    if (!value) return std::nullopt;
    return decode_batch(key, *value);
  }

  // The record of the batch that settled the group; nothing if none has, or it is kept no more.
  std::optional<BatchRecord> batch_of(GroupId group) const {
    if (group >= cursor.next_group) return std::nullopt;
    std::uint64_t low = 0;
    std::uint64_t high = cursor.next_step;
    while (low < high) {  // the first that ends behind it; those that were removed are the oldest
      std::uint64_t middle = low + (high - low) / 2;
      auto found = record(middle);
      if (!found || found->end_group <= group)
        low = middle + 1;
      else
        high = middle;
    }
    auto found = low < cursor.next_step ? record(low) : std::nullopt;
    return found && found->first_group <= group ? found : std::nullopt;
  }

  static Fate fate_of(const BatchRecord& record, GroupId group) {
    Fate fate{record.step, DropReason::kept};
    for (const auto& dropped : record.dropped)
      if (dropped.id == group) fate.reason = dropped.reason;
    return fate;
  }

  std::vector<RolloutSummary> summaries(GroupId group, const std::optional<Fate>& fate) const;
  std::string state_of(
      const RolloutSummary& summary, bool judged, const std::optional<Fate>& fate) const;
  std::optional<Rollout> written_so_far(GroupId group, std::uint32_t sample) const;
};

namespace {

void see_spans(RolloutSummary& summary, const std::vector<Span>& spans) {
  for (const auto& span : spans) {
    bool first = summary.tokens == 0;
    summary.oldest = first ? span.version : std::min(summary.oldest, span.version);
    summary.newest = first ? span.version : std::max(summary.newest, span.version);
    summary.tokens += span.end - span.begin;
  }
}

}  // namespace

std::string LedgerReader::State::state_of(
    const RolloutSummary& summary, bool judged, const std::optional<Fate>& fate) const {
  if (fate && fate->reason != DropReason::kept) return str("dropped: ", name(fate->reason));
  if (fate && !summary.score) return "dropped: no verdict";
  if (fate) return fate->step < cursor.trained ? "trained" : "sealed";
  if (judged) return "judged";
  if (summary.finish != Finish::running) return "finished";
  return summary.tokens > 0 ? "leased" : "waiting";
}

std::vector<RolloutSummary> LedgerReader::State::summaries(
    GroupId group, const std::optional<Fate>& fate) const {
  std::vector<RolloutSummary> found(options.group_size);
  std::vector<bool> judged(options.group_size);
  for (std::uint32_t sample = 0; sample < options.group_size; ++sample) {
    found[sample].id = group * options.group_size + sample;
    found[sample].group = group;
    found[sample].sample = sample;
    if (fate) found[sample].step = fate->step;
  }
  store->scan(ledger_key::group(group), [&](std::string_view key, std::string_view value) {
    auto parts = ledger_key::parse(key);
    if (parts.kind == 0 || parts.sample >= options.group_size) return true;
    auto& summary = found[parts.sample];
    try {
      if (parts.kind == 'r') {
        auto rollout = decode_rollout(key, value);
        summary.finish = rollout.finish;
        see_spans(summary, rollout.spans);
      } else if (parts.kind == 'S') {
        see_spans(summary, {decode_segment(key, value).span});
      } else if (parts.kind == 'v') {
        auto verdict = decode_verdict(key, value);
        summary.score = verdict.score;
        summary.no_verdict = verdict.no_verdict;
        judged[parts.sample] = true;
      }
    } catch (const Error& error) {
      summary.no_verdict = error.text();
    }
    return true;
  });
  for (std::uint32_t sample = 0; sample < options.group_size; ++sample) {
    found[sample].state = state_of(found[sample], judged[sample], fate);
  }
  return found;
}

// A rollout that is being written, from its segments; nothing before its first one.
std::optional<Rollout> LedgerReader::State::written_so_far(
    GroupId group, std::uint32_t sample) const {
  Rollout rollout;
  rollout.id = group * options.group_size + sample;
  rollout.group = group;
  rollout.sample = sample;
  rollout.seed = options.seed;
  store->scan(ledger_key::group(group), [&](std::string_view key, std::string_view value) {
    auto parts = ledger_key::parse(key);
    if (parts.kind != 'S' || parts.sample != sample) return true;
    auto segment = decode_segment(key, value);
    if (segment.span.begin != rollout.tokens.size()) return false;
    extend(rollout, segment.span, segment.tokens, segment.log_probs);
    return true;
  });
  if (rollout.tokens.empty()) return std::nullopt;
  return rollout;
}

LedgerProgress progress_of(const KvStore& store) {
  LedgerProgress progress;
  if (auto value = store.get(ledger_key::state())) {
    try {
      progress.sealed = decode_cursor(*value).next_step;
    } catch (const Error& error) {
      if (error.errc() != Errc::corrupt) throw;
      progress.sealed = 0;  // a damaged one says less than the others
    }
  }
  std::optional<std::uint64_t> oldest;
  auto see = [&](std::string_view key, std::string_view) {
    auto parts = ledger_key::parse(key);
    if (parts.kind == 'b' && !oldest) oldest = parts.number;
    progress.sealed = std::max(progress.sealed, parts.number + (parts.kind == 'b' ? 1 : 0));
    return true;
  };
  store.scan(ledger_key::batches(), see);
  store.scan(ledger_key::fingerprints(), see);
  progress.oldest = oldest.value_or(progress.sealed);
  return progress;
}

LedgerReader::LedgerReader(const std::string& folder) : state_(std::make_unique<State>()) {
  state_->store = open_rocksdb(folder, {.read_only = true});
  auto options_record = state_->store->get(ledger_key::options());
  auto cursor = state_->store->get(ledger_key::state());
  if (!options_record || !cursor) {
    throw Error(Errc::not_found, folder + ": there is no ledger in this store");
  }
  state_->options = decode_options(*options_record);
  state_->cursor = decode_cursor(*cursor);
}

LedgerReader::~LedgerReader() = default;

LedgerOptions LedgerReader::options() const {
  return state_->options;
}

std::uint64_t LedgerReader::rollouts_no_verdict() const {
  return state_->cursor.rollouts_no_verdict;
}

std::uint64_t LedgerReader::rollouts_resumed() const {
  return state_->cursor.rollouts_resumed;
}

std::vector<RolloutSummary> LedgerReader::list(
    std::uint64_t limit, const std::function<bool(const RolloutSummary&)>& keep) const {
  std::vector<RolloutSummary> found;
  if (limit == 0) return found;
  visit(~RolloutId{0}, [&](const RolloutSummary& summary) {
    if (!keep || keep(summary)) found.push_back(summary);
    return found.size() < limit;
  });
  return found;
}

void LedgerReader::visit(
    RolloutId below, const std::function<bool(const RolloutSummary&)>& see) const {
  const auto& cursor = state_->cursor;
  std::uint64_t size = state_->options.group_size;
  GroupId end = below / size + (below % size == 0 ? 0 : 1);
  end = std::min(end, cursor.groups_issued);
  // Groups go down; the batch that settled a group is at hand, or one of the next below.
  std::optional<BatchRecord> record;
  if (end > 0) record = state_->batch_of(end - 1);
  for (GroupId group = end; group-- > 0;) {
    std::optional<State::Fate> fate;
    if (group < cursor.next_group) {
      if (!record) record = state_->batch_of(group);
      while (record && record->first_group > group)
        record = record->step > 0 ? state_->record(record->step - 1) : std::nullopt;
      if (!record) break;  // removed, and all before it
      fate = State::fate_of(*record, group);
    }
    auto summaries = state_->summaries(group, fate);
    for (auto at = summaries.rbegin(); at != summaries.rend(); ++at)
      if (at->id < below && !see(*at)) return;
  }
}

std::vector<RolloutSummary> LedgerReader::group(GroupId group) const {
  if (group >= state_->cursor.groups_issued) return {};
  std::optional<State::Fate> fate;
  if (group < state_->cursor.next_group) {
    auto record = state_->batch_of(group);
    if (!record) return {};
    fate = State::fate_of(*record, group);
  }
  return state_->summaries(group, fate);
}

std::optional<Prompt> LedgerReader::prompt(GroupId group) const {
  auto record = state_->batch_of(group);
  if (!record) return std::nullopt;
  for (const auto& kept : record->kept)
    if (kept.id == group) return kept.prompt;
  return std::nullopt;
}

std::optional<SettledGroups> LedgerReader::settled(std::uint64_t step) const {
  auto record = state_->record(step);
  if (!record) return std::nullopt;
  SettledGroups out{record->first_group, record->end_group, {}};
  for (const auto& dropped : record->dropped)
    out.dropped.emplace_back(dropped.id, name(dropped.reason));
  return out;
}

std::optional<JudgedRollout> LedgerReader::rollout(RolloutId id) const {
  GroupId group = id / state_->options.group_size;
  auto sample = static_cast<std::uint32_t>(id % state_->options.group_size);
  auto key = ledger_key::rollout(group, sample);
  auto value = state_->store->get(key);
  JudgedRollout judged;
  if (value)
    judged.rollout = decode_rollout(key, *value);
  else if (auto written = state_->written_so_far(group, sample))
    judged.rollout = std::move(*written);
  else
    return std::nullopt;
  auto verdict_key = ledger_key::verdict(group, sample);
  if (auto verdict = state_->store->get(verdict_key)) {
    judged.verdict = decode_verdict(verdict_key, *verdict);
  } else {
    judged.verdict.no_verdict = "not judged yet";
  }
  return judged;
}

std::optional<Batch> LedgerReader::batch(std::uint64_t step) const {
  auto record = state_->record(step);
  if (!record) return std::nullopt;
  auto loaded = load_groups(*state_->store, *record, state_->options.group_size);
  if (loaded.damage) throw Error(Errc::corrupt, loaded.damage->why);
  Batch batch = record->statistics;
  batch.groups = std::move(loaded.groups);
  return batch;
}

Version LedgerReader::trained() const {
  Version newest = 0;
  state_->store->scan(ledger_key::fingerprints(), [&](std::string_view key, std::string_view) {
    newest = std::max(newest, ledger_key::parse(key).number);
    return true;
  });
  return newest;
}

std::optional<Fingerprint> LedgerReader::recorded_fingerprint(Version version) const {
  auto key = ledger_key::fingerprint(version);
  auto value = state_->store->get(key);
  if (!value) return std::nullopt;
  return decode_fingerprint(key, *value);
}

}  // namespace tramontane
