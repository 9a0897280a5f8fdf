#pragma once
// Words that stand for a set: "all real numbers", "no solution".

#include "actors/rewards/maths/node.h"

#include <optional>
#include <string>

namespace tramontane::maths {

// One spelling for all that mean the same: "all real numbers", "no solution", "does not exist",
// with what they are said of ("no real solution"); else the words themselves. `prose` is in lower
// case.
std::string same_words(const std::string& prose);

// ℝ or the empty set; nothing for other words.
std::optional<Node> set_of_words(const std::string& prose);

}  // namespace tramontane::maths
