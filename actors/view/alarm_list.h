#pragma once
// An AlarmList is which alarms of rules (actors/alarms/alarm_rules.h) there were in a run, and
// which stand: the sum of its events "alarm" and "alarm_over".
//
//   AlarmList alarms;
//   alarms.take(event);              // any event
//   for (const auto& row : alarms.rows()) if (row.stands) …
//
// A new life of the run (event "run") ends what stood: nobody looked since. Bounded: of others than
// the first rows_most there is only the number. A value.

#include "actors/messages/run_event.h"
#include "actors/view/draw.h"

#include <boost/json/array.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace tramontane {

class AlarmList {
 public:
  static constexpr std::size_t rows_most = 200;

  struct Row {
    std::string rule;
    std::string actor;
    std::string text;  // as it was told last
    std::string look;
    double seconds = 0;  // of the run, when it began first
    double since = 0;    // … last
    std::uint64_t times = 0;
    bool stands = false;
  };

  void take(const RunEvent& event);

  // In the order in which they began first.
  const std::vector<Row>& rows() const { return rows_; }

  std::vector<Row> standing() const;

  // As the summary event has them: at most `most`, those that stand first.
  boost::json::array told(std::size_t most) const;

 private:
  std::vector<Row> rows_;
};

// What stands, a line each, of at most `most`; the last says how many more there are.
std::vector<Line> standing_lines(const AlarmList& alarms, std::size_t most);

// The alarms of a summary event, for the end of a run, folded to `width` columns. Nothing where
// there were none.
std::vector<Line> alarm_lines(const RunEvent& summary, int width);

}  // namespace tramontane
