#include "actors/alarms/alarm_watch.h"

#include "actors/view/draw.h"
#include "actors/view/fields.h"
#include "runtime/base/check.h"

#include <algorithm>

namespace tramontane {

AlarmWatch::AlarmWatch(const AlarmBounds& bounds, std::uint32_t max_lag) : bounds_(bounds) {
  facts_.max_lag = max_lag;
}

std::vector<RunEvent> AlarmWatch::take(const RunEvent& event) {
  facts_.take(event);
  return judge();
}

std::vector<RunEvent> AlarmWatch::look(AlarmLook look) {
  facts_.look(std::move(look));
  return judge();
}

std::vector<RunEvent> AlarmWatch::judge() {
  std::vector<RunEvent> out;
  for (const AlarmRule& rule : alarm_rules())
    if (bounds_.*rule.bound > 0) judge(rule, out);
  return out;
}

void AlarmWatch::judge(const AlarmRule& rule, std::vector<RunEvent>& out) {
  auto readings = rule.read(facts_, bounds_.*rule.bound);
  for (const AlarmReading& reading : readings) {
    if (!(reading.severity >= 1)) continue;
    std::pair key(rule.name, reading.actor);
    if (told_.size() >= alarms_most && !told_.contains(key)) continue;
    Told& told = told_[key];
    if (told.stands || told.times >= times_most) continue;
    told = {.stands = true, .since = facts_.now, .times = told.times + 1};
    std::string last = told.times == times_most ? "; it is not told again" : "";
    out.push_back({{"event", "alarm"}, {"rule", rule.name}, {"actor", reading.actor},
        {"text", str(reading.actor, ": ", reading.text, last)}, {"look", rule.look}});
  }
  for (auto& [key, told] : told_) {
    if (key.first != rule.name || !told.stands) continue;
    if (facts_.now - told.since < stands_least) continue;
    auto same = [&who = key.second](const auto& reading) { return reading.actor == who; };
    auto found = std::find_if(readings.begin(), readings.end(), same);
    if (found != readings.end() && !(found->severity < over_below)) continue;
    told.stands = false;
    double lasted = facts_.now - told.since;
    out.push_back({{"event", "alarm_over"}, {"rule", rule.name}, {"actor", key.second},
        {"text", str(key.second, ": over after ", duration(lasted))}, {"lasted_seconds", lasted}});
  }
}

}  // namespace tramontane
