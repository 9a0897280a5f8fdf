#pragma once
// What each figure of a run is: its unit, and in words how it is computed. One table for the API,
// for Prometheus and for the page.
//
// Pure functions: any thread.

#include "actors/messages/run_event.h"

#include <string>
#include <string_view>
#include <vector>

namespace tramontane {

enum class MetricSource : unsigned char {
  reinforce_step,  // a field of the step events of reinforcement
  warm_step,       // … of warm starts
  swap,            // a field of swap events
  evaluation,      // a field of evaluation events
};

struct MetricRow {
  const char* name;   // as the API has it
  const char* field;  // of the event; a.b is b in the object a
  MetricSource source;
  const char* unit;
  const char* help;
};

const std::vector<MetricRow>& metric_rows();

// What that event says of it; true is 1. NaN if it is no figure.
double figure_of(const RunEvent& event, const MetricRow& row);

// Null if there is none.
const MetricRow* find_metric(std::string_view name);

}  // namespace tramontane
