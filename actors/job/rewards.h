#pragma once
// The job graph's rewards as plain data.

#include "actors/job/job.capnp.h"
#include "actors/rewards/reward_spec.h"

#include <vector>

namespace tramontane {

std::vector<RewardSpec> reward_specs(schema::Verifier::Reader verifier);

// Length limits default to the generator's `max_tokens`.
RewardOptions reward_options(schema::Verifier::Reader verifier, std::uint32_t max_tokens);

}  // namespace tramontane
