#pragma once
// From a reinforcement-learning job to the graph of its actors: the picture of ARCHITECTURE.md as a
// value, which is shown, placed and started like any other graph.
//
//   Graph graph = expand(job, Isolation::thread);
//
// With Isolation::process, whoever computes or writes (trainer, ledger, evaluator, each generator,
// each verifier) has a worker of its own; a generator's worker has a weight receiver beside it.

#include "actors/job/job.h"
#include "runtime/node/graph.h"

namespace tramontane {

Graph expand(const Job& job, Isolation isolation);

}  // namespace tramontane
