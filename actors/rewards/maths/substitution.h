#pragma once
// Values in place of variables.

#include "actors/rewards/maths/exact.h"
#include "actors/rewards/maths/node.h"

#include <string>
#include <utility>
#include <vector>

namespace tramontane::maths {

// What each variable stands for.
using Point = std::vector<std::pair<std::string, Fraction>>;

// As a tree: a number, or a quotient of two, and its sign.
Node literal(const Fraction& value);

// The variable that a sum or product runs over is its own, and stays.
Node substituted(const Node& node, const Point& point);

// `node` with `value` for the variable `name`.
Node substituted(const Node& node, const std::string& name, const Node& value);

}  // namespace tramontane::maths
