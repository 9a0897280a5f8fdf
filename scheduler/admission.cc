#include "scheduler/admission.h"

#include <algorithm>

namespace tramontane {

std::uint64_t Admission::position(const TrainingProgress& at, std::uint64_t open_groups) const {
  return at.next_step * batch + open_groups * group_size;
}

std::uint64_t Admission::step_limit(const TrainingProgress& at) const {
  // After a restart from an old checkpoint: whatever is written now would be too stale for every
  // batch that is still open. The replay comes first.
  if (stale(at.trained, at.next_step)) return 0;
  std::uint64_t ahead = overdue == Overdue::wait ? max_lag : run_ahead;
  std::uint64_t limit = at.trained + ahead + 1;
  return steps == 0 ? limit : std::min(limit, steps);
}

bool Admission::admits(const TrainingProgress& at, std::uint64_t open_groups) const {
  return position(at, open_groups) / batch < step_limit(at);
}

std::uint64_t Admission::groups_to_issue(
    const TrainingProgress& at, std::uint64_t open_groups, std::uint64_t wanted) const {
  std::uint64_t first = position(at, open_groups);
  std::uint64_t end = step_limit(at) * batch;
  if (first >= end) return 0;
  auto groups_of = [&](std::uint64_t completions) {
    return (completions + group_size - 1) / group_size;
  };
  return std::min(groups_of(wanted), groups_of(end - first));
}

std::uint64_t Admission::oldest_version(
    const TrainingProgress& at, std::uint64_t groups_before) const {
  // With Overdue::wait the group cannot end later than the step it was admitted for; otherwise it
  // may end in any, and the next to be composed is all that is known.
  std::uint64_t step =
      overdue == Overdue::wait ? position(at, groups_before) / batch : at.next_step;
  return step > max_lag ? step - max_lag : 0;
}

}  // namespace tramontane
