#include "actors/job/algorithm.h"

#include "actors/model/algorithms.h"
#include "runtime/base/result.h"

#include <string>

namespace tramontane {
namespace {

// In the schema's enumerations `preset` comes first, then the axis's own values in order.
template <class Axis, class Chosen>
Axis axis(Chosen chosen, Axis preset) {
  auto value = static_cast<int>(chosen);
  return value == 0 ? preset : static_cast<Axis>(value - 1);
}

template <class Chosen, class Axis>
Chosen named(Axis value) {
  return static_cast<Chosen>(static_cast<int>(value) + 1);
}

static_assert(static_cast<int>(schema::Algorithm::Advantage::MINIBATCH_STD) ==
              static_cast<int>(AdvantageRule::minibatch_std) + 1);
static_assert(static_cast<int>(schema::Algorithm::Advantage::LEAVE_ONE_OUT) ==
              static_cast<int>(AdvantageRule::leave_one_out) + 1);
static_assert(static_cast<int>(schema::Algorithm::Normaliser::GROUP_TOKENS) ==
              static_cast<int>(Normaliser::group_tokens) + 1);
static_assert(static_cast<int>(schema::Algorithm::Normaliser::BUDGET) ==
              static_cast<int>(Normaliser::budget) + 1);
static_assert(static_cast<int>(schema::Algorithm::Ratio::SEQUENCE) ==
              static_cast<int>(RatioOf::sequence) + 1);
static_assert(
    static_cast<int>(schema::Algorithm::Clip::TRUNCATED) == static_cast<int>(Clip::truncated) + 1);

double bound(double chosen, double preset) {
  return chosen < 0 ? preset : chosen;
}

}  // namespace

LossOptions loss_options(
    schema::Algorithm::Builder algorithm, schema::Generator::Reader generator) {
  auto name = algorithm.asReader().getName();
  LossOptions loss = loss_of(std::string_view(name.begin(), name.size()));
  loss.advantage = axis(algorithm.getAdvantage(), loss.advantage);
  loss.normaliser = axis(algorithm.getNormaliser(), loss.normaliser);
  loss.ratio = axis(algorithm.getRatio(), loss.ratio);
  loss.clip = axis(algorithm.getClip(), loss.clip);
  loss.clip_low = bound(algorithm.getClipLow(), loss.clip_low);
  loss.clip_high = bound(algorithm.getClipHigh(), loss.clip_high);
  loss.importance_cap = bound(algorithm.getImportanceCap(), loss.importance_cap);
  loss.length_budget =
      algorithm.getLengthBudget() == 0 ? generator.getMaxTokens() : algorithm.getLengthBudget();
  loss.mask_low = algorithm.getMaskLow();
  loss.mask_high = algorithm.getMaskHigh();
  loss.temperature = generator.getTemperature();
  if (loss.mask_high > 0 && loss.mask_high <= loss.mask_low)
    throw Error(Errc::bad_input, "mask_high must be above mask_low, or 0");
  if (loss.clip == Clip::truncated && loss.old == OldPolicy::proximal)
    throw Error(Errc::bad_input,
        "clip: truncated bounds what decoupled_ppo weighs with already; choose one of them");

  algorithm.setAdvantage(named<schema::Algorithm::Advantage>(loss.advantage));
  algorithm.setNormaliser(named<schema::Algorithm::Normaliser>(loss.normaliser));
  algorithm.setRatio(named<schema::Algorithm::Ratio>(loss.ratio));
  algorithm.setClip(named<schema::Algorithm::Clip>(loss.clip));
  algorithm.setClipLow(loss.clip_low);
  algorithm.setClipHigh(loss.clip_high);
  algorithm.setImportanceCap(loss.importance_cap);
  algorithm.setLengthBudget(static_cast<std::uint32_t>(loss.length_budget));
  return loss;
}

}  // namespace tramontane
