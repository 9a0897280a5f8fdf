#pragma once
// The rules of alarms: one table, of which each row says what it looks at, from which bound on it
// is an alarm, and what to look at then. Each is a pure function of the facts.
//
//   for (const AlarmRule& rule : alarm_rules())
//     for (const auto& reading : rule.read(facts, bounds.*rule.bound)) …
//
// A rule whose bound is 0 is not asked.

#include "actors/alarms/alarm_bounds.h"
#include "actors/alarms/alarm_facts.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tramontane {

struct AlarmReading {
  std::string actor;    // whom it is of
  double severity = 0;  // 1 at the bound, more beyond it
  std::string text;     // why, in words with figures
};

struct AlarmRule {
  std::string_view name;  // its key below `alarms` of the job graph
  double AlarmBounds::*bound;
  std::string_view looks_at;
  std::string_view look;  // what to look at then
  std::vector<AlarmReading> (*read)(const AlarmFacts& facts, double bound);
};

std::span<const AlarmRule> alarm_rules();

}  // namespace tramontane
