#pragma once
// A worker is this program executed anew, with some actors of a job's graph in it. An agent
// (agent.h) starts it and introduces it to the processes that its actors talk to.
//
//   int main(int argc, char** argv) {
//     if (is_worker(argc, argv)) return serve_worker(argc, argv, kinds);
//
// It ends when it is told to, after its actors have stopped in order; when one of them fails,
// having told why; and, at once and with all processes that it started, when whoever started it is
// gone.

#include "runtime/node/kind.h"

#include <string>
#include <vector>

namespace tramontane {

// What makes this program a worker, followed by its name for whoever looks at processes.
inline constexpr const char* worker_word = "serve-worker";
inline constexpr int worker_handover = 3;  // its descriptors
inline constexpr int worker_setup = 4;

bool is_worker(int argc, char** argv);

// Returns the exit status.
int serve_worker(int argc, char** argv, const Kinds& kinds);

}  // namespace tramontane
