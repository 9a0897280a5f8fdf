#pragma once
// An AlarmWatch tells when alarms begin and end, by the rules of alarm_rules.h.
//
//   AlarmWatch watch(job.alarms.bounds, max_lag);
//   for (RunEvent& alarm : watch.take(event)) emit(alarm);
//   for (RunEvent& alarm : watch.look({.seconds = 12, …})) emit(alarm);
//
// What it gives are events of the kinds "alarm" and "alarm_over" (actors/messages/run_event.h). An
// alarm that has begun ends where its reading has come down well below the bound, and after some
// seconds, so that one that moves about the bound is told once. One that begins again and again is
// told so many times.
//
// Pure: it knows no clock and no machine. Bounded. Thread rule: one at a time.

#include "actors/alarms/alarm_rules.h"

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace tramontane {

class AlarmWatch {
 public:
  static constexpr double stands_least = 10;        // seconds
  static constexpr double over_below = 0.7;         // severity
  static constexpr std::uint32_t times_most = 20;   // that one is told in a life of the run
  static constexpr std::size_t alarms_most = 1000;  // different ones

  AlarmWatch(const AlarmBounds& bounds, std::uint32_t max_lag);

  std::vector<RunEvent> take(const RunEvent& event);
  std::vector<RunEvent> look(AlarmLook look);

 private:
  struct Told {
    bool stands = false;
    double since = 0;
    std::uint32_t times = 0;
  };

  std::vector<RunEvent> judge();
  void judge(const AlarmRule& rule, std::vector<RunEvent>& out);

  AlarmBounds bounds_;
  AlarmFacts facts_;
  std::map<std::pair<std::string_view, std::string>, Told> told_;  // by rule and actor
};

}  // namespace tramontane
