#pragma once
// Rules that look at a whole job: its data, its model and its actors together.
//
//   for (const auto& broken : broken_rules(job)) complain(broken.key, broken.text);

#include "actors/job/job.h"

#include <string>
#include <vector>

namespace tramontane {

struct BrokenRule {
  std::string key;  // in the job graph
  std::string text;
};

std::vector<BrokenRule> broken_rules(const Job& job);

}  // namespace tramontane
