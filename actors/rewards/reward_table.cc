#include "actors/rewards/reward_table.h"

#include "runtime/base/check.h"
#include "runtime/base/names.h"
#include "runtime/base/result.h"

#include <algorithm>
#include <cmath>
#include <deque>

namespace tramontane {
namespace {

const RewardKind& kind_named(const std::vector<RewardKind>& kinds, const std::string& name) {
  for (const auto& kind : kinds)
    if (name == kind.name) return kind;
  throw Error(Errc::bad_input, unknown_name("reward", name, names_of(kinds)));
}

// What an embedding program's reward is given must be what it reads.
void check_own_options(const RewardKind& kind, const RewardSpec& spec) {
  const auto& known = kind.own_options;
  for (const auto& [name, value] : spec.of<OwnOptions>().values) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    if (known.empty())
      throw Error(Errc::bad_input,
          str("reward ", spec.name, ": '", name, "' is no option: ", kind.name, " has none"));
    throw Error(
        Errc::bad_input, str("reward ", spec.name, ": ", unknown_name("option", name, known)));
  }
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

// Completions as the rewards see them: with the opening tag in front where the prompt has it.
class Opened {
 public:
  Opened(std::span<const Completion> completions, const RewardOptions& options)
      : completions_(completions.begin(), completions.end()) {
    for (Completion& completion : completions_) {
      if (!prompt_opens_thinking(completion.prompt, options)) continue;
      texts_.push_back(options.tags.open + std::string(completion.text));
      completion.text = texts_.back();
    }
  }

  const std::vector<Completion>& completions() const { return completions_; }

 private:
  std::vector<Completion> completions_;
  std::deque<std::string> texts_;  // which completions look into
};

void penalise(Judgement& judgement) {
  if (judgement.score <= 0) return;
  judgement.verdict.components.push_back(
      {"overlong", -judgement.score, "it was cut off by max_tokens"});
  judgement.score = 0;
}

}  // namespace

std::vector<std::string> names_of(const std::vector<RewardKind>& kinds) {
  std::vector<std::string> out;
  for (const auto& kind : kinds) out.push_back(kind.name);
  return out;
}

void check_answer(const std::vector<RewardKind>& kinds, const std::vector<RewardSpec>& rewards,
    std::string_view answer) {
  for (const auto& spec : rewards) {
    auto named = [&](const RewardKind& kind) { return kind.name == spec.kind_or_name(); };
    auto kind = std::find_if(kinds.begin(), kinds.end(), named);
    if (kind == kinds.end() || kind->check_answer == nullptr) continue;
    try {
      kind->check_answer(answer);
    } catch (const Error& error) {
      throw Error(Errc::bad_input, str("reward ", spec.name, ": ", error.text()));
    }
  }
}

RewardTable::RewardTable(const std::vector<RewardKind>& kinds, std::vector<RewardSpec> rewards,
    const RewardOptions& options)
    : options_(options) {
  if (rewards.empty())
    throw Error(Errc::bad_input, "no rewards: name at least one, like {format: 0.1, math: 0.9}");
  for (auto& spec : rewards) {
    const RewardKind& kind = kind_named(kinds, spec.kind_or_name());
    TRAM_CHECK(kind.make != nullptr, "a reward without a maker", kind.name);
    TRAM_CHECK(kind.batch > 0, "a reward that judges nothing at a time", kind.name);
    check_own_options(kind, spec);
    if (spec.batch == 0) spec.batch = kind.batch;
    double seconds = spec.deadline > 0 ? spec.deadline : kind.seconds ? kind.seconds(spec) : 0;
    auto reward = kind.make(spec, options);
    rows_.push_back({std::move(spec), std::move(reward), seconds});
    if (rows_.back().spec.weight > rows_[deciding_].spec.weight) deciding_ = rows_.size() - 1;
  }
}

std::uint32_t RewardTable::batch() const {
  std::uint32_t batch = RewardKind().batch;
  for (const auto& row : rows_) batch = std::min(batch, row.spec.batch);
  return batch;
}

double RewardTable::seconds_at_most() const {
  // A request for several completions has one deadline, so this is at most.
  double seconds = 0;
  for (const auto& row : rows_) seconds += batch() * row.seconds;
  return seconds;
}

std::vector<std::optional<std::uint32_t>> RewardTable::ballots(
    std::span<const Completion> completions) {
  Opened opened(completions, options_);
  Reward& reward = *rows_[deciding_].reward;
  std::vector<std::string> answers;  // of each class, its first
  std::vector<std::optional<std::uint32_t>> result;
  for (const Completion& completion : opened.completions()) {
    auto answer = reward.answer(completion, options_.tags);
    if (!answer) {
      result.emplace_back();
      continue;
    }
    std::uint32_t at = 0;
    while (at < answers.size() && !reward.same_answer(answers[at], *answer)) ++at;
    if (at == answers.size()) answers.push_back(*answer);
    result.emplace_back(at);
  }
  return result;
}

std::vector<Verdict> RewardTable::judge(std::span<const Completion> completions) {
  std::vector<Judgement> judgements(completions.size());
  Opened opened(completions, options_);
  std::vector<Completion> open = opened.completions();
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
    if (judgement.verdict.no_verdict.empty()) {
      bool cut = completions[verdicts.size()].finish == Finish::length;
      if (options_.penalise_overlong && cut) penalise(judgement);
      judgement.verdict.score = judgement.score;
    }
    verdicts.push_back(std::move(judgement.verdict));
  }
  return verdicts;
}

Verdict RewardTable::judge(const Completion& completion) {
  return std::move(judge(std::span(&completion, 1)).front());
}

}  // namespace tramontane
