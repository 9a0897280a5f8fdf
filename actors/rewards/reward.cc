#include "actors/rewards/reward.h"

namespace tramontane {
namespace {

// A function as a Reward.
class FunctionReward final : public Reward {
 public:
  FunctionReward(RewardFunction function, RewardSpec spec, RewardOptions options)
      : function_(function), spec_(std::move(spec)), options_(std::move(options)) {}

  std::vector<RewardResult> judge(std::span<const Completion> completions) override {
    std::vector<RewardResult> results;
    results.reserve(completions.size());
    for (const auto& completion : completions)
      results.push_back(function_(completion, spec_, options_));
    return results;
  }

 private:
  RewardFunction function_;
  RewardSpec spec_;
  RewardOptions options_;
};

}  // namespace

std::unique_ptr<Reward> make_function_reward(
    RewardFunction function, const RewardSpec& spec, const RewardOptions& options) {
  return std::make_unique<FunctionReward>(function, spec, options);
}

}  // namespace tramontane
