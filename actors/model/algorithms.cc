#include "actors/model/algorithms.h"

#include "runtime/base/check.h"
#include "runtime/base/result.h"

#include <utility>

namespace tramontane {

namespace {

constexpr Algorithm table[] = {
    {"magistral", AdvantageRule::minibatch_normalised, algorithms::magistral},
    {"grpo", AdvantageRule::group_normalised, algorithms::grpo},
    {"dapo", AdvantageRule::group_normalised, algorithms::dapo},
    {"dr_grpo", AdvantageRule::group_centred, algorithms::dr_grpo},
    {"cispo", AdvantageRule::group_normalised, algorithms::cispo},
    {"gspo", AdvantageRule::group_normalised, algorithms::gspo},
    {"truncated_is", AdvantageRule::group_normalised, algorithms::truncated_is},
    {"decoupled_ppo", AdvantageRule::minibatch_normalised, algorithms::decoupled_ppo, true},
};

}  // namespace

std::vector<std::string> algorithm_names() {
  std::vector<std::string> names;
  for (const Algorithm& a : table) names.emplace_back(a.name);
  return names;
}

const Algorithm& algorithm_named(std::string_view name) {
  std::string known;
  for (const Algorithm& a : table) {
    if (a.name == name) return a;
    known += str(known.empty() ? "" : ", ", a.name);
  }
  throw Error(Errc::bad_input, str("no algorithm is called '", name, "'; there are ", known));
}

void set_proximal(PolicyTrainer& trainer, std::span<TrainSequence> batch, const LossOptions& loss,
    std::int64_t rows_max) {
  if (!algorithm_named(loss.algorithm).wants_proximal) return;
  auto log_probs = trainer.log_probs(batch, loss.temperature, rows_max);
  for (std::size_t i = 0; i < batch.size(); ++i)
    batch[i].proximal_log_probs = std::move(log_probs[i]);
}

}  // namespace tramontane
