#pragma once
// The Evaluator answers held-out problems with a fixed version while training goes on, one
// evaluation after another, and reports each.
//
// Messages: Evaluate. Its reply comes when the evaluation is done; the trainer need not wait.

#include "actors/evaluator/evaluation.h"
#include "actors/messages/messages.h"
#include "actors/weights/transport.h"
#include "runtime/actor/actor.h"

#include <memory>

namespace tramontane {

class Evaluator final : public Actor {
 public:
  // `job` outlives the actor.
  Evaluator(const Job& job, WeightLink link, ActorRef reporter);

  std::string holding() const override { return doing_; }

 private:
  Task<Answer<EvaluationResult>> evaluate(Evaluate request);

  const Job& job_;
  WeightLink link_;
  ActorRef reporter_;
  std::string doing_;
};

}  // namespace tramontane
