// The `math` reward: extraction, comparison, and what it must not be fooled by.
#include "actors/rewards/maths/maths.h"
#include "actors/rewards/maths/process.h"
#include "actors/rewards/rewards.h"
#include "runtime/base/check.h"
#include "runtime/base/result.h"

#include <algorithm>
#include <chrono>
#include <list>

namespace tramontane {
namespace {

constexpr std::size_t golds_kept = 64;  // those of the groups at hand

class MathReward final : public Reward {
 public:
  MathReward(const RewardSpec& spec, const RewardOptions& options)
      : options_(options),
        client_({.command = {"/proc/self/exe", "serve-maths"},
            .deadline = std::chrono::milliseconds(static_cast<std::int64_t>(
                1000 * (spec.deadline > 0 ? spec.deadline : default_math_seconds)))}) {
    auto given = spec.of<MathOptions>();
    if (!parse_answer_form(given.answer, form_))
      throw Error(Errc::bad_input, "unknown form of an answer: '" + given.answer + "'");
    if (!parse_box_rule(given.boxes, boxes_))
      throw Error(Errc::bad_input, "boxes are 'last' or 'all', not '" + given.boxes + "'");
  }

  std::vector<RewardResult> judge(std::span<const Completion> completions) override {
    std::vector<RewardResult> results;
    results.reserve(completions.size());
    for (const auto& completion : completions) results.push_back(judge(completion));
    return results;
  }

  std::optional<std::string> answer(
      const Completion& completion, const ThinkingTags& tags) override {
    auto found = extract_answer(split_thinking(completion.text, tags).answer, form_, boxes_);
    return found.found && !found.text.empty() ? std::optional(found.text) : std::nullopt;
  }

  bool same_answer(const std::string& a, const std::string& b) override {
    return a == b || client_.compare(GoldAnswer(a, {}, ""), b).outcome == Outcome::equal;
  }

 private:
  RewardResult judge(const Completion& completion) {
    RewardResult result;
    Parts parts = split_thinking(completion.text, options_.tags);
    ExtractedAnswer answer = extract_answer(parts.answer, form_, boxes_);
    if (!answer.found) {
      result.evidence = answer.how;
      return result;
    }
    Comparison said = compare_with_golds(completion, answer.text);
    std::string evidence = str(answer.how, ": ", said.how);
    if (said.outcome == Outcome::undecided || said.outcome == Outcome::not_understood)
      result.cannot_decide = str(name(said.outcome), ": ", said.how);
    else
      result.share = said.outcome == Outcome::equal ? 1 : 0;
    result.evidence = std::move(evidence);
    return result;
  }

  // The first of the accepted answers that it equals; else what is said of the first that could not
  // be decided, or of the last.
  Comparison compare_with_golds(const Completion& completion, const std::string& answer) {
    std::optional<Comparison> open;
    Comparison said;
    for (const std::string& accepted : accepted_answers(completion.answer)) {
      Completion one = completion;
      one.answer = accepted;
      said = client_.compare(gold(one), answer);
      if (said.outcome == Outcome::equal) return said;
      if (said.outcome != Outcome::different && !open) open = said;
    }
    return open.value_or(said);
  }

  struct Gold {
    std::string answer;
    std::string question;  // an answer that only repeats a piece of it has solved nothing
    GoldAnswer parsed;
  };

  // Parsed once for the completions of a group.
  const GoldAnswer& gold(const Completion& completion) {
    auto found = std::find_if(golds_.begin(), golds_.end(), [&](const Gold& gold) {
      return gold.answer == completion.answer && gold.question == completion.prompt;
    });
    if (found != golds_.end()) {
      golds_.splice(golds_.begin(), golds_, found);
    } else {
      golds_.push_front({std::string(completion.answer), std::string(completion.prompt),
          GoldAnswer(completion.answer, {}, completion.prompt)});
      if (golds_.size() > golds_kept) golds_.pop_back();
    }
    return golds_.front().parsed;
  }

  RewardOptions options_;
  AnswerForm form_ = AnswerForm::automatic;
  BoxRule boxes_ = BoxRule::last;
  MathsClient client_;
  std::list<Gold> golds_;  // the latest first
};

class NumberReward final : public Reward {
 public:
  NumberReward(const RewardSpec& spec, const RewardOptions& options)
      : spec_(spec), options_(options) {}

  std::vector<RewardResult> judge(std::span<const Completion> completions) override {
    std::vector<RewardResult> results;
    for (const auto& completion : completions)
      results.push_back(reward_number(completion, spec_, options_));
    return results;
  }

  std::optional<std::string> answer(
      const Completion& completion, const ThinkingTags& tags) override {
    return number_answer(split_thinking(completion.text, tags).answer);
  }

 private:
  RewardSpec spec_;
  RewardOptions options_;
};

}  // namespace

std::unique_ptr<Reward> make_math_reward(const RewardSpec& spec, const RewardOptions& options) {
  if (spec.of<MathOptions>().answer == "number")
    return std::make_unique<NumberReward>(spec, options);
  return std::make_unique<MathReward>(spec, options);
}

}  // namespace tramontane
