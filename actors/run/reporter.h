#pragma once
// The Reporter is where the events of a run come together: it stamps them, adds what it sees of
// the actors (busy shares, queues, throughput), hands them to the sinks (metrics file, view), and
// keeps the figures of the final summary.
//
// Messages: Report.

#include "actors/alarms/alarm_watch.h"
#include "actors/alarms/room_left.h"
#include "actors/job/job.h"
#include "actors/messages/messages.h"
#include "actors/messages/run_event.h"
#include "actors/run/audits_file.h"
#include "actors/run/spans_file.h"
#include "actors/view/alarm_list.h"
#include "runtime/actor/actor.h"
#include "runtime/actor/actor_status.h"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace tramontane {

// What the summary needs, gathered from events; also used to resume from metrics.jsonl.
class RunTotals {
 public:
  void add(const RunEvent& event);
  // The "summary" event, but for how it stopped and where things are.
  RunEvent summary() const;

 private:
  // Of shares, -1: not measured.
  double heldout_before_ = -1, heldout_after_ = -1, heldout_forced_ = -1, greedy_before_ = -1,
         greedy_after_ = -1;
  double heldout_after_step_ = -1;  // of an evaluation while training went on
  std::uint64_t steps_ = 0, rollouts_ = 0, swaps_ = 0, swaps_while_writing_ = 0, spanning_ = 0,
                lag_max_ = 0;
  double gap_max_ = 0;
  double generator_busy_ = 0, trainer_busy_ = 0, tokens_ = 0, reinforce_seconds_ = 0;
  double seconds_ = 0;
  std::vector<double> stalls_us_;
  AlarmList alarms_;
};

class Reporter final : public Actor {
 public:
  struct Options {
    std::vector<std::shared_ptr<EventSink>> sinks;
    std::shared_ptr<RunTotals> totals;  // read by the pipeline once this actor has stopped
    double seconds_before = 0;          // of the run's earlier processes
    Time began{};                       // of this process, however often the actor is restarted
    // Of actors in other processes; may be null.
    std::function<std::vector<ActorStatus>()> elsewhere;
    // Nothing: no alarms. It goes on where it was when the actor is restarted.
    std::shared_ptr<AlarmWatch> alarms = nullptr;
    std::shared_ptr<SpansFile> spans = nullptr;  // nothing: none are kept
    std::shared_ptr<AuditsFile> audits = nullptr;
    std::function<RoomLeft()> room = {};  // asked now and then; nothing: not known
    Duration status_every = std::chrono::milliseconds(400);
  };

  explicit Reporter(Options options);

  Task<void> start() override;

 private:
  // Busy time and tokens between two looks.
  struct Meter {
    Time at{};
    double generators = 0;
    double trainer = 0;
    double tokens = 0;
  };

  void report(Report report);
  void tick(Tick tick);
  // Stamps it and hands it on, with the alarms that begin and end by it.
  void emit(RunEvent& event);
  void tell(RunEvent& event);
  void look_for_alarms(const RunEvent& status, const std::vector<ActorStatus>& actors);
  void add_shares(RunEvent& event);
  Meter look() const;
  // Here, and elsewhere.
  std::vector<ActorStatus> actors() const;

  Options options_;
  Meter last_step_;
  Meter last_status_;
  std::uint64_t ticks_ = 0;
  RunEvent progress_;  // stage, step and version as of the last step, for status events
};

}  // namespace tramontane
