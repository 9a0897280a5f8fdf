// Which groups may be issued, and what becomes of a group.
//
// A batch counts a fixed number B of completions, taken from groups in the order of issue. So the
// batch that a new group will end in is known from the completions before it that count, or may
// yet count:
//
//   position = B * next_step + (open completions that may count)
//   step     = position / B
//
// Groups that turn out not to count (no contrast, under BatchOf::kept; stale, under Overdue::drop)
// only move later groups to an earlier step, so the bound on staleness holds whatever happens:
// with Overdue::wait a group is issued once trained + max_lag >= step, that is
// (max_lag + trained + 1) * B > position, the capacity of ARCHITECTURE.md.
#include "actors/ledger/state.h"

#include <algorithm>

namespace tramontane {

bool Ledger::State::counts(DropReason reason) const {
  switch (reason) {
    case DropReason::kept:
      return true;
    case DropReason::no_contrast:
    case DropReason::too_few_verdicts:
      return options.batch_of == BatchOf::issued;
    case DropReason::stale:
    case DropReason::damaged:
      return options.batch_of == BatchOf::issued && options.overdue == Overdue::wait;
  }
  return true;
}

bool Ledger::State::stale(const GroupEntry& group, std::uint64_t step) const {
  for (const auto& entry : group.rollouts) {
    bool masked = entry.stage == Stage::judged && !entry.score;
    if (!masked && entry.oldest != ~Version{0} && entry.oldest + options.max_lag < step) {
      return true;
    }
  }
  return false;
}

DropReason Ledger::State::outcome(const GroupEntry& group, std::uint64_t step) const {
  if (group.doomed || stale(group, step)) return DropReason::stale;
  std::uint32_t verdicts = 0;
  bool contrast = false;
  std::optional<double> first;
  for (const auto& entry : group.rollouts) {
    if (!entry.score) continue;
    ++verdicts;
    if (!first) first = entry.score;
    contrast |= *entry.score != *first;
  }
  if (verdicts < 2) return DropReason::too_few_verdicts;
  return contrast || !options.drop_without_contrast ? DropReason::kept : DropReason::no_contrast;
}

bool Ledger::State::may_count(const GroupEntry& group) const {
  if (group.doomed) return counts(DropReason::stale);
  if (!group.complete()) return true;
  auto reason = outcome(group, cursor.next_step);
  return counts(reason);
}

std::uint64_t Ledger::State::position() const {
  std::uint64_t open = 0;
  for (const auto& group : groups_) open += may_count(group) ? 1 : 0;
  return cursor.next_step * options.batch + open * options.group_size;
}

std::uint64_t Ledger::State::step_limit() const {
  // After a restart from an old checkpoint: whatever is written now would be too stale for every
  // batch that is still open. The replay comes first.
  if (cursor.next_step > cursor.trained + options.max_lag) return 0;
  std::uint64_t ahead = options.overdue == Overdue::wait ? options.max_lag : options.run_ahead;
  std::uint64_t limit = cursor.trained + ahead + 1;
  return options.steps == 0 ? limit : std::min(limit, options.steps);
}

bool Ledger::State::admits_group() const {
  return position() / options.batch < step_limit();
}

Version Ledger::State::oldest_version(const GroupEntry& group) const {
  // With Overdue::wait the group cannot end later than the step it was admitted for; otherwise it
  // may end in any, and the next to be sealed is all that is known.
  std::uint64_t step = cursor.next_step;
  if (options.overdue == Overdue::wait) {
    std::uint64_t before = 0;
    for (const auto& earlier : groups_) {
      if (earlier.id == group.id) break;
      before += may_count(earlier) ? 1 : 0;
    }
    step += before * options.group_size / options.batch;
  }
  return step > options.max_lag ? step - options.max_lag : 0;
}

void Ledger::State::doom_stale_groups() {
  for (auto& group : groups_) {
    if (group.doomed || !stale(group, cursor.next_step)) continue;
    group.doomed = true;
    for (std::uint32_t sample = 0; sample < group.rollouts.size(); ++sample) {
      auto& entry = group.rollouts[sample];
      RolloutId id = group.id * options.group_size + sample;
      waiting_.erase(id);
      finished_.erase(id);
      auto lease = leases_.find(entry.lease);
      if (entry.lease == 0 || lease == leases_.end()) continue;
      if (!lease->second.verify) --running_;
      leases_.erase(lease);
      entry.lease = 0;
      if (entry.stage == Stage::leased) entry.stage = Stage::waiting;
      if (entry.stage == Stage::judging) entry.stage = Stage::finished;
    }
  }
}

}  // namespace tramontane
