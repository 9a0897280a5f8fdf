#pragma once
// Tables of pairs and what must be said of them.

#include "actors/rewards/maths/maths.h"

#include <string_view>

#include "tests/support/test.h"

namespace tramontane {

struct Pair {
  std::string_view gold;
  std::string_view answer;
};

inline void check_all(Outcome outcome, std::initializer_list<Pair> pairs) {
  for (const Pair& pair : pairs) {
    Comparison said = compare_answers(pair.gold, pair.answer);
    CAPTURE(pair.gold);
    CAPTURE(pair.answer);
    CAPTURE(said.how);
    CHECK(name(said.outcome) == std::string_view(name(outcome)));
  }
}

}  // namespace tramontane
