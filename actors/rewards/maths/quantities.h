#pragma once
// One value with what stands beside it: a unit, a percent sign, degrees, a base, a sign before
// infinity. A unit may be missing on one side; where both have one, they must agree.

#include "actors/rewards/maths/judgement.h"
#include "actors/rewards/maths/node.h"

namespace tramontane::maths {

// For everything but lists, sets, tuples, relations and the like.
Judgement compare_scalars(const Node& gold, const Node& answer, Context& context);

// 1 for ∞, -1 for -∞, 0 for anything else.
int infinite_sign(const Node& node);

}  // namespace tramontane::maths
