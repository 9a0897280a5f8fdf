#pragma once
// Whether two trees mean the same: dispatch over what they are. Order counts in tuples and
// matrices, not in lists and sets; a list of several values is never one value.

#include "actors/rewards/maths/judgement.h"
#include "actors/rewards/maths/node.h"

namespace tramontane::maths {

Judgement compare_trees(const Node& gold, const Node& answer, Context& context);

}  // namespace tramontane::maths
