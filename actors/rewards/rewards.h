#pragma once
// The built-in rewards; see reward.h for what they are given and give.

#include "actors/rewards/reward.h"

#include <string>
#include <vector>

namespace tramontane {

// What a verdict may take where no deadline is given.
inline constexpr double default_math_seconds = 5;
inline constexpr double default_command_seconds = 60;
inline constexpr double default_http_seconds = 120;

// Every kind there is.
std::vector<RewardKind> built_in_rewards();

// These and an embedding program's own after them. Throws Error(bad_input) if a name is taken.
std::vector<RewardKind> built_in_rewards_and(const std::vector<RewardKind>& own);

// A gate: whole if the completion ended by itself and is well formed: an answer, at most one
// thinking part before it (or exactly one, or none: FormatOptions::thinking), the answer with a
// \boxed{} or a fenced code block that names its language where the spec requires one. Magistral
// (arXiv:2506.10910, section 2.2): else 0 and stop.
RewardResult reward_format(
    const Completion& completion, const RewardSpec& spec, const RewardOptions& options);

// Whole if the answer is the same number as the gold answer, exactly: integers of any length,
// decimals; signs, leading and trailing zeros and thousands commas do not matter.
RewardResult reward_number(
    const Completion& completion, const RewardSpec& spec, const RewardOptions& options);
// The number that an answer part is, as text that is unique for its value; nothing if it is none.
std::optional<std::string> number_answer(std::string_view answer);

// Whole if the answer is mathematically the gold answer (maths/maths.h); `answer: number` is
// reward_number. The symbolic stage runs in a child process, which is started when first needed.
std::unique_ptr<Reward> make_math_reward(const RewardSpec& spec, const RewardOptions& options);

// What a program of the user's own says that speaks JSON lines (outside.h). It is kept running,
// and started again where it fails or is late.
std::unique_ptr<Reward> make_command_reward(const RewardSpec& spec, const RewardOptions& options);

// What an HTTP endpoint says: the same JSON, or with a template a language model as judge. What
// fails is sent again with the same ids while the deadline lasts.
std::unique_ptr<Reward> make_http_reward(const RewardSpec& spec, const RewardOptions& options);

// Whole if the code in the answer's last fenced block passes the problem's tests (code/problem.h
// has their forms), in a sandbox (sandbox/sandbox.h), whose processes start when first needed.
std::unique_ptr<Reward> make_code_reward(const RewardSpec& spec, const RewardOptions& options);
// Throws Error(bad_input) that says what is wrong with a problem's tests. An answer that is neither
// object nor list is another reward's.
void check_code_tests(std::string_view answer);

// The soft length penalty: 0 up to length_max - length_cache tokens, falling to -1 (times its
// weight) at length_max and beyond. Error if length_cache is the larger.
RewardResult reward_length(
    const Completion& completion, const RewardSpec& spec, const RewardOptions& options);
std::unique_ptr<Reward> make_length_reward(const RewardSpec& spec, const RewardOptions& options);

// Whole if problem, thinking and answer, without code and maths, are in one language: Magistral
// (arXiv:2506.10910, section 2.2.2). LanguageOptions::expect names the language instead of the
// problem. What is too short to tell never counts against a completion. The model is found when the
// reward is made (Error if there is none), and loaded when it first judges.
std::unique_ptr<Reward> make_language_reward(const RewardSpec& spec, const RewardOptions& options);

// For help: the languages that the reward `language` knows, with the model of `./dev setup`, in
// lines of 80 columns. Nothing is opened.
std::string known_languages();

}  // namespace tramontane
