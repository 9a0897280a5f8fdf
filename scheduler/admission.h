#pragma once
// Admission says which completions may be written now: generation runs ahead of training by a
// bounded number of versions, and the bound is kept by counting, not by looking at clocks.
//
// A batch counts a fixed number B of completions, taken from groups in the order of issue. So the
// step whose batch a new group will end in is known from the completions before it that count, or
// may yet count:
//
//   position = B * next_step + (open completions that may count)
//   step     = position / B
//
// Groups that turn out not to count only move later groups to an earlier step, so the bound on
// staleness holds whatever happens: with Overdue::wait a group is issued once
// trained + max_lag >= step, that is (max_lag + trained + 1) * B > position, the capacity of
// ARCHITECTURE.md. (AReaL, arXiv:2505.24298, admits its N-th completion by the same rule,
// floor((N - 1) / B) <= trained + max_lag.)
//
//   Admission admission{.batch = 384, .group_size = 8, .max_lag = 2};
//   if (admission.admits({.next_step = 5, .trained = 4}, open_groups)) issue_a_group();
//
// A value without state of its own: any thread.

#include <cstdint>

namespace tramontane {

enum class Overdue : std::uint8_t {
  // No group is issued that could become staler than max_lag: nothing is dropped.
  wait = 0,
  // Generators run ahead up to run_ahead batches; what is too stale is dropped and replaced.
  drop = 1,
};

// How far a job has come.
struct TrainingProgress {
  std::uint64_t next_step = 0;  // whose batch is composed next
  std::uint64_t trained = 0;    // the newest version of the weights
};

struct Admission {
  std::uint64_t batch = 0;       // completions a step, a multiple of group_size
  std::uint64_t group_size = 0;  // completions of one prompt
  std::uint64_t max_lag = 0;     // versions; 0 is the synchronous mode
  Overdue overdue = Overdue::wait;
  std::uint64_t run_ahead = 0;  // batches, for Overdue::drop
  std::uint64_t steps = 0;      // no group is issued beyond the last step's batch; 0: no end

  // Completions before the next group to be issued: of batches that are composed, and of open
  // groups that may yet count.
  std::uint64_t position(const TrainingProgress& at, std::uint64_t open_groups) const;

  // The first step for which no group may be issued now.
  std::uint64_t step_limit(const TrainingProgress& at) const;

  bool admits(const TrainingProgress& at, std::uint64_t open_groups) const;

  // How many of `wanted` completions may be issued now, in whole groups: that many groups.
  std::uint64_t groups_to_issue(
      const TrainingProgress& at, std::uint64_t open_groups, std::uint64_t wanted) const;

  // No token older than this version can be trained in any batch that a group may end in, which
  // has `groups_before` open groups before it that may count.
  std::uint64_t oldest_version(const TrainingProgress& at, std::uint64_t groups_before) const;

  // Is a token of this version too old for that step's batch?
  bool stale(std::uint64_t version, std::uint64_t step) const { return version + max_lag < step; }
};

}  // namespace tramontane
