#pragma once
// place() says where a job's actors go, or why they cannot.
//
//   auto placing = place(cluster, job);
//   if (auto* placement = std::get_if<Placement>(&placing)) settle(cluster, job, *placement);
//   else for (auto& line : std::get<Obstacles>(placing).lines()) tell(line);
//
// What a placement keeps, whatever else:
//  - No node and no GPU has more than all of it taken; nothing goes to a node that is not ready.
//  - All required actors have a place or none has. Of optional ones as many as fit after that.
//  - Labels that are needed, at_run_directory, near, apart and the strict strategies hold.
//  - All computing actors run on one instruction set: what the job says by `kernels`, else the best
//    for which the job has room on nodes that have it. Nodes that have more do, too. It is decided
//    before labels that are preferred and before strategies: better kernels make every step
//    quicker.
// What it tries to, in that order: labels that are preferred; generators spread, the others on the
// run directory's node and then on few; GPUs left to those who use them. It gives these up where
// the job would find no place otherwise (seating.h, search.h).
//
// The same cluster and job give the same placement, whatever the order of nodes and groups.
//
// The problem is bin packing, and not solved to the end. Jobs of up to search_actors_max required
// actors are searched through until search_budget is spent, larger ones are tried in two greedy
// ways, which may find no place where there is one. Of random jobs of up to six actors on four
// nodes it placed all that an exhaustive search could. Of 100 jobs of some 180 different actors
// that fill 40 nodes to the last byte it placed none, to 95 % all
// (tests/scheduler/placement_property_test.cc).
//
// A cluster's head places each job that its queue lets start, and writes the placement down before
// it acts on it. Pure functions over values: any thread.

#include "scheduler/obstacle.h"

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

namespace tramontane {

// One actor's place.
struct Seat {
  std::uint32_t group = 0;  // index into the job's groups
  std::uint32_t actor = 0;
  NodeId node = 0;
  std::vector<DeviceShare> devices;

  bool operator==(const Seat&) const = default;
};

// Actors of an optional group that found no place.
struct LeftOut {
  std::uint32_t group = 0;
  std::uint32_t count = 0;

  bool operator==(const LeftOut&) const = default;
};

struct Placement {
  std::optional<InstructionSet> instruction_set;  // of computing actors; nothing: there are none
  std::vector<Seat> seats;                        // by group and actor
  std::vector<LeftOut> left_out;                  // by group

  bool operator==(const Placement&) const = default;
};

using Placing = std::variant<Placement, Obstacles>;

// Throws Error(bad_input) as check(cluster) and check(job) do.
Placing place(const Cluster& cluster, const JobRequest& job);

// Is what the placement takes free, and are its nodes ready?
bool has_room(const Cluster& cluster, const JobRequest& job, const Placement& placement);

// Writes the placement into the cluster's books. Bug: a node that is not there.
void settle(Cluster& cluster, const JobRequest& job, const Placement& placement);

// Takes all that is the job's out of them.
void vacate(Cluster& cluster, JobId job);

}  // namespace tramontane
