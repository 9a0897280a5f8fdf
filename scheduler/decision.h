#pragma once
// What place() and relocate() have in common: seats for those of a job's actors that have none.
//
//   return decide(cluster, job, staying, job.kernels);
//
// A pure function: any thread.

#include "scheduler/placement.h"

#include <optional>
#include <span>

namespace tramontane {

// `staying` are on ready nodes and in the cluster's books; `set` is what computing actors must run
// on, nothing: the best that there is. The placement has all seats, staying ones too. Cluster and
// job are those that check() let pass.
Placing decide(const Cluster& cluster, const JobRequest& job, std::span<const Seat> staying,
    std::optional<InstructionSet> set);

}  // namespace tramontane
