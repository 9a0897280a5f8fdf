#pragma once
// The program `tram` as a library, for programs that embed it with rewards of their own
// (examples/own_reward.cc) or kinds of actors of their own (examples/wordcount.cc).

#include "actors/rewards/reward.h"
#include "runtime/node/kind.h"

#include <vector>

namespace tramontane {

struct TramOptions {
  // Kinds that job graphs can name beside the built-in ones.
  std::vector<RewardKind> rewards = {};
  // Kinds of actors that graph files can name.
  Kinds kinds = {};
};

// All of it: main() returns what this returns.
int tram_main(int argc, char** argv, const TramOptions& options = {});

}  // namespace tramontane
