#pragma once
// Equations, inequalities and assignments.
//
// A relation is solved if it has a name alone on one side and no names on the other: x = 5,
// 1 < x ≤ 3. A gold answer that is solved asks for a solved answer, so that an echo of the question
// (2x = 10) is wrong. Equations that are not (y = 2x + 3) are equal up to a constant factor.

#include "actors/rewards/maths/judgement.h"
#include "actors/rewards/maths/node.h"

namespace tramontane::maths {

// At least one of them is a relation.
Judgement compare_relations(const Node& gold, const Node& answer, Context& context);

// Chains and lists of relations, one by one: "a < b < c" is "c > b, b > a".
Judgement compare_linked(const Node& gold, const Node& answer, Context& context);

// What "name = value" is a value of; null for any other tree.
const Node* assigned_value(const Node& node);

}  // namespace tramontane::maths
