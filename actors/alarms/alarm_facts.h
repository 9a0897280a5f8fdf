#pragma once
// AlarmFacts are what the rules of alarms (alarm_rules.h) look at: the last steps of the stage,
// when something last moved, what each actor does, which lives failed, and what room is left.
//
//   AlarmFacts facts;
//   facts.max_lag = 2;
//   facts.take(event);                // any event of the run, in order
//   facts.look({.seconds = 12, …});   // now and then: actors and machine
//
// All times are seconds of the run. Bounded. A value.

#include "actors/messages/run_event.h"

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace tramontane {

struct AlarmActor {
  std::string name;
  std::string kind;
  std::string state;
  std::string waiting_for;
  double busy_seconds = 0;  // that it has computed, in all
};

// What is seen of actors and machine at one moment.
struct AlarmLook {
  double seconds = 0;
  std::vector<AlarmActor> actors;
  std::optional<double> disk_bytes = std::nullopt;    // left
  std::optional<double> memory_bytes = std::nullopt;  // left
};

// A reinforcement step; NaN where it did not say.
struct AlarmStep {
  double seconds = 0;
  double gap = 0;
  double rollouts = 0;
  double no_verdict = 0;  // rollouts
  double stale = 0;       // rollouts
  double correct = 0;
  double entropy = 0;
  double truncated = 0;
  double generator_busy = 0;
  double oldest_share = 0;  // of tokens that are as old as max_lag allows
};

struct AlarmFacts {
  static constexpr std::size_t paced_most = 64;  // steps by which the pace is known
  static constexpr std::size_t steps_most = 1024;

  std::uint32_t max_lag = 0;

  double now = 0;
  std::string stage_kind;
  double step = 0;
  double steps = 0;
  std::deque<double> took;       // the last steps of the stage, in seconds
  std::deque<AlarmStep> recent;  // the last reinforcement steps of this life, the newest last
  std::vector<double> truncated_first;  // of the first ten
  double moved = 0;                     // when a step ended last, or an evaluation went on
  std::vector<AlarmActor> actors;
  std::map<std::string, double> wrote;               // when each generator last computed
  std::map<std::string, std::deque<double>> failed;  // lives of an actor, when they ended
  std::optional<double> disk_bytes;
  std::optional<double> memory_bytes;
  double checkpoint_bytes = 0;  // of the last one

  void take(const RunEvent& event);
  void look(AlarmLook look);

  // Whether the stage has come so far that its pace is known, and goes on.
  bool under_way() const;
  // Of the steps in `took`; 0 if there are none.
  double median_step() const;
  // "generator/0" if it is the only one, else "generator".
  std::string one_of(const std::string& kind) const;
  const AlarmActor* actor(const std::string& kind) const;

 private:
  void advance(double seconds);
  void take_step(const RunEvent& event);
  void watch_generators(const std::vector<AlarmActor>& before);

  double looked_ = 0;    // when the last look was
  double stepped_ = -1;  // when the last step of the stage ended
};

}  // namespace tramontane
