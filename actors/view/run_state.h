#pragma once
// A RunState is what the live view knows of a run: the sum of the events up to now, in bounded
// memory.
//
//   RunState state;
//   state.take(event);      // any event, also one with odd or missing fields
//   frame(state, 100, 30, {});
//
// Figures not heard of yet are NaN. A value.

#include "actors/messages/run_event.h"
#include "actors/view/alarm_list.h"
#include "actors/view/draw.h"

#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace tramontane {

struct RunState {
  static constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

  struct Stage {
    std::string kind;  // "warm_start", "reinforce"
    double steps = unknown;
  };

  struct ActorLine {
    std::string name;  // "generator/0 [4711]": with its process, where that is another
    std::string kind;
    std::string state;
    std::string waiting_for;
    double waiting_seconds = unknown;
    double busy = unknown;
    double mailbox = unknown;
    double mailbox_limit = unknown;
  };

  void take(const RunEvent& event);

  bool reinforcing() const { return kind == "reinforce"; }

  // Seconds left in the stage, counted down from the last step that said so.
  double eta_seconds() const;

  // The run.
  std::string name;
  std::string folder;
  RunEvent run;  // the whole event
  std::vector<Stage> stages;
  double seconds = unknown;

  // The stage.
  std::int64_t stage = -1;
  std::string kind;
  double step = unknown;
  double steps = unknown;
  double version = unknown;

  // Curves of the stage, by step.
  Series loss;
  Series score;
  Series correct;  // moving average
  Series tokens;   // mean of a completion
  Series heldout;  // sampled pass@1 on held-out problems

  // The last step, as its event says it, and swaps.
  RunEvent last_step;
  double tokens_per_second = unknown;
  double running = unknown;
  double lag_max = unknown;           // of the whole run
  double log_prob_gap_max = unknown;  // of the whole run
  std::vector<double> lag_histogram;
  std::vector<std::pair<std::string, double>> queues;
  std::vector<ActorLine> actors;
  std::uint64_t swaps = 0;
  std::uint64_t swaps_failed = 0;
  AlarmList alarms;
  double stall_us_last = unknown;
  double stall_us_max = unknown;
  double stall_us_p50() const;

  // Evaluations by label, each the last of its kind.
  RunEvent before;
  RunEvent after;
  RunEvent forced_thinking;
  RunEvent last_evaluation;
  RunEvent last_checkpoint;
  RunEvent summary;

 private:
  void take_stage(const RunEvent& event);
  void take_step(const RunEvent& event);
  void take_swap(const RunEvent& event);
  void take_evaluation(const RunEvent& event);
  void take_status(const RunEvent& event);
  void take_summary(const RunEvent& event);
  void take_queues(const RunEvent& event);

  double eta_ = unknown;
  double eta_told_at_ = unknown;
  std::vector<double> stalls_us_;  // the last 1,024, a ring
};

// max(a, b) where either may be unknown.
double larger(double a, double b);

}  // namespace tramontane
