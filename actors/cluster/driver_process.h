#pragma once
// A driver is this program executed anew by a node, to run one job of a cluster: `tram run`, with
// its workers on nodes (runtime/cluster/cluster_host.h).
//
//   if (is_driver(argc, argv)) return serve_driver(rewards);
//
// Its first start makes the run directory, further ones go on with it. It ends with its node.

#include "actors/rewards/reward.h"

#include <vector>

namespace tramontane {

bool is_driver(int argc, char** argv);

// Returns the exit status.
int serve_driver(const std::vector<RewardKind>& rewards);

}  // namespace tramontane
