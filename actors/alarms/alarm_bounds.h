#pragma once
// The bounds beyond which something about a run is an alarm: `alarms` of the job graph
// (actors/job/job.capnp says what each is of). 0 switches a rule off. A value.

#include <string>
#include <vector>

namespace tramontane {

struct AlarmBounds {
  double stalled = 10;            // times the median of the last steps
  double gap = 1e-3;              // nats
  double no_verdict = 0.1;        // share of completions
  double reward_flat = 0.005;     // of correct answers, from 0 or from 1
  double entropy = 0.005;         // nats
  double length = 0.3;            // share of completions
  double lag = 0.8;               // share of the generators' time, or of completions
  double generator_idle = 60;     // seconds
  double disk_megabytes = 500;    // left
  double memory_megabytes = 200;  // left
  double restarts = 3;            // in ten minutes
};

struct AlarmPlan {
  AlarmBounds bounds;
  std::vector<std::string> command;  // run when one begins or ends; empty: none
};

}  // namespace tramontane
