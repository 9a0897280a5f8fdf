#pragma once
// Sets of real numbers with constant ends, computed: intervals, finite sets, rays, solved
// inequalities, and their unions, intersections, differences and complements. The ends of both
// sides cut the line into points and gaps; two sets are equal if they hold the same of these.
//
//   (-∞, 2) ∪ (1, 3) = (-∞, 3);  ℝ \ [0, 1] = (-∞, 0) ∪ (1, ∞);  |x - 1| < 2 = (-1, 3)

#include "actors/rewards/maths/judgement.h"
#include "actors/rewards/maths/node.h"

#include <optional>

namespace tramontane::maths {

// Nothing if either is no such set. `unknown` where the ends cannot be put in order.
std::optional<Judgement> compare_real_sets(const Node& gold, const Node& answer, Context& context);

// The tree with what can be listed in place of operations on finite sets, and of the whole numbers
// of a bounded set: "{1, 2} ∪ {3}" is {1, 2, 3}.
Node with_listed_sets(const Node& node, Context& context);

}  // namespace tramontane::maths
