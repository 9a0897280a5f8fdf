#include "tests/sim/sim_disk.h"

#include "actors/ledger/format.h"
#include "runtime/base/check.h"
#include "runtime/base/result.h"

#include <algorithm>
#include <cstring>

namespace tramontane {

void SimDisk::begin(DiskFaults faults) {
  faults_ = faults;
  writes_ = 0;
  dead_ = false;
}

void SimDisk::apply(const WriteBatch& batch, Values& values) {
  for (const auto& change : batch.changes) {
    if (change.value) {
      values[change.key] = *change.value;
    } else {
      values.erase(change.key);
    }
  }
}

void SimDisk::cut_power(Random& random) {
  std::size_t kept = static_cast<std::size_t>(random.below(unsynced_.size() + 1));
  for (std::size_t i = 0; i < kept; ++i) apply(unsynced_[i], synced_);
  unsynced_.clear();
  values_ = synced_;
}

void SimDisk::write(const WriteBatch& batch) {
  if (dead_) throw DiskCrashed();
  ++writes_;
  if (writes_ == faults_.refuse_at)
    throw Error(Errc::io, "writing failed: No space left on device");
  bool last = writes_ == faults_.crash_at;
  if (last) dead_ = true;
  if (last && !faults_.crash_keeps) throw DiskCrashed();
  inspect(batch);
  apply(batch, values_);
  unsynced_.push_back(batch);
  if (last) throw DiskCrashed();
}

std::optional<std::string> SimDisk::get(std::string_view key) const {
  auto found = values_.find(key);
  if (found == values_.end()) return std::nullopt;
  return found->second;
}

void SimDisk::scan(std::string_view prefix,
    const std::function<bool(std::string_view, std::string_view)>& visit) const {
  for (auto at = values_.lower_bound(prefix); at != values_.end(); ++at)
    if (!at->first.starts_with(prefix) || !visit(at->first, at->second)) return;
}

void SimDisk::sync() {
  if (dead_) throw DiskCrashed();
  for (const auto& batch : unsynced_) apply(batch, synced_);
  unsynced_.clear();
}

// ---- what the ledger does with its records -----------------------------------------------------

void SimDisk::inspect(const WriteBatch& batch) {
  for (const auto& change : batch.changes) {
    auto parts = ledger_key::parse(change.key);
    if (!change.value) {
      inspect_removal(batch, change.key);
    } else if (parts.kind == 'r') {
      inspect_finished(change.key, *change.value);
    } else if (parts.kind == 'S' && span_) {
      span_(decode_segment(change.key, *change.value).span);
    } else if (parts.kind == 'q') {
      problem_("a record was quarantined: " + ledger_key::describe(change.key));
    } else if (parts.kind == 'b' && values_.count(change.key) > 0) {
      problem_("a sealed batch was written again: " + ledger_key::describe(change.key));
    }
  }
}

void SimDisk::inspect_finished(const std::string& key, const std::string& value) {
  auto before = values_.find(key);
  if (before != values_.end() && before->second != value)
    problem_(ledger_key::describe(key) + " was finished, and written again differently");
  Rollout rollout = decode_rollout(key, value);
  for (const Span& span : rollout.spans)
    if (span_) span_(span);
  bool part = false;
  // Some keys of a rollout are removed in this very write, so they are still here.
  std::string prefix = key.substr(0, key.size() - 1) + "s";
  scan(prefix, [&](std::string_view at, std::string_view bytes) {
    SegmentRecord segment = decode_segment(at, bytes);
    part = true;
    bool fits = segment.span.end <= rollout.tokens.size();
    auto begin = static_cast<std::ptrdiff_t>(segment.span.begin);
    bool same =
        fits &&
        std::equal(segment.tokens.begin(), segment.tokens.end(), rollout.tokens.begin() + begin) &&
        std::memcmp(segment.log_probs.data(), rollout.log_probs.data() + begin,
            segment.log_probs.size() * sizeof(float)) == 0;
    if (!same) problem_(ledger_key::describe(at) + " is not in its finished rollout");
    return true;
  });
  continued_ += part ? 1 : 0;
}

void SimDisk::inspect_removal(const WriteBatch& batch, const std::string& key) {
  auto parts = ledger_key::parse(key);
  bool rollout = parts.kind == 'r' || parts.kind == 'v' || parts.kind == 'b' || parts.kind == 'f';
  if (rollout && values_.count(key) > 0)
    problem_(ledger_key::describe(key) + " was removed, although everything is to be kept");
  if (parts.kind != 'S') return;
  auto because = [&](const WriteBatch::Change& change) {
    auto other = ledger_key::parse(change.key);
    bool finished =
        other.kind == 'r' && other.number == parts.number && other.sample == parts.sample;
    return change.value.has_value() && (finished || other.kind == 'b');
  };
  if (std::none_of(batch.changes.begin(), batch.changes.end(), because))
    problem_(ledger_key::describe(key) + " was removed before its rollout was finished or dropped");
}

}  // namespace tramontane
