#include "actors/evaluator/evaluator.h"

#include "actors/messages/codecs.h"
#include "runtime/actor/system.h"
#include "runtime/base/check.h"
#include "runtime/base/json_text.h"

namespace tramontane {

Evaluator::Evaluator(const Job& job, const WeightLink& link, ActorRef reporter)
    : job_(job),
      receiver_(link.receiver(std::make_shared<const Manifest>(serving_manifest(job.model)))),
      reporter_(std::move(reporter)) {
  handle(&Evaluator::evaluate);
}

Answer<std::shared_ptr<const ReadyWeights>> Evaluator::weights_for(const Evaluate& request) {
  try {
    return job_.generator.device->prepare(
        job_.model, receiver_->fetch(request.version, request.fingerprint, request.weights));
  } catch (const Error& e) {
    std::string why = str("evaluation of version ", request.version, ": ", e.text());
    // Nobody waits for one during the training: it must not fail in silence.
    if (request.label == "during") {
      Report alarm{json_text(RunEvent{{"event", "alarm"}, {"text", why}})};
      static_cast<void>(try_send(reporter_, std::move(alarm)));
    }
    return Failure{e.errc(), why};
  }
}

EvaluationOptions Evaluator::options_for(const std::string& label) const {
  bool whole = label != "during";
  EvaluationOptions options;
  options.label = label;
  options.problems = whole ? 0 : job_.evaluator.problems;
  options.force_thinking = label == "forced_thinking";
  options.majority = whole && !options.force_thinking && job_.evaluator.majority > 1;
  options.samples = options.majority ? job_.evaluator.majority : 1;
  return options;
}

Task<bool> Evaluator::finish(Evaluation& evaluation, std::string label) {
  bool more = true;
  while (more && !stop_wanted()) {
    more = evaluation.step();
    doing_ = str(label, ": ", evaluation.done(), " of ", evaluation.total(), " completions");
    note("doing", doing_);
    co_await yield();
  }
  doing_.clear();
  note("doing", "");
  co_return !more;
}

Task<Answer<EvaluationResult>> Evaluator::evaluate(Evaluate request) {
  auto weights = weights_for(request);
  if (!weights) co_return weights.error();
  Evaluation evaluation(job_, *weights, options_for(request.label));
  bool finished = co_await finish(evaluation, request.label);
  if (!finished) co_return Failure{Errc::cancelled, "the evaluator is being stopped"};
  RunEvent event = evaluation.event();
  event["stage"] = request.stage;
  event["step"] = request.step;
  Report report{json_text(event)};
  static_cast<void>(
      co_await send(reporter_, give(report), std::chrono::seconds(10), "the reporter"));
  // Thinking that was forced says nothing of how good a checkpoint is.
  auto trainer = request.label == "forced_thinking" ? std::nullopt : system().find("trainer");
  if (trainer)
    static_cast<void>(try_send(*trainer, Evaluated{request.version, evaluation.sampled()}));
  co_return EvaluationResult{evaluation.greedy(), evaluation.sampled()};
}

}  // namespace tramontane
