#include "scheduler/relocation.h"

#include "runtime/base/check.h"
#include "runtime/base/result.h"
#include "scheduler/decision.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <tuple>
#include <unordered_map>

namespace tramontane {
namespace {

using ActorOnNode = std::tuple<NodeId, std::string_view, std::uint32_t>;

[[noreturn]] void refuse(const JobRequest& job, const Seat& seat, const std::string& text) {
  throw Error(Errc::bad_input, str("job ", job.name, ": the seat of actor ", seat.actor,
                                   " of group ", seat.group, " ", text));
}

void check_seats(const JobRequest& job, const Placement& placement) {
  std::set<std::pair<std::uint32_t, std::uint32_t>> seen;
  for (const auto& seat : placement.seats) {
    if (seat.group >= job.groups.size() || seat.actor >= job.groups[seat.group].count)
      refuse(job, seat, "is of nobody: the placement is of another job");
    if (!seen.emplace(seat.group, seat.actor).second) refuse(job, seat, "is there twice");
  }
}

std::set<ActorOnNode> books_of(const Cluster& cluster, JobId job) {
  std::set<ActorOnNode> books;
  for (const auto& node : cluster.nodes)
    for (const auto& placed : node.placed)
      if (placed.job == job) books.emplace(node.id, placed.group, placed.actor);
  return books;
}

}  // namespace

std::variant<Relocation, Obstacles> relocate(
    const Cluster& cluster, const JobRequest& job, const Placement& placement) {
  check(cluster);
  check(job);
  check_seats(job, placement);
  std::unordered_map<NodeId, NodeState> states;
  for (const auto& node : cluster.nodes) states.emplace(node.id, node.state);
  std::set<ActorOnNode> books = books_of(cluster, job.id);
  std::vector<Seat> staying;
  for (const auto& seat : placement.seats) {
    auto at = states.find(seat.node);
    if (at == states.end() || at->second != NodeState::ready) continue;
    if (!books.contains({seat.node, job.groups[seat.group].name, seat.actor}))
      refuse(job, seat, "is not in the cluster's books: settle the placement first");
    staying.push_back(seat);
  }
  auto set = placement.instruction_set ? placement.instruction_set : job.kernels;
  Placing placing = decide(cluster, job, staying, set);
  if (auto* obstacles = std::get_if<Obstacles>(&placing)) return std::move(*obstacles);
  Relocation relocation{std::move(std::get<Placement>(placing)), {}};
  std::set<std::pair<std::uint32_t, std::uint32_t>> stays;
  for (const auto& seat : staying) stays.emplace(seat.group, seat.actor);
  const auto& seats = relocation.placement.seats;
  for (std::uint32_t i = 0; i < seats.size(); ++i)
    if (!stays.contains({seats[i].group, seats[i].actor})) relocation.moved.push_back(i);
  return relocation;
}

}  // namespace tramontane
