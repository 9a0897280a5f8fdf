#pragma once
// The events of a run like the main job, made up but plausible, for tests and for looking at views.

#include "actors/messages/run_event.h"
#include "actors/messages/types.h"

#include <cstdint>
#include <string>
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

// The batch of a step of that run: a few groups, completions that span up to three versions.
Batch sample_batch(std::uint64_t step);

// The text of a token of sample_batch.
std::string sample_token(Token token);

}  // namespace tramontane
