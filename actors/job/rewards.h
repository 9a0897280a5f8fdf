#pragma once
// The job graph's rewards as plain data.

#include "actors/job/job.capnp.h"
#include "actors/rewards/reward_spec.h"

#include <vector>

namespace tramontane {

// Each with the options of its kind. Length limits that are not given are those of the verifier,
// else they follow from the generator's `max_tokens`.
std::vector<RewardSpec> reward_specs(schema::Verifier::Reader verifier, std::uint32_t max_tokens);

RewardOptions reward_options(schema::Verifier::Reader verifier);

}  // namespace tramontane
