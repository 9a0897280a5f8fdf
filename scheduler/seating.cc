#include "scheduler/seating.h"

#include "runtime/base/check.h"

#include <algorithm>
#include <functional>
#include <map>
#include <numeric>
#include <queue>
#include <string>
#include <tuple>
#include <utility>

namespace tramontane {
namespace {

constexpr std::uint64_t load_max = 1023;
constexpr std::uint64_t no_key = ~std::uint64_t{0};
constexpr std::uint64_t own_max = (1 << 20) - 1;  // of a node's index, too
constexpr std::uint64_t place_max = (1 << 30) - 1;

// `part` of `whole`, 0 to load_max.
std::uint64_t share(std::int64_t part, std::int64_t whole) {
  if (whole <= 0) return 0;
  double ratio = static_cast<double>(part) / static_cast<double>(whole);
  return std::min(load_max, static_cast<std::uint64_t>(ratio * static_cast<double>(load_max)));
}

// The room that a node needs to have for one actor and its part of all that must be near it.
struct Company {
  double cpu_milli = 0;
  double memory_bytes = 0;
  double gpu_milli = 0;

  void add(const Need& need, double count) {
    cpu_milli += static_cast<double>(need.cpu_milli) * count;
    memory_bytes += static_cast<double>(need.memory_bytes) * count;
    gpu_milli += static_cast<double>(need.gpu_milli) * count;
  }

  bool fits(const Room& room) const {
    return cpu_milli <= static_cast<double>(room.cpu_milli()) &&
           memory_bytes <= static_cast<double>(room.memory_bytes()) &&
           gpu_milli <= static_cast<double>(room.gpu_milli());
  }
};

std::uint64_t by_load(std::uint64_t own, std::uint64_t load) {
  return own << 10 | load;
}

// What makes one node better than another, the most important first; less is better.
struct Preference {
  bool alone = false;         // no room for those that must be near
  std::uint64_t missing = 0;  // preferred labels
  bool away = false;          // from the run directory's node
  bool wastes = false;        // a node with GPUs, by who needs none
  std::uint64_t place = 0;    // by strategy, 30 bits
  std::uint64_t node = 0;

  std::uint64_t key() const {
    return std::uint64_t{alone} << 62 | missing << 55 | std::uint64_t{away} << 54 |
           std::uint64_t{wastes} << 53 | place << 20 | node;
  }
};

}  // namespace

Ground ground_of(const Cluster& cluster, Occupied occupied) {
  Ground ground;
  for (const auto& node : cluster.nodes)
    if (occupied == Occupied::all_ready || node.state == NodeState::ready)
      ground.nodes.push_back(&node);
  auto kind = [](const Node* node) {
    return std::tuple<InstructionSet, std::size_t, const std::map<std::string, std::string>&,
        NodeId>(node->instruction_set, node->gpus_milli.size(), node->labels, node->id);
  };
  std::sort(ground.nodes.begin(), ground.nodes.end(),
      [&](const Node* a, const Node* b) { return kind(a) < kind(b); });
  ground.rooms.reserve(ground.nodes.size());
  for (const Node* node : ground.nodes)
    ground.rooms.push_back(occupied == Occupied::as_it_is ? free_room(*node) : whole_room(*node));
  return ground;
}

// What the choice for one group looks at.
struct Seating::Candidates {
  std::uint32_t group = 0;
  Need need;
  Effort effort = Effort::as_asked;
  Strategy strategy = Strategy::by_work;
  const std::uint8_t* allowed = nullptr;  // by node
  const std::uint8_t* missing = nullptr;  // by node, if the group prefers labels
  bool spreads = false;
  bool wants_run_node = false;
  std::optional<Company> company;
};

Seating::Seating(Ground ground, const JobRequest& job, const Relations& relations,
    std::optional<InstructionSet> set)
    : ground_(std::move(ground)),
      job_(&job),
      relations_(&relations),
      set_(set),
      eligibility_(ground_.nodes, job, set),
      tightness_(job, ground_.rooms),
      on_(job.groups.size()),
      kept_(job.groups.size()),
      load_(ground_.nodes.size()),
      index_(ground_.rooms, load_),
      bounds_(index_.blocks()),
      own_(ground_.nodes.size()) {
  for (std::uint32_t n = 0; n < ground_.nodes.size(); ++n) {
    count_load(n);
    if (job.run_node == ground_.nodes[n]->id) run_node_ = n;
  }
}

void Seating::count_load(std::uint32_t node) {
  const Node& has = *ground_.nodes[node];
  const Room& room = ground_.rooms[node];
  std::uint64_t load = std::max(share(has.cpu_milli - room.cpu_milli(), has.cpu_milli),
      share(has.memory_bytes - room.memory_bytes(), has.memory_bytes));
  if (!has.gpus_milli.empty()) {
    auto all = std::accumulate(has.gpus_milli.begin(), has.gpus_milli.end(), std::int64_t{0});
    load = std::max(load, share(all - room.gpu_milli(), all));
  }
  load_[node] = static_cast<std::uint32_t>(load);
  index_.touch(node);
}

void Seating::keep(std::uint32_t group, std::uint32_t actor, std::uint32_t node) {
  sitters_.push_back({group, actor, node, true, {}});
  on_[group].push_back(node);
  kept_[group].push_back(actor);
}

std::vector<std::uint32_t> Seating::open_actors(std::uint32_t group) const {
  std::vector<std::uint32_t> kept = kept_[group];
  std::sort(kept.begin(), kept.end());
  std::vector<std::uint32_t> open;
  open.reserve(job_->groups[group].count);
  std::size_t next = 0;
  for (std::uint32_t actor = 0; actor < job_->groups[group].count; ++actor) {
    if (next < kept.size() && kept[next] == actor)
      ++next;
    else
      open.push_back(actor);
  }
  return open;
}

bool Seating::allows(std::uint32_t group, std::uint32_t node) const {
  if (eligibility_.of(group).allowed[node] == 0) return false;
  auto is_on = [&](std::uint32_t other) {
    return std::find(on_[other].begin(), on_[other].end(), node) != on_[other].end();
  };
  if (!std::all_of(relations_->near[group].begin(), relations_->near[group].end(), is_on))
    return false;
  if (std::any_of(relations_->apart[group].begin(), relations_->apart[group].end(), is_on))
    return false;
  switch (job_->groups[group].strategy) {
    case Strategy::strict_pack:
      return on_[group].empty() || on_[group].front() == node;
    case Strategy::strict_spread:
      return !is_on(group);
    case Strategy::by_work:
    case Strategy::pack:
    case Strategy::spread:
      return true;
  }
  return true;
}

void Seating::sit(std::uint32_t group, std::uint32_t actor, std::uint32_t node,
    std::vector<DeviceShare> devices) {
  ground_.rooms[node].take(job_->groups[group].need, devices);
  on_[group].push_back(node);
  sitters_.push_back({group, actor, node, false, std::move(devices)});
  count_load(node);
}

void Seating::rise() {
  const Sitter& last = sitters_.back();
  TRAM_CHECK(!last.stays, "an actor that stays where it is rises");
  ground_.rooms[last.node].give_back(job_->groups[last.group].need, last.devices);
  on_[last.group].pop_back();
  count_load(last.node);
  sitters_.pop_back();
}

void Seating::place_on(std::uint32_t group, std::uint32_t actor, std::uint32_t node) {
  auto devices = ground_.rooms[node].take(job_->groups[group].need);
  sitters_.push_back({group, actor, node, false, std::move(devices)});
  on_[group].push_back(node);
  ++own_[node];
  count_load(node);
}

// The group's eligible nodes, less those that its relations rule out.
void Seating::restrict_to_relations(std::uint32_t group) {
  allowed_ = eligibility_.of(group).allowed;
  std::vector<std::uint8_t> there(allowed_.size());
  for (std::uint32_t other : relations_->near[group]) {
    std::fill(there.begin(), there.end(), std::uint8_t{0});
    for (std::uint32_t node : on_[other]) there[node] = 1;
    for (std::size_t n = 0; n < allowed_.size(); ++n) allowed_[n] &= there[n];
  }
  for (std::uint32_t other : relations_->apart[group])
    for (std::uint32_t node : on_[other]) allowed_[node] = 0;
}

Seating::Candidates Seating::candidates_of(std::uint32_t group, Effort effort) {
  const JobGroup& asked = job_->groups[group];
  const EligibleNodes& eligible = eligibility_.of(group);
  Candidates candidates{
      .group = group, .need = asked.need, .effort = effort, .strategy = strategy_of(asked)};
  candidates.allowed = eligible.allowed.data();
  if (!relations_->near[group].empty() || !relations_->apart[group].empty()) {
    restrict_to_relations(group);
    candidates.allowed = allowed_.data();
  }
  if (!relations_->followers[group].empty()) {
    candidates.company.emplace();
    candidates.company->add(asked.need, 1);
    for (std::uint32_t follower : relations_->followers[group]) {
      const JobGroup& near = job_->groups[follower];
      bool together = near.strategy == Strategy::strict_pack;
      std::uint32_t each = together ? near.count : (near.count + asked.count - 1) / asked.count;
      candidates.company->add(near.need, each);
    }
  }
  if (effort == Effort::tight) return candidates;
  if (!eligible.missing_preferences.empty())
    candidates.missing = eligible.missing_preferences.data();
  candidates.spreads = candidates.strategy == Strategy::spread;
  candidates.wants_run_node = candidates.strategy == Strategy::by_work && run_node_.has_value();
  return candidates;
}

bool Seating::is_candidate(const Candidates& candidates, std::uint32_t node) const {
  if (candidates.allowed[node] == 0) return false;
  if (candidates.strategy == Strategy::strict_spread && own_[node] > 0) return false;
  return ground_.rooms[node].fits(candidates.need);
}

// The smallest is the best node; each differs, as it ends with the node itself.
std::uint64_t Seating::key(const Candidates& candidates, std::uint32_t node) const {
  const Room& room = ground_.rooms[node];
  Preference preference;
  preference.alone = candidates.company && !candidates.company->fits(room);
  if (candidates.missing != nullptr) preference.missing = candidates.missing[node];
  preference.away = candidates.wants_run_node && node != *run_node_;
  if (candidates.effort == Effort::tight) {
    double left = tightness_.left(room, candidates.need);
    preference.place =
        static_cast<std::uint64_t>(left / (1 + left) * static_cast<double>(place_max));
  } else {
    preference.wastes = candidates.need.gpu_milli == 0 && !room.gpus_milli().empty();
    preference.place = candidates.spreads
                           ? by_load(std::min<std::uint64_t>(own_[node], own_max), load_[node])
                           : by_load(own_[node] == 0 ? 1 : 0, load_max - load_[node]);
  }
  preference.node = node;
  return preference.key();
}

// No node of the block has a smaller one.
std::uint64_t Seating::least_key(
    const Candidates& candidates, const RoomIndex::Block& block, std::uint32_t begin) const {
  Preference preference;
  preference.away =
      candidates.wants_run_node && index_.block_of(*run_node_) != index_.block_of(begin);
  if (candidates.effort == Effort::tight) return preference.key();
  preference.wastes = candidates.need.gpu_milli == 0 && block.all_have_gpus;
  preference.place = candidates.spreads ? by_load(0, block.load_least)
                                        : by_load(on_[candidates.group].empty() ? 1 : 0,
                                              load_max - block.load_most);
  preference.node = begin;
  return preference.key();
}

std::optional<std::uint32_t> Seating::best(const Candidates& candidates) {
  std::uint64_t least = no_key;
  std::optional<std::uint32_t> found;
  auto look_into = [&](std::size_t block) {
    for (std::uint32_t n = index_.begin(block); n < index_.end(block); ++n) {
      if (!is_candidate(candidates, n)) continue;
      std::uint64_t mine = key(candidates, n);
      if (mine >= least) continue;
      least = mine;
      found = n;
    }
  };
  // The most promising block first, so that most of the others need no look.
  std::size_t first = 0;
  const auto& allowed = eligibility_.of(candidates.group).allowed_blocks;
  for (std::size_t b = 0; b < index_.blocks(); ++b) {
    bool may_fit = allowed[b] != 0 && index_.block(b).may_fit(candidates.need);
    bounds_[b] = may_fit ? least_key(candidates, index_.block(b), index_.begin(b)) : no_key;
    if (bounds_[b] < bounds_[first]) first = b;
  }
  if (bounds_.empty()) return {};
  look_into(first);
  for (std::size_t b = 0; b < index_.blocks(); ++b)
    if (b != first && bounds_[b] < least) look_into(b);
  return found;
}

// The best of the nodes that hold the most of them, counted up to `count`; of a required group all.
std::optional<std::uint32_t> Seating::node_for_all(
    const Candidates& candidates, std::uint32_t count) const {
  const auto& there = on_[candidates.group];
  std::pair<std::int64_t, std::uint64_t> least{0, 0};
  std::optional<std::uint32_t> found;
  for (std::uint32_t n = 0; n < ground_.nodes.size(); ++n) {
    if (!is_candidate(candidates, n) || (!there.empty() && there.front() != n)) continue;
    std::pair mine{-ground_.rooms[n].holds(candidates.need, count), key(candidates, n)};
    if (job_->groups[candidates.group].required && -mine.first < count) continue;
    if (found && mine >= least) continue;
    least = mine;
    found = n;
  }
  return found;
}

std::size_t Seating::seat_each(
    const Candidates& candidates, std::span<const std::uint32_t> actors) {
  if (actors.size() == 1) {
    auto node = best(candidates);
    if (node) place_on(candidates.group, actors.front(), *node);
    return node ? 1 : 0;
  }
  // A node's key changes only when it gets an actor, so that no key in here is ever out of date.
  std::vector<std::uint64_t> keys;
  keys.reserve(ground_.nodes.size());
  for (std::uint32_t n = 0; n < ground_.nodes.size(); ++n)
    if (is_candidate(candidates, n)) keys.push_back(key(candidates, n));
  std::priority_queue<std::uint64_t, std::vector<std::uint64_t>, std::greater<>> next(
      std::greater<>(), std::move(keys));
  std::size_t seated = 0;
  while (seated < actors.size() && !next.empty()) {
    auto node = static_cast<std::uint32_t>(next.top() & own_max);
    next.pop();
    place_on(candidates.group, actors[seated++], node);
    if (is_candidate(candidates, node)) next.push(key(candidates, node));
  }
  return seated;
}

std::uint32_t Seating::seat(std::uint32_t group, Effort effort) {
  std::vector<std::uint32_t> actors = open_actors(group);
  if (actors.empty()) return 0;
  for (std::uint32_t node : on_[group]) ++own_[node];
  Candidates candidates = candidates_of(group, effort);
  std::size_t seated = 0;
  if (candidates.strategy == Strategy::strict_pack) {
    auto node = node_for_all(candidates, static_cast<std::uint32_t>(actors.size()));
    while (node && seated < actors.size() && is_candidate(candidates, *node))
      place_on(group, actors[seated++], *node);
  } else {
    seated = seat_each(candidates, actors);
  }
  for (std::uint32_t node : on_[group]) own_[node] = 0;
  return static_cast<std::uint32_t>(actors.size() - seated);
}

bool Seating::is_hopeless(std::uint32_t group) const {
  const JobGroup& asked = job_->groups[group];
  auto open = static_cast<std::int64_t>(asked.count) - std::ssize(kept_[group]);
  std::int64_t room = 0;
  const EligibleNodes& eligible = eligibility_.of(group);
  for (std::size_t b = 0; b < index_.blocks(); ++b) {
    if (eligible.allowed_blocks[b] == 0) continue;
    for (std::uint32_t n = index_.begin(b); n < index_.end(b) && room < open; ++n) {
      if (eligible.allowed[n] == 0) continue;
      std::int64_t here = ground_.rooms[n].holds(asked.need, open);
      if (asked.strategy == Strategy::strict_pack)
        room = std::max(room, here);
      else
        room += asked.strategy == Strategy::strict_spread ? std::min<std::int64_t>(here, 1) : here;
    }
    if (room >= open) return false;
  }
  return room < open;
}

}  // namespace tramontane
