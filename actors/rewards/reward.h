#pragma once
// A Reward looks at finished completions and says what each is worth, with its evidence. One that
// cannot decide says so, and the whole verdict is no_verdict: never a silent 0.
//
// To add a reward that is a function of one completion: one file, one row in rewards.cc. One that
// keeps a process or a connection: a class of its own with a maker in that row. A program that
// embeds the runtime hands its own kinds to tram_main() (examples/own_reward.cc):
//
//   RewardResult brevity(const Completion&, const RewardSpec&, const RewardOptions&);
//   tram_main(argc, argv, {.rewards = {{.name = "brevity", .make = reward_of<brevity>}}});
//
// reward_table.h applies the rewards of a job; rewards.h lists the built-in ones.
//
// Thread rule: a Reward belongs to one thread at a time; functions are pure.

#include "actors/messages/types.h"
#include "actors/rewards/reward_spec.h"

#include <cstdint>
#include <memory>
#include <optional>
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

  // For votes among completions of one problem: what this reward takes for a completion's answer
  // (nothing if it finds none), and whether two such are the same answer. The default takes all of
  // the answer part, as text.
  virtual std::optional<std::string> answer(const Completion& completion, const ThinkingTags& tags);

  virtual bool same_answer(const std::string& a, const std::string& b) { return a == b; }
};

using RewardFunction = RewardResult (*)(const Completion&, const RewardSpec&, const RewardOptions&);
// Throws Error(bad_input) where an option makes no sense.
using RewardMaker = std::unique_ptr<Reward> (*)(const RewardSpec&, const RewardOptions&);
using RewardSeconds = double (*)(const RewardSpec&);
// Throws Error(bad_input) that says why a gold answer makes no sense, whatever the completion.
using AnswerCheck = void (*)(std::string_view answer);

// A kind of reward that a job graph can name. A value: tables of kinds are handed on.
struct RewardKind {
  std::string name;
  RewardMaker make = nullptr;
  std::uint32_t batch = 64;  // completions that are best judged together: 1 if a verdict is slow
  // What one verdict may take where the job graph gives no deadline; null: no time worth counting.
  RewardSeconds seconds = nullptr;
  // Names of what an embedding program's kind reads of OwnOptions; any other is refused.
  std::vector<std::string> own_options = {};
  // Of data as it is loaded; null: what cannot be read is found where it is judged.
  AnswerCheck check_answer = nullptr;
};

// A maker of a function's reward.
std::unique_ptr<Reward> make_function_reward(
    RewardFunction function, const RewardSpec& spec, const RewardOptions& options);

template <RewardFunction function>
std::unique_ptr<Reward> reward_of(const RewardSpec& spec, const RewardOptions& options) {
  return make_function_reward(function, spec, options);
}

// The thinking part and the answer part of a completion: `<think>T</think>A`, or A alone. In any
// other form the answer is what follows the last closing tag, and nothing where a tag stays open.
struct Parts {
  bool well_formed = false;  // at most one <think>…</think>, at the very start, then an answer
  bool thinks = false;
  std::string_view thinking;
  std::string_view answer;
};

Parts split_thinking(std::string_view text, const ThinkingTags& tags = {});

// The gold answers of a problem: the texts of a JSON list of texts, of which each is accepted; else
// the answer itself.
std::vector<std::string> accepted_answers(std::string_view answer);

// Whether a completion begins to think.
bool begins_thinking(std::string_view text, const ThinkingTags& tags = {});

// Whether the prompt has opened the thinking part already, by its form or because it ends so: then
// the completion is judged with the opening tag in front.
bool prompt_opens_thinking(std::string_view prompt, const RewardOptions& options);

}  // namespace tramontane
