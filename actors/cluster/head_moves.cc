// Who moves: workers whose node is lost, is drained, or leaves.

#include "actors/cluster/head_state.h"
#include "actors/cluster/head_words.h"
#include "runtime/base/check.h"
#include "scheduler/relocation.h"

#include <algorithm>
#include <utility>

namespace tramontane {
namespace {

constexpr std::int64_t looks_again_ms = 1'000;  // for room that was not there, or an answer

}  // namespace

// The books for finding other seats for those of the job's workers that are on one node. The others
// stay where they are, on nodes that are away or drain as well; there is no room for more there.
Cluster HeadState::cluster_without(
    const HeadJob& job, const std::string& name, std::int64_t now) const {
  Cluster books = cluster(now);
  for (Node& node : books.nodes) {
    bool has_some = std::any_of(node.placed.begin(), node.placed.end(),
        [&](const Placed& placed) { return placed.job == job.id; });
    if (!has_some || node.state == NodeState::ready || node.name == name) continue;
    node.state = NodeState::ready;
    node.cpu_milli = node.memory_bytes = 0;
    for (std::int32_t& milli : node.gpus_milli) milli = 0;
  }
  return books;
}

// `from`: a node that workers leave by that; empty: none is known to.
void HeadState::tell_seats(std::uint64_t job, const std::string& from) {
  Move& move = moves_[job];
  move.number = ++last_move_;
  move.told_ms.reset();
  if (!from.empty()) move.from.insert(from);
}

bool HeadState::moving(const std::string& node) const {
  return std::any_of(moves_.begin(), moves_.end(),
      [&](const auto& each) { return each.second.from.contains(node); });
}

// Why there are no other seats for those of the job's workers that are on this node; empty: they
// have them.
std::string HeadState::reseat(HeadJob& job, const std::string& node, std::int64_t now) {
  auto run = nodes_.find(job.driver_node);
  JobRequest wanted =
      request_of(job, run == nodes_.end() ? std::nullopt : std::optional(run->second.id));
  auto answer = relocate(cluster_without(job, node, now), wanted, placement_of(job, wanted));
  if (auto* obstacles = std::get_if<Obstacles>(&answer)) return first_lines(*obstacles);
  std::string driver_node = job.driver_node;
  take_seats(job, wanted, std::get<Relocation>(answer).placement);
  job.driver_node = driver_node;
  return "";
}

FoundSeat HeadState::find_seat(const FindSeat& request, std::int64_t now) {
  HeadJob* job = running(request.job, request.attempt);
  if (job == nullptr) throw Error(Errc::refused, "this attempt of the job is over");
  auto found = [&] {
    for (const SeatOfWorker& each : job->seats) {
      if (each.worker != request.worker) continue;
      WorkerSeat seat = worker_seat(each);
      return FoundSeat{seat.node, seat.address, "", std::move(seat.devices)};
    }
    return FoundSeat{.waiting_for = "a seat"};
  };
  FoundSeat before = found();
  if (before.node.empty())
    throw Error(Errc::not_found, str("the job has no worker \"", request.worker, "\""));
  const HeadNode& node = nodes_.at(before.node);
  bool stays = !node.emptied() || before.node == job->driver_node;  // with the driver
  if (node.connected && stays) return before;
  if (stays && !lost(node, now))
    return {.waiting_for = str("node ", before.node, ", which is not heard of")};
  std::string obstacles = reseat(*job, before.node, now);
  if (!obstacles.empty()) return {.waiting_for = obstacles};
  // Others that were there have other seats now, and their driver may reach that node.
  tell_seats(job->id, before.node);
  return found();
}

// From nodes that are to be empty, but for those beside the driver.
void HeadState::empty_nodes(HeadJob& job, std::int64_t now) {
  auto stuck = stuck_.find(job.id);
  bool waits =
      stuck != stuck_.end() && now < stuck->second && stuck->second - now <= looks_again_ms;
  if (waits) return;
  std::string obstacles;
  for (const auto& [name, node] : nodes_) {
    bool there = std::any_of(job.seats.begin(), job.seats.end(),
        [&at = name](const SeatOfWorker& seat) { return seat.node == at; });
    if (!there || !node.connected || !node.emptied() || name == job.driver_node) continue;
    std::string why = reseat(job, name, now);
    if (why.empty())
      tell_seats(job.id, name);
    else
      obstacles += str(obstacles.empty() ? "" : "\n", "it cannot leave node ", name, ":\n", why);
  }
  if (!obstacles.empty()) stuck_[job.id] = now + looks_again_ms;
  if (!obstacles.empty() || stuck != stuck_.end()) set(job, JobState::running, obstacles, now);
  if (obstacles.empty()) stuck_.erase(job.id);
}

void HeadState::move_workers(HeadJob& job, std::vector<Order>& orders, std::int64_t now) {
  empty_nodes(job, now);
  auto move = moves_.find(job.id);
  if (move == moves_.end()) return;
  auto& told = move->second.told_ms;
  if (told && now >= *told && now < *told + looks_again_ms) return;
  told = now;
  orders.push_back({.kind = Order::Kind::seat,
      .node = nodes_.at(job.driver_node).offer.process,
      .seat = {job.id, job.attempt, move->second.number, worker_seats(job)}});
}

void HeadState::seated(const WorkersSeated& notice) {
  auto move = moves_.find(notice.job);
  if (running(notice.job, notice.attempt) == nullptr || move == moves_.end()) return;
  if (move->second.number == notice.number) moves_.erase(move);  // else there is a later one
}

}  // namespace tramontane
