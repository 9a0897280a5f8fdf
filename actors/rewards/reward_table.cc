#include "actors/rewards/reward.h"
#include "actors/rewards/rewards.h"
#include "runtime/base/check.h"
#include "runtime/base/names.h"
#include "runtime/base/result.h"

#include <cmath>

namespace tramontane {
namespace {

struct Known {
  const char* name;
  RewardFunction function;
};

// Every reward there is. Add yours here.
constexpr Known known[] = {
    {"format", reward_format},
    {"math", reward_math},
    {"length", reward_length},
};

}  // namespace

std::vector<std::string> RewardTable::names() {
  std::vector<std::string> out;
  for (const auto& row : known) out.emplace_back(row.name);
  return out;
}

RewardFunction RewardTable::find(std::string_view name) {
  for (const auto& row : known)
    if (name == row.name) return row.function;
  return nullptr;
}

RewardTable::RewardTable(std::vector<WeightedReward> rewards, RewardOptions options)
    : options_(options) {
  if (rewards.empty())
    throw Error(Errc::bad_input, "no rewards: name at least one, like {format: 0.1, math: 0.9}");
  for (auto& reward : rewards) {
    RewardFunction function = find(reward.name);
    if (function == nullptr)
      throw Error(Errc::bad_input, unknown_name("reward", reward.name, names()));
    rows_.push_back({std::move(reward), function});
  }
}

Verdict RewardTable::judge(const Completion& completion) const {
  Verdict verdict;
  double score = 0;
  for (const auto& row : rows_) {
    RewardResult result = row.function(completion, options_);
    if (!result.cannot_decide.empty()) {
      verdict.no_verdict = row.reward.name + ": " + result.cannot_decide;
      verdict.correct = false;
      return verdict;
    }
    TRAM_CHECK(std::isfinite(result.share), "a reward must be a finite number", row.reward.name);
    verdict.components.push_back(
        {row.reward.name, row.reward.weight * result.share, std::move(result.evidence)});
    score += row.reward.weight * result.share;
    if (row.function == reward_math) verdict.correct = result.share == 1;
    if (result.failed_gate) {
      score = 0;
      break;
    }
  }
  verdict.score = score;
  return verdict;
}

}  // namespace tramontane
