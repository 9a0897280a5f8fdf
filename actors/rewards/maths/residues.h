#pragma once
// Ratios and residue classes: values that stand for others like them.

#include "actors/rewards/maths/judgement.h"
#include "actors/rewards/maths/node.h"

namespace tramontane::maths {

// One of them is a ratio. 6:8 is 3:4, and 3/4; a time of day, such as 3:40, is itself alone.
Judgement compare_ratios(const Node& gold, const Node& answer, Context& context);

// One of them is a residue. 10 mod 7 is 3 mod 7; a number without its modulus must be the one
// given.
Judgement compare_residues(const Node& gold, const Node& answer, Context& context);

}  // namespace tramontane::maths
