#pragma once
// A Reward looks at finished completions and says what each is worth, with its evidence.
//
// The verifier of a job holds a RewardTable: the rewards that the job graph names, with their
// weights, applied in order. A reward that is a gate (format) ends the judgement with score 0 when
// it fails. A reward that cannot decide says so, and the whole verdict is no_verdict: never a
// silent 0. The reward of the largest weight says whether the answer as such was correct.
//
//   RewardTable table({{.name = "format", .weight = 0.1}, {.name = "math", .weight = 0.9}}, {});
//   Verdict verdict = table.judge({.prompt = …, .answer = "432", .text = "<think>…</think>432"});
//
// To add a reward that is a function of one completion: one file, one row in reward_table.cc. One
// that keeps a process or a connection: a class of its own with a maker in that row. A program that
// embeds the runtime gives its own to add_reward() (examples/own_reward.cc).
//
// Thread rule: a RewardTable belongs to one thread at a time; functions are pure.

#include "actors/messages/types.h"
#include "actors/rewards/reward_spec.h"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tramontane {

// What a reward may look at.
struct Completion {
  std::string_view prompt;
  std::string_view answer;  // the gold answer, or the tests of a code problem (JSON)
  std::string_view text;    // the completion without its end token
  std::uint32_t tokens = 0;
  Finish finish = Finish::stop;
  std::uint64_t id = 0;  // of the rollout: the same in every attempt
};

struct RewardResult {
  double share = 0;           // of the weight, usually 0..1; `length` gives -1..0
  bool failed_gate = false;   // ends the judgement with score 0
  std::string evidence;       // what was extracted, how it was compared
  std::string cannot_decide;  // not empty: no_verdict with this reason
};

class Reward {
 public:
  virtual ~Reward() = default;

  // One result for each completion, in order. May block, as long as its own deadlines say.
  virtual std::vector<RewardResult> judge(std::span<const Completion> completions) = 0;
};

using RewardFunction = RewardResult (*)(const Completion&, const RewardSpec&, const RewardOptions&);
using RewardMaker = std::unique_ptr<Reward> (*)(const RewardSpec&, const RewardOptions&);

// A kind of reward that a job graph can name.
struct RewardKind {
  std::string name;
  RewardMaker make = nullptr;
  std::uint32_t batch = 64;  // completions that are best judged together: 1 if a verdict is slow
};

// Makes the kind known to every RewardTable made afterwards. To be called from main() before
// anything else. Throws Error(bad_input) if the name is taken.
void add_reward(RewardKind kind);

// A maker of a function's reward: add_reward({"brevity", reward_of<brevity>}).
std::unique_ptr<Reward> make_function_reward(
    RewardFunction function, const RewardSpec& spec, const RewardOptions& options);

template <RewardFunction function>
std::unique_ptr<Reward> reward_of(const RewardSpec& spec, const RewardOptions& options) {
  return make_function_reward(function, spec, options);
}

class RewardTable {
 public:
  // Throws Error(bad_input) naming an unknown kind and the nearest one there is, or an option that
  // makes no sense.
  RewardTable(std::vector<RewardSpec> rewards, RewardOptions options);

  std::vector<Verdict> judge(std::span<const Completion> completions);
  Verdict judge(const Completion& completion);

  // How many completions are best judged together: many where a verdict takes microseconds.
  std::uint32_t batch() const;

  // How long judge() may take for a batch, if everything is as late as its deadlines allow.
  double seconds_at_most() const;

  // Every kind there is, in the order of the table.
  static std::vector<std::string> kinds();

 private:
  struct Row {
    RewardSpec spec;
    std::unique_ptr<Reward> reward;
  };

  std::vector<Row> rows_;
  std::size_t deciding_ = 0;  // the row that says what is correct
};

// The thinking part and the answer part of a completion: `<think>T</think>A`, or A alone.
struct Parts {
  bool well_formed = false;  // at most one <think>…</think>, at the very start, then an answer
  bool thinks = false;
  std::string_view thinking;
  std::string_view answer;
};

Parts split_thinking(std::string_view text, const ThinkingTags& tags = {});

// Whether a completion begins to think.
bool begins_thinking(std::string_view text, const ThinkingTags& tags = {});

}  // namespace tramontane
