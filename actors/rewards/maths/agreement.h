#pragma once
// Whether two expressions with variables agree where they are compared. A value that is known too
// loosely to tell it from another agrees with nothing: where the gold answer's is, nothing is said;
// where only the answer's is, the answer is wrong.

#include "actors/rewards/maths/judgement.h"
#include "actors/rewards/maths/node.h"

#include <string>
#include <vector>

namespace tramontane::maths {

Judgement compare_at_points(
    const Node& gold, const Node& answer, const std::vector<std::string>& names, Context& context);

// Whether `answer` = c·`gold` there, for one constant c.
Judgement proportional_at_points(const Node& gold, const Node& answer,
    const std::vector<std::string>& names, bool positive, Context& context);

// Whether the tree has a value that can be known closely at enough points.
bool has_values(const Node& node, const std::vector<std::string>& names, Context& context);

}  // namespace tramontane::maths
