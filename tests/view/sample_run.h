#pragma once
// The events of a run like the main job, made up but plausible, for tests and for looking at views.

#include "actors/run_events.h"

#include <cstdint>
#include <vector>

namespace tramontane {

struct SampleRun {
  int warm_start_steps = 600;
  int reinforce_steps = 200;
  int generators = 2;
  std::uint64_t seed = 0;
};

// In order, status events and the closing summary included.
std::vector<RunEvent> sample_run(SampleRun options);

}  // namespace tramontane
