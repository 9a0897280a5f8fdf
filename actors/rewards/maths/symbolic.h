#pragma once
// Exact comparison of what is not a fraction: numbers through Calcium, rational functions through
// multivariate polynomials. Bounded in size, but with no clock: see MathsClient.

#include "actors/rewards/maths/judgement.h"
#include "actors/rewards/maths/node.h"

#include <cstdint>
#include <string>
#include <vector>

namespace tramontane::maths {

// Both are free of variables. `unknown` also where either is too large to build.
Truth equal_numbers(const Node& a, const Node& b, std::uint32_t bits_max);

// Whether the tree's value is no number: a division by zero, the logarithm of zero.
Truth is_no_number(const Node& node, std::uint32_t bits_max);

// `unknown` where either is no rational function of `names`, or too large.
Truth equal_functions(const Node& a, const Node& b, const std::vector<std::string>& names);

// Whether a = c·b for a constant c, positive if `positive`; neither may be zero. c may hold those
// of the names that are constants; it is then not known to be positive.
Truth proportional_functions(const Node& a, const Node& b, const std::vector<std::string>& names,
    bool positive, const std::vector<std::string>& constants = {});

}  // namespace tramontane::maths
