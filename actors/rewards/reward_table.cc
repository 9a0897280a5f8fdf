#include "actors/rewards/reward.h"
#include "actors/rewards/rewards.h"
#include "runtime/base/check.h"
#include "runtime/base/names.h"
#include "runtime/base/result.h"

#include <algorithm>
#include <cmath>

namespace tramontane {
namespace {

// A function as a Reward.
class FunctionReward final : public Reward {
 public:
  FunctionReward(RewardFunction function, const RewardSpec& spec, const RewardOptions& options)
      : function_(function), spec_(spec), options_(options) {}

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

// Every kind there is. Add yours here.
std::vector<RewardKind>& table() {
  static std::vector<RewardKind> kinds = {
      {"format", reward_of<reward_format>},
      {"math", make_math_reward},
      {"code", make_code_reward, 1},
      {"length", reward_of<reward_length>},
      {"language", make_language_reward},
      {"command", make_command_reward, 16},
      {"http", make_http_reward, 16},
  };
  return kinds;
}

const RewardKind* find(std::string_view name) {
  for (const auto& kind : table())
    if (name == kind.name) return &kind;
  return nullptr;
}

// Deadlines of one verdict; a request for several completions has one deadline, so this is at most.
double seconds_for_one(const RewardSpec& spec) {
  const std::string& kind = spec.kind_or_name();
  if (spec.deadline > 0) return spec.deadline;
  if (kind == "math") return default_math_seconds;
  if (kind == "command") return default_command_seconds;
  if (kind == "http") return default_http_seconds;
  // Tests and code are compiled; by the clock everything has more time than by the processor's.
  if (kind == "code")
    return 4 * compile_seconds + 3 * spec.tests_max * std::max(spec.test_seconds, 1.0);
  return 0;
}

// One completion on its way through the table.
struct Judgement {
  Verdict verdict;
  double score = 0;
  bool over = false;
};

void take(Judgement& judgement, const RewardSpec& spec, bool decides, RewardResult result) {
  Verdict& verdict = judgement.verdict;
  if (!result.cannot_decide.empty()) {
    verdict.no_verdict = spec.name + ": " + result.cannot_decide;
    verdict.correct = false;
    judgement.over = true;
    return;
  }
  TRAM_CHECK(std::isfinite(result.share), "a reward must be a finite number", spec.name);
  double value = spec.weight * result.share;
  verdict.components.push_back({spec.name, value, std::move(result.evidence)});
  judgement.score += value;
  if (decides) verdict.correct = result.share >= 1;
  if (!result.failed_gate) return;
  judgement.score = 0;
  judgement.over = true;
}

}  // namespace

void add_reward(RewardKind kind) {
  if (find(kind.name) != nullptr)
    throw Error(Errc::bad_input, str("there is a reward '", kind.name, "' already"));
  TRAM_CHECK(kind.make != nullptr && kind.batch > 0, "a reward without a maker", kind.name);
  table().push_back(std::move(kind));
}

std::unique_ptr<Reward> make_function_reward(
    RewardFunction function, const RewardSpec& spec, const RewardOptions& options) {
  return std::make_unique<FunctionReward>(function, spec, options);
}

std::vector<std::string> RewardTable::kinds() {
  std::vector<std::string> out;
  for (const auto& kind : table()) out.push_back(kind.name);
  return out;
}

RewardTable::RewardTable(std::vector<RewardSpec> rewards, RewardOptions options) {
  if (rewards.empty())
    throw Error(Errc::bad_input, "no rewards: name at least one, like {format: 0.1, math: 0.9}");
  for (auto& spec : rewards) {
    const RewardKind* kind = find(spec.kind_or_name());
    if (kind == nullptr)
      throw Error(Errc::bad_input, unknown_name("reward", spec.kind_or_name(), kinds()));
    if (spec.batch == 0) spec.batch = kind->batch;
    auto reward = kind->make(spec, options);
    rows_.push_back({std::move(spec), std::move(reward)});
    if (rows_.back().spec.weight > rows_[deciding_].spec.weight) deciding_ = rows_.size() - 1;
  }
}

std::uint32_t RewardTable::batch() const {
  std::uint32_t batch = RewardKind().batch;
  for (const auto& row : rows_) batch = std::min(batch, row.spec.batch);
  return batch;
}

double RewardTable::seconds_at_most() const {
  double seconds = 0;
  for (const auto& row : rows_) seconds += batch() * seconds_for_one(row.spec);
  return seconds;
}

std::vector<Verdict> RewardTable::judge(std::span<const Completion> completions) {
  std::vector<Judgement> judgements(completions.size());
  std::vector<Completion> open(completions.begin(), completions.end());
  std::vector<std::size_t> places(completions.size());
  for (std::size_t i = 0; i < places.size(); ++i) places[i] = i;
  for (std::size_t r = 0; r < rows_.size() && !open.empty(); ++r) {
    Row& row = rows_[r];
    std::vector<RewardResult> results = row.reward->judge(open);
    TRAM_CHECK(results.size() == open.size(), "a reward left some without a result", row.spec.name);
    std::size_t left = 0;
    for (std::size_t i = 0; i < results.size(); ++i) {
      Judgement& judgement = judgements[places[i]];
      take(judgement, row.spec, r == deciding_, std::move(results[i]));
      if (judgement.over) continue;
      open[left] = open[i];
      places[left++] = places[i];
    }
    open.resize(left);
    places.resize(left);
  }
  std::vector<Verdict> verdicts;
  verdicts.reserve(judgements.size());
  for (auto& judgement : judgements) {
    if (judgement.verdict.no_verdict.empty()) judgement.verdict.score = judgement.score;
    verdicts.push_back(std::move(judgement.verdict));
  }
  return verdicts;
}

Verdict RewardTable::judge(const Completion& completion) {
  return std::move(judge(std::span(&completion, 1)).front());
}

}  // namespace tramontane
