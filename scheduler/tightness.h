#pragma once
// Tightness measures actors and what they would leave free by what is scarce: the part of all that
// is free which the job wants of it. Placing the largest first, each where the norm of what it
// leaves is least, wastes least of several resources at once (Panigrahy, Talwar, Uyeda and Wieder,
// "Heuristics for vector bin packing", 2011: norm-based greedy).
//
//   Tightness tightness(job, rooms);
//   size = tightness.size(group);  left = tightness.left(room, need);
//
// A value: any thread.

#include "scheduler/job_request.h"
#include "scheduler/room.h"

#include <array>
#include <vector>

namespace tramontane {

class Tightness {
 public:
  // Of the job's required actors.
  Tightness(const JobRequest& job, const std::vector<Room>& rooms);

  // Of one actor, or of the whole group if it is strictly packed.
  double size(const JobGroup& group) const;

  // What the room has free beside the actor; 0 is nothing.
  double left(const Room& room, const Need& need) const;

 private:
  // CPU, memory, GPU.
  std::array<double, 3> weight_{};    // how scarce
  std::array<double, 3> per_node_{};  // free on a node, on average; never 0
};

}  // namespace tramontane
