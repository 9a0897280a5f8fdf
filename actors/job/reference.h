#pragma once
// The reference of job graphs, as `tram job` prints it.

#include "actors/rewards/reward.h"

#include <string>
#include <vector>

namespace tramontane {

// A job graph that has every key, each with its default or an example, type and meaning. It is
// valid in the folder examples/; rewards that cannot be made here as they stand, because they want
// a model, a program or an endpoint, are comments.
std::string job_reference(const std::vector<RewardKind>& rewards);

}  // namespace tramontane
