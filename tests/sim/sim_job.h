#pragma once
// A small job drawn from a seed: a model of a few hundred parameters, a handful of steps, and every
// option that changes how the loop behaves.

#include "actors/job/job.h"

#include <cstdint>
#include <string>

namespace tramontane {

Job sim_job(std::uint64_t seed);

// One line, for the trace.
std::string describe(const Job& job);

}  // namespace tramontane
