#pragma once
// Where a function may be another at single points, which no sample need hit: ⌊1/(1+(x-3)²)⌋ is 1
// where x is 3 and 0 elsewhere. There, agreement at points proves nothing, and only a proof will
// do.

#include "actors/rewards/maths/judgement.h"
#include "actors/rewards/maths/node.h"

#include <string>
#include <vector>

namespace tramontane::maths {

// Whether the answer has a part that may jump at single points (a floor, a sign, a remainder, a
// power of zero) of what is no line, and the gold answer has no such part equal to it.
bool adds_jumps(const Node& gold, const Node& answer, Context& context);

// Whether either side has a part that may jump, or the answer one that bends (|…|, max, min) and
// the gold answer none: a factor that is constant at all points may yet vanish at others.
bool may_vanish_between(const Node& gold, const Node& answer);

// As equal_functions and proportional_functions, but each part that is no rational function (a
// root, a floor) is a variable; parts that are equal are one. `no` is not said.
Truth equal_as_parts(const Node& gold, const Node& answer, Context& context);
Truth proportional_as_parts(const Node& gold, const Node& answer, bool positive, Context& context);

}  // namespace tramontane::maths
