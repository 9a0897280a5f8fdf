#include "actors/evaluator/evaluator.h"

#include "actors/messages/codecs.h"
#include "runtime/actor/system.h"
#include "runtime/base/check.h"

#include <boost/json/serialize.hpp>

namespace tramontane {

Evaluator::Evaluator(const Job& job, WeightLink link, ActorRef reporter)
    : job_(job), link_(std::move(link)), reporter_(std::move(reporter)) {
  handle(&Evaluator::evaluate);
}

Task<Answer<EvaluationResult>> Evaluator::evaluate(Evaluate request) {
  std::shared_ptr<const ReadyWeights> weights;
  try {
    weights = ReadyWeights::prepare(
        job_.model, link_.receiver->fetch(request.version, request.fingerprint));
  } catch (const Error& e) {
    std::string why = str("evaluation of version ", request.version, ": ", e.text());
    // Nobody waits for one during the training: it must not fail in silence.
    if (request.label == "during") {
      Report told{boost::json::serialize(RunEvent{{"event", "alarm"}, {"text", why}})};
      static_cast<void>(try_send(reporter_, std::move(told)));
    }
    co_return Failure{e.errc(), why};
  }
  bool whole = request.label != "during";
  EvaluationOptions options;
  options.label = request.label;
  options.problems = whole ? 0 : job_.evaluator.problems;
  options.force_thinking = request.label == "forced_thinking";
  options.majority = whole && !options.force_thinking && job_.evaluator.majority > 1;
  options.samples = options.majority ? job_.evaluator.majority : 1;
  Evaluation evaluation(job_, weights, options);
  while (evaluation.step()) {
    doing_ =
        str(request.label, ": ", evaluation.done(), " of ", evaluation.total(), " completions");
    note("doing", doing_);
  }
  doing_.clear();
  note("doing", "");
  RunEvent event = evaluation.event();
  event["stage"] = request.stage;
  event["step"] = request.step;
  Report told{boost::json::serialize(event)};
  static_cast<void>(
      co_await send(reporter_, std::move(told), std::chrono::seconds(10), "the reporter"));
  if (auto trainer = system().find("trainer"))
    static_cast<void>(try_send(*trainer, Evaluated{request.version, evaluation.sampled()}));
  co_return EvaluationResult{evaluation.greedy(), evaluation.sampled()};
}

}  // namespace tramontane
