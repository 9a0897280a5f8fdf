#include "scheduler/decision.h"

#include "scheduler/reasons.h"
#include "scheduler/search.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <set>
#include <tuple>
#include <unordered_map>
#include <utility>

namespace tramontane {
namespace {

struct Shortfall {
  std::uint32_t group = 0;
  std::uint32_t missing = 0;
};

// One way of seeing the cluster, and what came of trying to seat the job on it.
struct Outcome {
  std::unique_ptr<Seating> seating;   // seated, or as far as the greedy way came
  std::vector<Shortfall> shortfalls;  // empty: seated
};

struct Question {
  const Cluster& cluster;
  const JobRequest& job;
  std::span<const Seat> staying;
  std::optional<InstructionSet> set;
  Relations relations;
};

// By falling set: those that make a difference to where computing actors may be.
std::vector<std::optional<InstructionSet>> sets_to_try(
    const Question& question, const Ground& ground) {
  if (question.set) return {question.set};
  if (std::none_of(question.job.groups.begin(), question.job.groups.end(), computes))
    return {std::nullopt};
  std::set<InstructionSet, std::greater<>> sets;
  for (const Node* node : ground.nodes) sets.insert(node->instruction_set);
  if (sets.empty()) return {InstructionSet::portable};
  return {sets.begin(), sets.end()};
}

std::unique_ptr<Seating> empty_seating(const Question& question, const Ground& ground,
    Occupied occupied, std::optional<InstructionSet> set) {
  Ground own = ground;
  std::unordered_map<NodeId, std::uint32_t> index;
  if (!question.staying.empty())
    for (std::uint32_t n = 0; n < own.nodes.size(); ++n) index.emplace(own.nodes[n]->id, n);
  // What stays is in the books; where these are taken as empty, it still takes its room.
  if (occupied != Occupied::as_it_is)
    for (const auto& seat : question.staying)
      own.rooms[index.at(seat.node)].reserve(question.job.groups[seat.group].need, seat.devices);
  auto seating = std::make_unique<Seating>(std::move(own), question.job, question.relations, set);
  for (const auto& seat : question.staying)
    seating->keep(seat.group, seat.actor, index.at(seat.node));
  return seating;
}

std::vector<Shortfall> seat_required(Seating& seating, Effort effort) {
  std::vector<std::uint32_t> order = seating.relations().order;
  if (effort == Effort::tight) {
    std::vector<double> sizes;
    for (const auto& group : seating.job().groups) sizes.push_back(seating.tightness().size(group));
    order = order_by_size(seating.job(), seating.relations(), sizes);
  }
  std::vector<Shortfall> shortfalls;
  for (std::uint32_t group : order) {
    if (!seating.job().groups[group].required) continue;
    std::uint32_t missing = seating.seat(group, effort);
    if (missing > 0) shortfalls.push_back({group, missing});
    if (shortfalls.size() == obstacles_max) break;
  }
  return shortfalls;
}

// Groups that find no place even alone; of them the first few.
std::vector<Shortfall> seat_hopeless(Seating& seating) {
  std::vector<std::uint32_t> hopeless;
  for (std::uint32_t group : seating.relations().order)
    if (seating.job().groups[group].required && hopeless.size() < obstacles_max &&
        seating.is_hopeless(group))
      hopeless.push_back(group);
  // Those that are near others have these as an obstacle, too, and are seated after them.
  auto stands_alone = [&](std::uint32_t group) { return seating.relations().near[group].empty(); };
  if (hopeless.empty()) return {};
  if (!std::all_of(hopeless.begin(), hopeless.end(), stands_alone))
    return seat_required(seating, Effort::as_asked);
  std::vector<Shortfall> shortfalls;
  for (std::uint32_t group : hopeless)
    shortfalls.push_back({group, seating.seat(group, Effort::as_asked)});
  return shortfalls;
}

// The greedy way as asked, then tightly, then by search.
Outcome seat_all(const Question& question, const Ground& ground, Occupied occupied,
    std::optional<InstructionSet> set) {
  Outcome asked;
  asked.seating = empty_seating(question, ground, occupied, set);
  asked.shortfalls = seat_hopeless(*asked.seating);
  if (!asked.shortfalls.empty()) return asked;
  asked.shortfalls = seat_required(*asked.seating, Effort::as_asked);
  if (asked.shortfalls.empty()) return asked;
  Outcome tight;
  tight.seating = empty_seating(question, ground, occupied, set);
  if (seat_required(*tight.seating, Effort::tight).empty()) return tight;
  Outcome tried;
  tried.seating = empty_seating(question, ground, occupied, set);
  if (search(*tried.seating) == Found::all) return tried;
  return asked;
}

Outcome seat_on(const Question& question, Occupied occupied) {
  Ground ground = ground_of(question.cluster, occupied);
  Outcome outcome;
  for (auto set : sets_to_try(question, ground)) {
    outcome = seat_all(question, ground, occupied, set);
    if (outcome.shortfalls.empty()) break;
  }
  return outcome;
}

// What computing actors run on: all of their nodes have it.
std::optional<InstructionSet> set_of(const Question& question, const Seating& seating) {
  if (question.set) return question.set;
  std::optional<InstructionSet> least;
  for (const auto& sitter : seating.sitters()) {
    if (!computes(question.job.groups[sitter.group])) continue;
    InstructionSet here = seating.ground().nodes[sitter.node]->instruction_set;
    least = least ? std::min(*least, here) : here;
  }
  return least;
}

Placement placement_of(const Question& question, Seating& seating) {
  Placement placement;
  for (std::uint32_t group : question.relations.order) {
    if (question.job.groups[group].required) continue;
    std::uint32_t missing = seating.seat(group, Effort::as_asked);
    if (missing > 0) placement.left_out.push_back({group, missing});
  }
  std::sort(placement.left_out.begin(), placement.left_out.end(),
      [](const LeftOut& a, const LeftOut& b) { return a.group < b.group; });
  placement.instruction_set = set_of(question, seating);
  placement.seats.assign(question.staying.begin(), question.staying.end());
  for (const auto& sitter : seating.sitters())
    if (!sitter.stays)
      placement.seats.push_back(
          {sitter.group, sitter.actor, seating.ground().nodes[sitter.node]->id, sitter.devices});
  std::sort(placement.seats.begin(), placement.seats.end(), [](const Seat& a, const Seat& b) {
    return std::tie(a.group, a.actor) < std::tie(b.group, b.actor);
  });
  return placement;
}

Obstacles obstacles_of(const Question& question, const Outcome& outcome, Prospect prospect) {
  Obstacles obstacles{prospect, {}};
  for (const auto& fall : outcome.shortfalls)
    obstacles.groups.push_back(
        obstacle_of(question.cluster, *outcome.seating, fall.group, fall.missing));
  return obstacles;
}

}  // namespace

Placing decide(const Cluster& cluster, const JobRequest& job, std::span<const Seat> staying,
    std::optional<InstructionSet> set) {
  Question question{cluster, job, staying, set, relations_of(job)};
  Outcome now = seat_on(question, Occupied::as_it_is);
  if (now.shortfalls.empty()) return placement_of(question, *now.seating);
  if (seat_on(question, Occupied::emptied).shortfalls.empty())
    return obstacles_of(question, now, Prospect::when_something_ends);
  Outcome ever = seat_on(question, Occupied::all_ready);
  if (ever.shortfalls.empty()) return obstacles_of(question, now, Prospect::when_a_node_is_ready);
  return obstacles_of(question, ever, Prospect::never);
}

}  // namespace tramontane
