#pragma once
// Tables of pairs and what must be said of them.

#include "actors/rewards/maths/maths.h"

#include <string>

#include "tests/support/test.h"

namespace tramontane {

struct Pair {
  std::string gold;
  std::string answer;
};

inline void check_all(Outcome outcome, std::initializer_list<Pair> pairs) {
  for (const Pair& pair : pairs) {
    Comparison said = compare_answers(pair.gold, pair.answer);
    CAPTURE(pair.gold);
    CAPTURE(pair.answer);
    CAPTURE(said.how);
    CHECK(std::string(name(said.outcome)) == name(outcome));
  }
}

}  // namespace tramontane
