#pragma once
// The figures of a run one event after the other, as whoever exports them wants them.
//
//   each_metric_point(run, [&](const MetricPoint& point) { … });
//
// Reads RUN/metrics.jsonl in pieces, so that a run may be of any length, also while it goes on.
// Steps that were trained again come again. Thread rule: any.

#include "actors/dashboard/metric_table.h"
#include "actors/messages/run_event.h"
#include "runtime/base/clock.h"

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace tramontane {

// The figures of one event.
struct MetricPoint {
  bool resumed = false;  // no figures: from here on the run is worked on anew, from step x on
  MetricSource source = MetricSource::reinforce_step;
  std::int64_t x = 0;  // step over all stages of the kind; version of a swap
  double seconds = 0;  // of the run
  Micros wall = 0;     // 0: not known
  std::string label;   // the generator of a swap, or of an evaluation that is forced to think
  std::vector<std::pair<const MetricRow*, double>> figures;  // those that it has, finite
};

// Every event of such a file, in order; lines that are none are passed over.
void each_event(const std::string& path, const std::function<void(const RunEvent&)>& visit);

// Error(not_found) where the folder is no run.
void each_metric_point(
    const std::string& run_folder, const std::function<void(const MetricPoint&)>& visit);

// "reinforce", "warm_start", "swap", "evaluation".
const char* name(MetricSource source);

}  // namespace tramontane
