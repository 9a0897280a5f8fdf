#pragma once
// Where two expressions with variables are compared: points of the stated domain, larger and
// smaller ones, both sides of every place where a |…|, ⌊…⌋, max or sgn of either changes its form,
// and, where the variables stand for whole numbers, only those.

#include "actors/rewards/maths/maths.h"
#include "actors/rewards/maths/node.h"
#include "actors/rewards/maths/substitution.h"

#include <string>
#include <vector>

namespace tramontane::maths {

struct Sample {
  std::vector<Point> points;
  bool whole = false;  // all of them whole numbers
};

// The same points for the same trees. `names` are the variables of both.
Sample choose_points(const Node& gold, const Node& answer, const std::vector<std::string>& names,
    const CompareOptions& options);

// Both sides of the breakpoints, which take longer to find than a difference elsewhere.
std::vector<Point> points_at_breaks(const Node& gold, const Node& answer,
    const std::vector<std::string>& names, bool whole, const CompareOptions& options);

}  // namespace tramontane::maths
