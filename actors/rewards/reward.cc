#include "actors/rewards/reward.h"

#include <boost/json.hpp>

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

std::optional<std::string> Reward::answer(const Completion& completion, const ThinkingTags& tags) {
  std::string_view answer = split_thinking(completion.text, tags).answer;
  return answer.empty() ? std::nullopt : std::optional<std::string>(answer);
}

std::vector<std::string> accepted_answers(std::string_view answer) {
  if (answer.starts_with("[\"")) {
    boost::system::error_code error;
    auto value = boost::json::parse(answer, error);
    const auto* list = error ? nullptr : value.if_array();
    std::vector<std::string> texts;
    if (list != nullptr)
      for (const auto& item : *list)
        if (item.is_string()) texts.emplace_back(item.as_string());
    if (list != nullptr && texts.size() == list->size()) return texts;
  }
  return {std::string(answer)};
}

std::unique_ptr<Reward> make_function_reward(
    RewardFunction function, const RewardSpec& spec, const RewardOptions& options) {
  return std::make_unique<FunctionReward>(function, spec, options);
}

}  // namespace tramontane
