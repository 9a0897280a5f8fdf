#pragma once
// Contrast: whether a group's scores differ, so that there is anything to learn from it. The ledger
// keeps the groups that have it.
//
// Any difference beyond rounding counts, in whatever part of the score: also one in a length
// penalty alone. (Magistral, section 2.1, asks for "at least one" pair of unequal rewards.)
//
// A pure function: any thread.

#include <algorithm>
#include <span>

namespace tramontane {

// Sums of rewards that are equal but for rounding differ by less.
constexpr double contrast_min = 1e-9;

inline bool has_contrast(std::span<const double> scores) {
  if (scores.empty()) return false;
  auto [least, most] = std::minmax_element(scores.begin(), scores.end());
  return *most - *least > contrast_min;
}

}  // namespace tramontane
