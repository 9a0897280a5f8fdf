#pragma once
// Search seats the required groups of a small job by trying, where the greedy way found no place:
// every node for every actor, every kind of device, in a fixed order, until it fits or the budget
// is spent.
//
//   Seating seating(ground, job, relations, set);
//   if (search(seating) == Found::all) …
//
// A pure function but for the seating: one thread.

#include "scheduler/seating.h"

#include <cstdint>

namespace tramontane {

enum class Found : std::uint8_t {
  all = 0,      // they sit
  none = 1,     // there is no way: nobody sits who did not before
  gave_up = 2,  // the job is too large, or the budget is spent: the same
};

constexpr std::size_t search_actors_max = 64;
constexpr std::int64_t search_budget = 200'000;  // nodes looked at: some milliseconds

Found search(Seating& seating, std::int64_t budget = search_budget);

}  // namespace tramontane
