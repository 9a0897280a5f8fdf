#include "actors/rewards/rewards.h"

#include "runtime/base/check.h"
#include "runtime/base/result.h"

#include <algorithm>

namespace tramontane {
namespace {

constexpr double compile_seconds = 10;

template <int seconds>
double always(const RewardSpec&) {
  return seconds;
}

// Tests and code are compiled; by the clock everything has more time than by the processor's.
double code_seconds(const RewardSpec& spec) {
  auto code = spec.of<CodeOptions>();
  return 4 * compile_seconds + 3 * code.tests_max * std::max(code.test_seconds, 1.0);
}

}  // namespace

// Add yours here.
std::vector<RewardKind> built_in_rewards() {
  return {{"format", reward_of<reward_format>},
      {"math", make_math_reward, 64, always<static_cast<int>(default_math_seconds)>},
      {"code", make_code_reward, 1, code_seconds, {}, check_code_tests},
      {"length", make_length_reward}, {"language", make_language_reward},
      {"command", make_command_reward, 16, always<static_cast<int>(default_command_seconds)>},
      {"http", make_http_reward, 16, always<static_cast<int>(default_http_seconds)>}};
}

std::vector<RewardKind> built_in_rewards_and(const std::vector<RewardKind>& own) {
  std::vector<RewardKind> kinds = built_in_rewards();
  for (const auto& kind : own) {
    auto taken = [&](const RewardKind& other) { return other.name == kind.name; };
    if (std::any_of(kinds.begin(), kinds.end(), taken))
      throw Error(Errc::bad_input, str("there is a reward '", kind.name, "' already"));
    kinds.push_back(kind);
  }
  return kinds;
}

}  // namespace tramontane
