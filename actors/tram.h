#pragma once

// The program `tram` as a library, for programs that embed it with rewards of their own
// (examples/own_reward.cc).

namespace tramontane {

// All of it: main() returns what this returns.
int tram_main(int argc, char** argv);

}  // namespace tramontane
