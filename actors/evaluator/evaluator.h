#pragma once
// The Evaluator answers held-out problems with a fixed version while training goes on, one
// evaluation after another, and reports each.
//
// Messages: Evaluate. Its reply comes when the evaluation is done; the trainer need not wait. One
// that is under way when the evaluator is to stop is left off, and answered `cancelled`.

#include "actors/evaluator/evaluation.h"
#include "actors/messages/messages.h"
#include "actors/weights/transport.h"
#include "runtime/actor/actor.h"

#include <memory>

namespace tramontane {

class Evaluator final : public Actor {
 public:
  // `job` outlives the actor.
  Evaluator(const Job& job, const WeightLink& link, ActorRef reporter);

  std::string holding() const override { return doing_; }

 private:
  Task<Answer<EvaluationResult>> evaluate(Evaluate request);
  Answer<std::shared_ptr<const ReadyWeights>> weights_for(const Evaluate& request);
  EvaluationOptions options_for(const std::string& label) const;
  // False if it was left off.
  Task<bool> finish(Evaluation& evaluation, std::string label);

  const Job& job_;
  std::unique_ptr<WeightReceiver> receiver_;
  ActorRef reporter_;
  std::string doing_;
};

}  // namespace tramontane
