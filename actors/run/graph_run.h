#pragma once
// A run of a graph file: its actors in a directory of their own, from `tram run` to their end.
//
//   RUN/graph.yaml     the graph file, as given; below it, as comments, what --set changed
//   RUN/log.jsonl      the structured log
//   RUN/exits.jsonl    how each actor's life ended
//   RUN/…              what the kinds write there (KindContext::process.folder())
//
//   return run_graph(parse_graph(file, text, sets, kinds), kinds, {.folder = "runs/a"});
//
// It ends when the actors of GraphJob::until have ended by themselves, when one fails for good, or
// when it is interrupted; then all others are stopped, in the opposite order of their starting.

#include "actors/run/run.h"
#include "runtime/node/graph_file.h"
#include "runtime/node/kind.h"

namespace tramontane {

// In a new directory; one that holds a run is Error(bad_input). Returns the exit status.
int run_graph(const GraphJob& job, const Kinds& kinds, const RunOptions& options);

}  // namespace tramontane
