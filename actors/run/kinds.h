#pragma once
// The kinds of a reinforcement-learning job: how each box of ARCHITECTURE.md's picture is made, in
// whichever process it lives.

#include "actors/rewards/reward.h"
#include "runtime/node/kind.h"

#include <vector>

namespace tramontane {

// `rewards`: the kinds of rewards that the program knows; a worker reads the job with them.
Kinds reinforcement_kinds(const std::vector<RewardKind>& rewards);

// A program's own kinds, which graph files can name, and those. Error(bad_input) if two have one
// name.
Kinds all_kinds(const Kinds& own, const std::vector<RewardKind>& rewards);

}  // namespace tramontane
