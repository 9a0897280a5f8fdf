#pragma once
// The RunHistory is what the files of a run tell of its past: metrics.jsonl, exits.jsonl and the
// warnings and errors of log.jsonl, read on from where it was each time it is asked.
//
//   RunHistory history(run);
//   history.refresh(deadline);           // false: there is more than there was time for
//   history.events();                    // where each stands, in the order of time
//
// What it keeps is bounded, whatever the run's length: of each event its place in the files, of
// each metric a curve, of the run its last words. A line that is no event is counted. Thread rule:
// one at a time.

#include "actors/dashboard/curves.h"
#include "actors/dashboard/line_reader.h"
#include "actors/messages/run_event.h"
#include "actors/view/alarm_list.h"
#include "runtime/base/clock.h"

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace tramontane {

enum class EventLevel : std::uint8_t { info, warning, error };

// Which file of a run something stands in; its letter is part of an event's id.
enum class RunFile : char { metrics = 'm', exits = 'e', log = 'l' };

struct EventPlace {
  RunFile file = RunFile::metrics;
  std::uint64_t begin = 0;  // of its line
  Micros wall = 0;          // 0: not known
  double seconds = -1;      // of the run; negative: not known
  std::uint16_t kind = 0;   // numbers of names (RunHistory::name_of)
  std::uint16_t actor = 0;
  EventLevel level = EventLevel::info;

  std::string id() const;
};

// "m.5120" taken apart; nothing if it is none.
std::optional<std::pair<RunFile, std::uint64_t>> parse_event_id(std::string_view id);

class RunHistory {
 public:
  explicit RunHistory(const std::string& folder);

  // Reads on while the clock has not reached the deadline. True if all is read.
  bool refresh(const Clock& clock, Time deadline);

  // Grows with every event.
  std::uint64_t version() const { return version_; }

  const std::vector<EventPlace>& events() const { return events_; }

  const std::string& name_of(std::uint16_t number) const { return names_[number]; }

  // The event that stands there; nothing if it is gone.
  std::optional<RunEvent> read(RunFile file, std::uint64_t begin) const;

  const Curves& curves() const { return curves_; }

  // The last event of that kind, for "step" of that stage kind ("step/reinforce"); null if none.
  const RunEvent* last(const std::string& kind) const;

  const std::vector<RunEvent>& runs() const { return runs_; }

  const std::vector<RunEvent>& evaluations() const { return evaluations_; }

  std::uint64_t failures() const { return failures_; }  // lives of actors that ended badly

  std::uint64_t alarms() const { return alarms_; }

  // Those of rules, and which of them stand, or stood when the run ended.
  const AlarmList& alarms_of_rules() const { return alarms_of_rules_; }

  std::uint64_t unreadable() const { return unreadable_; }

  // Of a life of the run that has ended in order; null while it goes on.
  const RunEvent* summary() const { return summary_ ? &*summary_ : nullptr; }

  // Where the step event of reinforcement step `step` stands (1 is the first).
  std::optional<std::uint64_t> step_at(std::uint64_t step) const;

  // Counters over the whole run: lines of each kind, and sums of some fields.
  double sum(const std::string& name) const;

 private:
  struct Source {
    RunFile file;
    LineReader lines;
    std::uint64_t at = 0;
  };

  void take(Source& source, const FileLine& line);
  void take_metric(const RunEvent& event, EventPlace place);
  void take_exit(const RunEvent& event, EventPlace place);
  void take_log(const RunEvent& event, EventPlace place);
  void take_step(const RunEvent& event);
  void add(EventPlace place, std::string_view kind, std::string_view actor);
  void add_fields(MetricSource source, const RunEvent& event, const std::string& label, double x);
  std::uint16_t number_of(std::string_view name);
  void put_in_order();

  std::array<Source, 3> sources_;
  std::vector<EventPlace> events_;
  std::size_t ordered_ = 0;  // of them, from the first on
  std::vector<std::string> names_ = {""};
  std::map<std::string, std::uint16_t, std::less<>> numbers_ = {{"", 0}};
  Curves curves_;
  std::map<std::string, RunEvent> last_;
  std::vector<RunEvent> runs_;
  std::vector<RunEvent> evaluations_;
  std::optional<RunEvent> summary_;
  AlarmList alarms_of_rules_;
  std::map<std::uint64_t, std::uint64_t> steps_;  // step to place in metrics.jsonl
  std::map<double, double> warm_before_;          // steps of the stages before, by stage
  std::map<std::string, double> sums_;
  Micros began_ = 0;  // when "seconds" was 0, for what follows
  std::uint64_t failures_ = 0, alarms_ = 0, unreadable_ = 0, version_ = 0;
};

}  // namespace tramontane
