#pragma once
// A proof that a number is too large to be another one, where it is too large to compute.

#include "actors/rewards/maths/node.h"

#include <cstdint>

namespace tramontane::maths {

// Whether the tree's value is certainly above 2^bits. False proves nothing.
bool exceeds(const Node& node, std::uint64_t bits);

}  // namespace tramontane::maths
