#pragma once
// The job queue decides which of the waiting jobs start now.
//
//   auto turn = next_jobs(cluster, waiting, now_ms, {.patience_ms = 600'000});
//   for (auto& start : turn.starts) settle(cluster, waiting[start.job].request, start.placement);
//
// Jobs are asked by priority, then age, then id. One that does not fit is passed over, and those
// behind it may start: so a large job could starve behind small ones. Therefore a job that has
// waited longer than the patience is *overdue*: overdue jobs are asked before all others, the
// oldest first whatever its priority, and one that does not fit reserves its place: where it would
// go if nothing ran, beside the reservations of older ones. Nothing starts on what is reserved for
// another. What runs there is left alone, and what it frees is kept.
//
// Nobody waits for ever. Say that a job which fits on the emptied ready nodes has k older ones
// waiting when it becomes overdue, each job runs for at most D, nodes stay as they are, and
// next_jobs is asked at every arrival, end and lapse of patience. Then it starts within
//
//   patience + (k + 1) D
//
// For the oldest overdue job has a reservation that depends on the nodes alone. Whatever runs on it
// when it is made ends within D, and what starts afterwards leaves it free: so it starts within D
// of being the oldest. Each of the k before it does the same.
//
// A job that never fits reserves nothing and holds up nobody. A node that is lost, or comes,
// changes reservations, and D begins anew.
//
// A cluster's head asks it after each such event, with the jobs in its store. A pure function over
// values, time included: any thread.

#include "scheduler/placement.h"

#include <cstdint>
#include <span>
#include <vector>

namespace tramontane {

struct WaitingJob {
  JobRequest request;
  std::int32_t priority = 0;  // higher ones first
  std::int64_t submitted_ms = 0;
};

struct QueueRules {
  std::int64_t patience_ms = 600'000;
};

struct Start {
  std::size_t job = 0;  // index into the waiting
  Placement placement;
};

struct StillWaiting {
  std::size_t job = 0;
  Obstacles obstacles;  // beside what starts in this turn and what is reserved
  bool reserves = false;
  Placement reserved;  // if it does
};

struct QueueTurn {
  std::vector<Start> starts;        // in the order in which they were asked: settle them in it
  std::vector<StillWaiting> waits;  // the same
};

// The order in which jobs are asked: indices into `waiting`.
std::vector<std::size_t> asking_order(
    std::span<const WaitingJob> waiting, std::int64_t now_ms, const QueueRules& rules);

// Throws Error(bad_input) as place() does, naming the job; for two jobs with one id.
QueueTurn next_jobs(const Cluster& cluster, std::span<const WaitingJob> waiting,
    std::int64_t now_ms, const QueueRules& rules);

}  // namespace tramontane
