#pragma once
// The RunKeeper stands for the run in the process that the user started, where the trainer lives in
// another: it hears how the run ended, and passes on that it is to end early until the trainer has
// heard it.
//
// Messages: RunEnded (the trainer's), FinishRun.

#include "actors/messages/messages.h"
#include "actors/trainer/trainer.h"
#include "runtime/actor/actor.h"

#include <functional>
#include <string>

namespace tramontane {

class System;

class RunKeeper final : public Actor {
 public:
  // `done` is called for every RunEnded; `trainer` is the actor that FinishRun is passed on to.
  RunKeeper(std::function<void(RunOutcome)> done, std::string trainer);

 private:
  void ended(RunEnded message);
  void finish(FinishRun request);
  void tick(Tick tick);

  std::function<void(RunOutcome)> done_;
  const std::string trainer_;
  std::string reason_;
};

// Tells a RunKeeper, and waits until it has heard. For the trainer's own thread.
void tell_end(System& system, const ActorRef& run, const RunOutcome& outcome);

}  // namespace tramontane
