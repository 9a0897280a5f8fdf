#pragma once
// A reward looks at one finished completion and says what it is worth, with its evidence.
//
// The verifier of a job holds a RewardTable: the functions that the job graph names, with their
// weights, applied in order. A reward that is a gate (format) ends the judgement with score 0 when
// it fails. A reward that cannot decide says so, and the whole verdict is no_verdict: never a
// silent 0. Adding a reward: one file, one row in reward_table.cc.
//
// Pure functions: any thread.

#include "actors/types.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tramontane {

// What a reward may look at.
struct Completion {
  std::string_view prompt;
  std::string_view answer;  // the gold answer
  std::string_view text;    // the completion without its end token
  std::uint32_t tokens = 0;
  Finish finish = Finish::stop;
};

struct RewardOptions {
  std::uint32_t length_max = 0;    // tokens; the whole penalty from here on
  std::uint32_t length_cache = 0;  // the penalty begins length_max - length_cache
};

struct RewardResult {
  double share = 0;           // of the weight, usually 0..1; `length` gives -1..0
  bool failed_gate = false;   // ends the judgement with score 0
  std::string evidence;       // what was extracted, how it was compared
  std::string cannot_decide;  // not empty: no_verdict with this reason
};

using RewardFunction = RewardResult (*)(const Completion&, const RewardOptions&);

struct WeightedReward {
  std::string name;
  double weight = 0;
};

class RewardTable {
 public:
  // Throws Error(bad_input) naming an unknown reward and the nearest one there is.
  RewardTable(std::vector<WeightedReward> rewards, RewardOptions options);

  Verdict judge(const Completion& completion) const;

  static std::vector<std::string> names();
  static RewardFunction find(std::string_view name);  // null if there is none

 private:
  struct Row {
    WeightedReward reward;
    RewardFunction function;
  };

  std::vector<Row> rows_;
  RewardOptions options_;
};

// The thinking part and the answer part of a completion: `<think>T</think>A`, or A alone.
struct Parts {
  bool well_formed = false;  // at most one <think>…</think>, at the very start, then an answer
  bool thinks = false;
  std::string_view thinking;
  std::string_view answer;
};

Parts split_thinking(std::string_view text);

// Whether a completion begins to think.
bool begins_thinking(std::string_view text);

}  // namespace tramontane
