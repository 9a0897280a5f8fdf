// The `command` reward: a program of the user's own that speaks JSON lines (outside.h).
#include "actors/rewards/line_process.h"
#include "actors/rewards/outside.h"
#include "actors/rewards/rewards.h"
#include "runtime/base/result.h"

namespace tramontane {
namespace {

class CommandReward final : public Reward {
 public:
  explicit CommandReward(const RewardSpec& spec)
      : process_(spec.of<CommandOptions>().command),
        batch_(spec.batch),
        deadline_(static_cast<std::int64_t>(
            1000 * (spec.deadline > 0 ? spec.deadline : default_command_seconds))) {}

  std::vector<RewardResult> judge(std::span<const Completion> completions) override {
    std::vector<RewardResult> results;
    while (!completions.empty()) {
      auto part = completions.first(std::min<std::size_t>(batch_, completions.size()));
      completions = completions.subspan(part.size());
      auto judged = judge_part(part);
      results.insert(results.end(), std::make_move_iterator(judged.begin()),
          std::make_move_iterator(judged.end()));
    }
    return results;
  }

 private:
  std::vector<RewardResult> judge_part(std::span<const Completion> part) {
    try {
      return read_grading(process_.ask(grading_request(part), deadline_), part);
    } catch (const Error& e) {
      return without_verdict(part.size(), e.text());
    }
  }

  LineProcess process_;
  std::size_t batch_;
  std::chrono::milliseconds deadline_;
};

}  // namespace

std::unique_ptr<Reward> make_command_reward(const RewardSpec& spec, const RewardOptions&) {
  if (spec.of<CommandOptions>().command.empty())
    throw Error(Errc::bad_input, "a command reward needs a command, like [python3, grade.py]");
  return std::make_unique<CommandReward>(spec);
}

}  // namespace tramontane
