#pragma once
// From a reinforcement-learning job to the graph of its actors: the picture of ARCHITECTURE.md as a
// value, which is shown, placed and started like any other graph.
//
//   Graph graph = expand(job, apart_of(job, false));
//
// Roles that live apart (actors/job/apart.h) have a worker each; a generator's has a weight
// receiver beside it.

#include "actors/job/apart.h"
#include "actors/job/job.h"
#include "runtime/node/graph.h"

namespace tramontane {

Graph expand(const Job& job, const Apart& apart);

}  // namespace tramontane
