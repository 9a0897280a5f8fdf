#pragma once
// Families of values, one for each whole number: "2kπ, k ∈ ℤ", "x = π/6 + nπ". Two are equal if
// they are the same set: π/4 + kπ/2 is also π/4 + nπ together with 3π/4 + nπ. The parameter's name
// says nothing.

#include "actors/rewards/maths/judgement.h"
#include "actors/rewards/maths/node.h"

#include <optional>

namespace tramontane::maths {

// Nothing if neither side says that it is a family, nor both look like one.
std::optional<Judgement> compare_families(const Node& gold, const Node& answer, Context& context);

// The constant of integration may have another name: ln|x| + c for ln|x| + C.
Node with_constant_named(const Node& answer, const Node& gold);

}  // namespace tramontane::maths
