#pragma once
// A run as a trace in the format of Chrome's trace events (JSON), which Perfetto and
// chrome://tracing open: what each actor did when, and rollouts in lanes, a slice for each weight
// version.
//
//   write_trace(run, run + "/trace.json");
//
// Made of metrics.jsonl (steps, swaps, checkpoints, evaluations, alarms), exits.jsonl (deaths) and
// spans.jsonl (actors/run/spans_file.h: waits, some rollouts), read in pieces. Times are
// microseconds since the run began; of a resumed run, its pauses are in it. Where spans.jsonl is
// not there, the rest is. Thread rule: any.

#include <string>

namespace tramontane {

// Replaces the file. Error(not_found) where there is no run, Error(io) where it cannot be written.
void write_trace(const std::string& run_folder, const std::string& path);

}  // namespace tramontane
