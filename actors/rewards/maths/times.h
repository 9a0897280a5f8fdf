#pragma once
// Times of the day: 3:00 p.m. is 15:00, and noon is 12:00.
//
//   compare_times("3:00 \\text{ p.m.}", "15:00");  // yes
//   compare_times("15:00", "3:00");                // nothing: two ratios, or times of any half
//
// Pure functions.

#include "actors/rewards/maths/judgement.h"

#include <optional>
#include <string_view>

namespace tramontane::maths {

// What two texts say as times, where at least one of them says that it is one ("pm", "noon",
// "o'clock", "in the morning") and both say which half of the day they mean. A side without a word
// is of the 24-hour clock, unless it may be of the other half of the day: nothing is said of 3:00
// beside 3:00 pm. Without a word on either side, 3:00 is a ratio.
std::optional<Judgement> compare_times(std::string_view gold, std::string_view answer);

}  // namespace tramontane::maths
