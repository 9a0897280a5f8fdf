#include "scheduler/job_queue.h"

#include "runtime/base/check.h"
#include "runtime/base/result.h"

#include <algorithm>
#include <numeric>
#include <set>
#include <tuple>
#include <utility>

namespace tramontane {
namespace {

bool is_overdue(const WaitingJob& job, std::int64_t now_ms, const QueueRules& rules) {
  // Written so that times at both ends of their type overflow nothing.
  if (now_ms <= job.submitted_ms) return false;
  auto waited = static_cast<std::uint64_t>(now_ms) - static_cast<std::uint64_t>(job.submitted_ms);
  return rules.patience_ms <= 0 || waited > static_cast<std::uint64_t>(rules.patience_ms);
}

void check_ids(std::span<const WaitingJob> waiting) {
  std::set<JobId> ids;
  for (const auto& job : waiting)
    if (!ids.insert(job.request.id).second)
      throw Error(Errc::bad_input,
          str("two waiting jobs have the id ", job.request.id, ": ids are unique"));
}

// The cluster in two views, which grow as jobs are asked.
struct Views {
  Cluster open;      // what runs, starts and is reserved
  Cluster reserved;  // nothing but what is reserved
};

Views views_of(const Cluster& cluster) {
  Views views{cluster, cluster};
  for (auto& node : views.reserved.nodes) node.placed.clear();
  return views;
}

// Among the reservations of those before it: where it would be if nothing ran, and it is there
// already if that is free.
std::optional<Placement> reservation(const Views& views, const JobRequest& job) {
  Placing placing = place(views.reserved, job);
  if (auto* placement = std::get_if<Placement>(&placing)) return std::move(*placement);
  return std::nullopt;
}

}  // namespace

std::vector<std::size_t> asking_order(
    std::span<const WaitingJob> waiting, std::int64_t now_ms, const QueueRules& rules) {
  std::vector<std::size_t> order(waiting.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  auto rank = [&](std::size_t i) {
    const WaitingJob& job = waiting[i];
    bool overdue = is_overdue(job, now_ms, rules);
    std::int64_t priority = overdue ? 0 : job.priority;
    return std::make_tuple(!overdue, -priority, job.submitted_ms, job.request.id);
  };
  std::sort(
      order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return rank(a) < rank(b); });
  return order;
}

QueueTurn next_jobs(const Cluster& cluster, std::span<const WaitingJob> waiting,
    std::int64_t now_ms, const QueueRules& rules) {
  check_ids(waiting);
  Views views = views_of(cluster);
  QueueTurn turn;
  for (std::size_t i : asking_order(waiting, now_ms, rules)) {
    const JobRequest& job = waiting[i].request;
    Placing placing = place(views.open, job);
    std::optional<Placement> reserved;
    if (std::holds_alternative<Obstacles>(placing) && is_overdue(waiting[i], now_ms, rules)) {
      reserved = reservation(views, job);
      // place() may miss what the reservation has found.
      if (reserved && has_room(views.open, job, *reserved)) placing = *std::exchange(reserved, {});
    }
    if (auto* placement = std::get_if<Placement>(&placing)) {
      settle(views.open, job, *placement);
      turn.starts.push_back({i, std::move(*placement)});
      continue;
    }
    StillWaiting wait{i, std::move(std::get<Obstacles>(placing)), reserved.has_value(), {}};
    if (reserved) {
      settle(views.open, job, *reserved);
      settle(views.reserved, job, *reserved);
      wait.reserved = std::move(*reserved);
    }
    turn.waits.push_back(std::move(wait));
  }
  return turn;
}

}  // namespace tramontane
