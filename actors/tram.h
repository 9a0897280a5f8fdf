#pragma once
// The program `tram` as a library, for programs that embed it with rewards of their own
// (examples/own_reward.cc).

#include "actors/rewards/reward.h"

#include <vector>

namespace tramontane {

struct TramOptions {
  // Kinds that job graphs can name beside the built-in ones.
  std::vector<RewardKind> rewards = {};
};

// All of it: main() returns what this returns.
int tram_main(int argc, char** argv, const TramOptions& options = {});

}  // namespace tramontane
