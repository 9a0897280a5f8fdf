#pragma once
// The kinds of a reinforcement-learning job: how each box of ARCHITECTURE.md's picture is made, in
// whichever process it lives.

#include "actors/rewards/reward.h"
#include "runtime/node/kind.h"

#include <vector>

namespace tramontane {

// `rewards`: the kinds of rewards that the program knows; a worker reads the job with them.
Kinds reinforcement_kinds(const std::vector<RewardKind>& rewards);

}  // namespace tramontane
