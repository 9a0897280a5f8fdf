#pragma once
// Sets of real numbers as unions of intervals: from brackets, unions, solved inequalities.

#include "actors/rewards/maths/judgement.h"
#include "actors/rewards/maths/node.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tramontane::maths {

struct Piece {
  Node low;
  Node high;
  bool open_low = true;
  bool open_high = true;
};

// Nothing if the tree is no such set: an inequality that is not solved for one variable, say. With
// `variable`, inequalities are of that, and their bounds may hold others: x > a.
std::optional<std::vector<Piece>> to_pieces(const Node& node, std::string_view variable = {});

// The variable of the inequalities that an interval with letters in its ends does not have: the x
// of "x > a" for (a, ∞). Empty if it is not clear.
std::string variable_beside(const Node& relations, const Node& interval);

// Whether the tree must be read as such a set. A pair in brackets only may.
bool is_interval_set(const Node& node);

// As sets; the pieces may come in any order.
Judgement compare_pieces(
    const std::vector<Piece>& gold, const std::vector<Piece>& answer, Context& context);

}  // namespace tramontane::maths
