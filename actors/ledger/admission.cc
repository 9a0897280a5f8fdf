// What becomes of a group, and with it what the scheduler's admission counts
// (scheduler/admission.h): open groups that may yet count.
#include "actors/ledger/state.h"
#include "scheduler/contrast.h"

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
    if (!masked && entry.oldest != ~Version{0} && admission().stale(entry.oldest, step))
      return true;
  }
  return false;
}

DropReason Ledger::State::outcome(const GroupEntry& group, std::uint64_t step) const {
  if (group.doomed || stale(group, step)) return DropReason::stale;
  std::vector<double> scores;
  for (const auto& entry : group.rollouts) {
    if (entry.score) scores.push_back(*entry.score);
  }
  if (scores.size() < 2) return DropReason::too_few_verdicts;
  if (!options.drop_without_contrast || has_contrast(scores)) return DropReason::kept;
  return DropReason::no_contrast;
}

bool Ledger::State::may_count(const GroupEntry& group) const {
  if (group.doomed) return counts(DropReason::stale);
  if (!group.complete()) return true;
  auto reason = outcome(group, cursor.next_step);
  return counts(reason);
}

Admission Ledger::State::admission() const {
  return {.batch = options.batch,
      .group_size = options.group_size,
      .max_lag = options.max_lag,
      .overdue = options.overdue,
      .run_ahead = options.run_ahead,
      .steps = options.steps};
}

TrainingProgress Ledger::State::progress() const {
  return {.next_step = cursor.next_step, .trained = cursor.trained};
}

std::uint64_t Ledger::State::open_groups() const {
  std::uint64_t open = 0;
  for (const auto& group : groups_) open += may_count(group) ? 1 : 0;
  return open;
}

Version Ledger::State::oldest_version(const GroupEntry& group) const {
  std::uint64_t before = 0;
  for (const auto& earlier : groups_) {
    if (earlier.id == group.id) break;
    before += may_count(earlier) ? 1 : 0;
  }
  return admission().oldest_version(progress(), before);
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
