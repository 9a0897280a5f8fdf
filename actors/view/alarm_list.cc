#include "actors/view/alarm_list.h"

#include "actors/view/fields.h"
#include "runtime/base/check.h"

#include <algorithm>
#include <cmath>

namespace tramontane {
namespace {

constexpr int closing_column = 19;
constexpr std::size_t closing_rows = 8;

double or_zero(double value) {
  return std::isfinite(value) ? value : 0;
}

}  // namespace

void AlarmList::take(const RunEvent& event) {
  std::string kind = text(event, "event");
  if (kind == "run")
    for (Row& row : rows_) row.stands = false;
  std::string rule = text(event, "rule");
  if (rule.empty() || (kind != "alarm" && kind != "alarm_over")) return;
  std::string actor = text(event, "actor");
  auto row = std::find_if(rows_.begin(), rows_.end(),
      [&](const Row& other) { return other.rule == rule && other.actor == actor; });
  if (kind == "alarm_over") {
    if (row != rows_.end()) row->stands = false;
    return;
  }
  double seconds = or_zero(number(event, "seconds"));
  if (row == rows_.end()) {
    if (rows_.size() >= rows_most) return;
    rows_.push_back({.rule = rule, .actor = actor, .seconds = seconds});
    row = rows_.end() - 1;
  }
  row->text = text(event, "text");
  row->look = text(event, "look");
  row->since = seconds;
  ++row->times;
  row->stands = true;
}

std::vector<AlarmList::Row> AlarmList::standing() const {
  std::vector<Row> out;
  for (const Row& row : rows_)
    if (row.stands) out.push_back(row);
  return out;
}

boost::json::array AlarmList::told(std::size_t most) const {
  boost::json::array out;
  for (bool stands : {true, false})
    for (const Row& row : rows_)
      if (row.stands == stands && out.size() < most)
        out.push_back(
            {{"rule", row.rule}, {"actor", row.actor}, {"text", row.text}, {"look", row.look},
                {"times", row.times}, {"seconds", row.seconds}, {"stands", row.stands}});
  return out;
}

std::vector<Line> standing_lines(const AlarmList& alarms, std::size_t most) {
  auto rows = alarms.standing();
  std::vector<Line> out;
  std::size_t shown = rows.size() <= most ? rows.size() : most > 0 ? most - 1 : 0;
  for (std::size_t i = 0; i < shown; ++i)
    out.push_back(Line().add(" ALARM ", Tone::bad).add(rows[i].text, Tone::warn));
  if (shown < rows.size() && most > 0)
    out.push_back(Line().add(str(" and ", rows.size() - shown, " more alarms"), Tone::warn));
  return out;
}

std::vector<Line> alarm_lines(const RunEvent& summary, int width) {
  const auto* rows = list(summary, "alarms");
  std::vector<Line> out;
  std::size_t shown = 0;
  if (rows == nullptr) return out;
  for (const auto& value : *rows) {
    const auto* row = value.if_object();
    if (row == nullptr) continue;
    if (shown >= closing_rows) {
      out.push_back(Line().add(str("  and ", rows->size() - shown, " more alarms")));
      break;
    }
    Line line;
    line.add("  alarm            ", Tone::bad).add(text(*row, "text"), Tone::warn);
    double times = number(*row, "times");
    if (times > 1) line.add(str("  (", fixed(times, 0), " times)"));
    line.add(flag(*row, "stands") ? "; it stood at the end" : "; it was over before the end");
    line.add(str(".  Look at ", text(*row, "look")));
    for (auto& part : line.folded(width, closing_column)) out.push_back(std::move(part));
    ++shown;
  }
  return out;
}

}  // namespace tramontane
