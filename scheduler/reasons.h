#pragma once
// Reasons why a seating has no place for one actor more of a group, of every node of the cluster.
//
//   obstacle = obstacle_of(cluster, seating, group, missing);
//
// A pure function: any thread.

#include "scheduler/obstacle.h"
#include "scheduler/seating.h"

namespace tramontane {

// A node that the seating does not use has its state as its only reason.
Obstacle obstacle_of(
    const Cluster& cluster, const Seating& seating, std::uint32_t group, std::uint32_t missing);

}  // namespace tramontane
