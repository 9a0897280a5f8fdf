#pragma once
// What is said to a grader outside this program, and what it answers, as JSON:
//
//   request   {"items": [{"id": "17", "prompt": "…", "answer": "…", "completion": "…"}, …]}
//   reply     {"items": [{"id": "17", "score": 0.5, "evidence": "…"}, …]}
//             an item may have "no_verdict": "why" instead of a score
//
// Items may come back in another order. The id of a completion is the same in every attempt.
// Nothing of a reply is trusted: what is missing, malformed or out of bounds is no verdict.

#include "actors/rewards/reward.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tramontane {

// One line.
std::string grading_request(std::span<const Completion> completions);

// One result for each completion.
std::vector<RewardResult> read_grading(
    std::string_view reply, std::span<const Completion> completions);

// All of them without a verdict, for this reason.
std::vector<RewardResult> without_verdict(std::size_t count, const std::string& reason);

// A judge that is a language model, behind an endpoint of OpenAI's chat form.
std::string judge_request(
    std::string_view model, std::string_view prompt_template, const Completion& completion);

// Its words end with "SCORE: x", x from 0 to 1.
RewardResult read_judge(std::string_view reply);

}  // namespace tramontane
