#pragma once
// relocate() finds new places for those of a running job's actors whose node is lost or draining,
// or is no more. What is on a ready node stays.
//
//   cluster.nodes[3].state = NodeState::lost;
//   auto answer = relocate(cluster, job, placement);
//   if (auto* relocation = std::get_if<Relocation>(&answer)) {
//     vacate(cluster, job.id);
//     settle(cluster, job, relocation->placement);
//   }
//
// All that place() keeps holds of staying and moved actors together. Computing actors go on with
// the instruction set that the job has: its promises of equal bits are of one. Required actors that
// must move find a place all of them or none; optional ones are left out where there is none.
// Actors that had no seat (optional ones that were left out, a group that grew) are placed as well.
//
// Where those that must move would fit only if others moved too, there are obstacles: nothing that
// runs is moved for them.
//
// A cluster's head calls it when a node's lease lapses or a person drains it. A pure function
// over values: any thread.

#include "scheduler/placement.h"

#include <cstdint>
#include <variant>
#include <vector>

namespace tramontane {

struct Relocation {
  Placement placement;               // of the whole job
  std::vector<std::uint32_t> moved;  // indices into its seats: those that are new
};

// The cluster's books have the job's actors as settle() put them there. Throws Error(bad_input) as
// place() does; for seats of actors that the job has not, twice the same, or not in the books.
std::variant<Relocation, Obstacles> relocate(
    const Cluster& cluster, const JobRequest& job, const Placement& placement);

}  // namespace tramontane
