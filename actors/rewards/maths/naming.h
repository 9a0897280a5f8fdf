#pragma once
// Names in front of tuples and lists: (x,y) = (1,2), x = 1, y = 2, P(1,2), x_1 = 1, x_2 = 2. One
// side may leave them out; where both have them, they must be the same, in any order.

#include "actors/rewards/maths/node.h"

#include <optional>
#include <utility>

namespace tramontane::maths {

// Gold and answer without their names, the answer's values in the order of the gold's names.
// Nothing where there are none to leave out, or they are not the same.
std::optional<std::pair<Node, Node>> without_names(const Node& gold, const Node& answer);

}  // namespace tramontane::maths
