#pragma once
// Why a run failed: the first failure of each actor since it last went well is what ails it. What
// its later lives then fail of, and what others fail of that depend on it, are consequences.
//
//   FirstCauses causes("tram resume runs/a");
//   causes.see(record);                        // of every life that ended otherwise than by a stop
//   done(causes.outcome_of(record));           // of the actor that failed for good
//
// Any thread.

#include "actors/trainer/trainer.h"
#include "runtime/actor/exit_record.h"

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <utility>

namespace tramontane {

class FirstCauses {
 public:
  // `go_on`: the command that goes on with the run.
  explicit FirstCauses(std::string go_on) : go_on_(std::move(go_on)) {}

  void see(const ExitRecord& record);
  RunOutcome outcome_of(const ExitRecord& last);

  // The outcome of an actor that failed because another is gone for good (Errc::closed) is that
  // other's: its record may come a moment later, and is waited for so long.
  RunOutcome behind(RunOutcome outcome, Duration patience = std::chrono::seconds(2));

 private:
  RunOutcome told(const ExitRecord& record) const;

  const std::string go_on_;
  std::mutex mutex_;
  std::condition_variable seen_;
  std::string gone_;                          // the first actor that failed for good
  std::map<std::string, ExitRecord> causes_;  // by actor
};

}  // namespace tramontane
