#pragma once
// Reads an answer's tokens into its tree.
//
//   items    := relation ((","|";"|"and"|"or") relation)*
//   relation := ratio (("="|"<"|"≤"|"≈"|"∈"|…) ratio)*
//   ratio    := sets (":" sets)*
//   sets     := sum (("∪"|"∩"|"\") sum)*
//   sum      := ["+"|"-"] term (("+"|"-"|"±") term)*
//   term     := power (["*"|"/"] power)* [unit]
//   power    := atom ("!"|"%"|"^" argument)*
//
// Depth and number of nodes are bounded.

#include "actors/rewards/maths/lexer.h"
#include "actors/rewards/maths/node.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tramontane::maths {

struct ParseLimits {
  std::uint32_t depth_max = 48;
  std::uint32_t nodes_max = 1000;
};

// Nothing if the tokens are no answer that this grammar knows; `why` then says so.
std::optional<Node> parse(std::vector<Token> tokens, const ParseLimits& limits, std::string& why);

}  // namespace tramontane::maths
