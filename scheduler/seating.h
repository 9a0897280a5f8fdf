#pragma once
// A Seating puts the groups of one job onto the rooms of some nodes, one group at a time, and knows
// what is on which node; place() and relocate() are made of it.
//
//   Seating seating(ground_of(cluster, Occupied::as_it_is), job, relations, InstructionSet::avx2);
//   for (auto group : relations.order) missing = seating.seat(group, Effort::as_asked);
//
// seat() is greedy: each actor goes to the best node that has room for it. What is best: nodes that
// also have room for the groups that must be near, then those with more of the preferred labels,
// then the run directory's (for work that is neither spread nor packed), then those without GPUs
// for who needs none, then what the strategy says, then the first of those that are alike. With
// Effort::tight it is where least of what is scarce is left over (tightness.h).
//
// `job` and `relations` must outlive it. One thread.

#include "scheduler/eligibility.h"
#include "scheduler/relations.h"
#include "scheduler/room.h"
#include "scheduler/room_index.h"
#include "scheduler/tightness.h"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace tramontane {

// The nodes that may be used, and what is free on each: those that are alike (in instruction set,
// number of GPUs, labels) beside each other, by rising id.
struct Ground {
  std::vector<const Node*> nodes;
  std::vector<Room> rooms;
};

enum class Occupied : std::uint8_t {
  as_it_is = 0,   // ready nodes, what is free there
  emptied = 1,    // ready nodes, as if nothing were placed there
  all_ready = 2,  // all nodes, as if nothing were placed there
};

// The cluster must outlive it.
Ground ground_of(const Cluster& cluster, Occupied occupied);

enum class Effort : std::uint8_t { as_asked = 0, tight = 1 };

struct Sitter {
  std::uint32_t group = 0;
  std::uint32_t actor = 0;
  std::uint32_t node = 0;  // index into the ground
  bool stays = false;      // was there before: takes no room
  std::vector<DeviceShare> devices;
};

class Seating {
 public:
  Seating(Ground ground, const JobRequest& job, const Relations& relations,
      std::optional<InstructionSet> set);

  Seating(const Seating&) = delete;  // its index refers to it
  Seating& operator=(const Seating&) = delete;

  // This actor is on that node already, in the cluster's books: it takes no room. All of these
  // before the first seat().
  void keep(std::uint32_t group, std::uint32_t actor, std::uint32_t node);

  // Seats those of the group's actors that have no seat; how many found none. A required group
  // that is strictly packed is seated as a whole or not at all, any other as far as there is room.
  std::uint32_t seat(std::uint32_t group, Effort effort);

  // One actor at a time, for a search: may it go there as far as other than its room says?
  bool allows(std::uint32_t group, std::uint32_t node) const;
  void sit(std::uint32_t group, std::uint32_t actor, std::uint32_t node,
      std::vector<DeviceShare> devices);
  void rise();  // whoever sat last

  // Numbers of its actors that were not kept.
  std::vector<std::uint32_t> open_actors(std::uint32_t group) const;

  // Could never be seated, whatever the order: for groups with too little room by themselves.
  bool is_hopeless(std::uint32_t group) const;

  const std::vector<Sitter>& sitters() const { return sitters_; }

  // The nodes of a group's actors, one for each.
  std::span<const std::uint32_t> nodes_of(std::uint32_t group) const { return on_[group]; }

  const Ground& ground() const { return ground_; }

  const JobRequest& job() const { return *job_; }

  const Relations& relations() const { return *relations_; }

  std::optional<InstructionSet> instruction_set() const { return set_; }

  const Tightness& tightness() const { return tightness_; }

 private:
  struct Candidates;  // for one group

  Candidates candidates_of(std::uint32_t group, Effort effort);
  std::uint64_t key(const Candidates& candidates, std::uint32_t node) const;
  bool is_candidate(const Candidates& candidates, std::uint32_t node) const;
  void restrict_to_relations(std::uint32_t group);
  std::uint64_t least_key(
      const Candidates& candidates, const RoomIndex::Block& block, std::uint32_t begin) const;
  std::optional<std::uint32_t> best(const Candidates& candidates);
  std::optional<std::uint32_t> node_for_all(
      const Candidates& candidates, std::uint32_t count) const;
  std::size_t seat_each(const Candidates& candidates, std::span<const std::uint32_t> actors);
  void place_on(std::uint32_t group, std::uint32_t actor, std::uint32_t node);
  void count_load(std::uint32_t node);

  Ground ground_;
  const JobRequest* job_;
  const Relations* relations_;
  std::optional<InstructionSet> set_;
  Eligibility eligibility_;
  Tightness tightness_;
  std::vector<Sitter> sitters_;
  std::vector<std::vector<std::uint32_t>> on_;    // nodes, by group
  std::vector<std::vector<std::uint32_t>> kept_;  // actors, by group
  std::vector<std::uint32_t> load_;               // 0 to 1023, by node
  RoomIndex index_;
  std::vector<std::uint64_t> bounds_;  // of keys, by block of the index
  std::vector<std::uint32_t> own_;     // of the group being seated, by node
  std::vector<std::uint8_t> allowed_;  // for the group being seated, if it has relations
  std::optional<std::uint32_t> run_node_;
};

}  // namespace tramontane
