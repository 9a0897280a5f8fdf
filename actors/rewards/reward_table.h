#pragma once
// A RewardTable is the rewards that a job graph names, with their weights, applied in order. A
// reward that is a gate (format) ends the judgement with score 0 when it fails; one that cannot
// decide makes it no_verdict. The reward of the largest weight says whether the answer as such was
// correct.
//
//   RewardTable table(built_in_rewards(),
//       {{.name = "format", .weight = 0.1}, {.name = "math", .weight = 0.9}}, {});
//   Verdict verdict = table.judge({.prompt = …, .answer = "432", .text = "<think>…</think>432"});
//
// Thread rule: one thread at a time.

#include "actors/rewards/reward.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tramontane {

// The names of the kinds, in order.
std::vector<std::string> names_of(const std::vector<RewardKind>& kinds);

// Throws Error(bad_input) where one of the rewards can judge nothing by this gold answer: tests of
// the reward code that are no tests. A kind that is not known has no say. For data as it is loaded;
// while a job runs that is no verdict.
void check_answer(const std::vector<RewardKind>& kinds, const std::vector<RewardSpec>& rewards,
    std::string_view answer);

class RewardTable {
 public:
  // Throws Error(bad_input) naming an unknown kind and the nearest one there is, or an option that
  // makes no sense.
  RewardTable(const std::vector<RewardKind>& kinds, std::vector<RewardSpec> rewards,
      const RewardOptions& options);

  std::vector<Verdict> judge(std::span<const Completion> completions);
  Verdict judge(const Completion& completion);

  // How completions of one problem vote: which of them give the same answer by the reward of the
  // largest weight, as numbers of classes in the order of their first members. Nothing for one
  // whose answer cannot be read.
  std::vector<std::optional<std::uint32_t>> ballots(std::span<const Completion> completions);

  // How many completions are best judged together: many where a verdict takes microseconds.
  std::uint32_t batch() const;

  // How long judge() may take for a batch, if everything is as late as its deadlines allow.
  double seconds_at_most() const;

 private:
  struct Row {
    RewardSpec spec;
    std::unique_ptr<Reward> reward;
    double seconds = 0;  // of one verdict, at most
  };

  std::vector<Row> rows_;
  std::size_t deciding_ = 0;  // the row that says what is correct
  RewardOptions options_;
};

}  // namespace tramontane
