#include "actors/rewards/code/judge.h"
#include "actors/rewards/rewards.h"
#include "runtime/base/check.h"
#include "runtime/base/result.h"

#include <list>
#include <memory>
#include <string>

namespace tramontane {
namespace {

using code::CodeJudge;
using code::CodeVerdict;
using code::Language;
using code::Problem;
using code::TestVerdict;

code::JudgeOptions judge_options(const CodeOptions& spec) {
  return {.sandbox = {.floor = sandbox::level_of(spec.sandbox)},
      .test_seconds = spec.test_seconds,
      .test_megabytes = spec.test_megabytes,
      .tests_max = spec.tests_max};
}

class CodeReward final : public Reward {
 public:
  CodeReward(const RewardSpec& spec, const RewardOptions& options)
      : CodeReward(spec, spec.of<CodeOptions>(), options) {}

  CodeReward(const RewardSpec& spec, const CodeOptions& code, const RewardOptions& options)
      : language_(code::language_of(code.language)),
        options_(options),
        judge_(judge_options(code)) {
    if (!code.language.empty() && language_ == Language::none)
      throw Error(Errc::bad_input, str("reward ", spec.name, ": unknown language '", code.language,
                                       "'; there are: python, cpp"));
    if (!(code.test_seconds > 0 && code.test_seconds <= 3600) || code.test_megabytes == 0)
      throw Error(
          Errc::bad_input, str("reward ", spec.name,
                               ": a test needs more than 0 and at most 3600 seconds, and memory"));
  }

  std::vector<RewardResult> judge(std::span<const Completion> completions) override {
    std::vector<RewardResult> results;
    for (const auto& completion : completions) results.push_back(judge_one(completion));
    return results;
  }

 private:
  // Of the block's own word, the tests', the job's, or of what it looks like.
  Language language_of_block(const code::CodeBlock& block, const Problem& problem) const {
    if (Language said = code::language_of(block.word); said != Language::none) return said;
    if (problem.language() != Language::none) return problem.language();
    if (language_ != Language::none) return language_;
    return block.code.find("#include") != std::string::npos ? Language::cpp : Language::python;
  }

  // The same tests come with each completion of a group.
  const Problem& problem_of(std::string_view answer) {
    if (problem_text_ != answer || !problem_) {
      problem_.reset();
      problem_ = std::make_unique<Problem>(code::parse_problem(answer));
      problem_text_ = answer;
    }
    return *problem_;
  }

  RewardResult judge_one(const Completion& completion) {
    RewardResult result;
    try {
      judge_with(problem_of(completion.answer), completion, result);
    } catch (const Error& error) {
      result.cannot_decide = error.text();
    }
    return result;
  }

  void judge_with(const Problem& problem, const Completion& completion, RewardResult& result) {
    auto blocks = code::code_blocks(split_thinking(completion.text, options_.tags).answer);
    Language wanted = problem.language() == Language::none ? language_ : problem.language();
    const code::CodeBlock* block = code::program_among(blocks, wanted);
    if (block == nullptr) {
      result.evidence =
          blocks.empty() ? "no fenced code block in the answer"
                         : str("no fenced code block of the answer holds a program; the last is '",
                               blocks.back().word, "'");
      return;
    }
    Language language = language_of_block(*block, problem);
    if (wanted != Language::none && language != wanted) {
      result.evidence = str("the code block is ", name(language), "; asked for is ", name(wanted));
      return;
    }
    CodeVerdict verdict = judge_.judge(problem, language, block->code);
    if (verdict.verdict == TestVerdict::no_verdict) {
      result.cannot_decide = verdict.detail;
      return;
    }
    result.share = verdict.verdict == TestVerdict::passed ? 1 : 0;
    result.evidence =
        str(name(language), ", ", verdict.passed, " of ", verdict.total, " tests passed");
    if (verdict.left_out > 0)
      result.evidence += str("; ", verdict.left_out, " more are beyond tests_max and were not run");
    if (result.share == 0)
      result.evidence += str("; test ", verdict.passed + 1, ": ", name(verdict.verdict),
          verdict.detail.empty() ? "" : ", ", verdict.detail);
  }

  Language language_;
  RewardOptions options_;
  CodeJudge judge_;
  std::string problem_text_;
  std::unique_ptr<Problem> problem_;
};

}  // namespace

void check_code_tests(std::string_view answer) {
  // Data may have problems of several kinds: a number is another reward's answer.
  auto first = answer.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos || (answer[first] != '{' && answer[first] != '[')) return;
  static_cast<void>(code::parse_problem(answer));
}

std::unique_ptr<Reward> make_code_reward(const RewardSpec& spec, const RewardOptions& options) {
  return std::make_unique<CodeReward>(spec, options);
}

}  // namespace tramontane
