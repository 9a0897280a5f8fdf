#pragma once
// Whether two expressions have the same value: by exact arithmetic, by rounding to the digits a
// decimal shows, by proof, or at random points.

#include "actors/rewards/maths/judgement.h"
#include "actors/rewards/maths/node.h"

namespace tramontane::maths {

// Both satisfy is_expression().
Judgement compare_expressions(const Node& gold, const Node& answer, Context& context);

// Whether `answer` = c·`gold` with a constant c that is not zero (and positive, if so asked): two
// sides of equations and inequalities brought to one side.
Judgement compare_proportional(
    const Node& gold, const Node& answer, bool positive, Context& context);

// Whether every expression in the tree has a value that can be known closely.
bool can_evaluate(const Node& node, Context& context);

// Whether `shown` is a decimal that rounds `exact`, with at least `digits_min` digits.
Judgement compare_rounded(
    const Node& exact, const Node& shown, std::uint32_t digits_min, Context& context);

}  // namespace tramontane::maths
