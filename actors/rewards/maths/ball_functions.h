#pragma once
// The functions of one argument, by the names that trees have for them, over Arb's balls.

#include <acb.h>
#include <string_view>

namespace tramontane::maths {

using BallFunction = void (*)(acb_t, const acb_t, slong);

// "sin", "arccosh", "cis", …; null for any other.
BallFunction find_ball_function(std::string_view name);

}  // namespace tramontane::maths
