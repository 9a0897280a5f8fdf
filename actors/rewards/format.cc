#include "actors/rewards/maths/boxes.h"
#include "actors/rewards/rewards.h"

namespace tramontane {
namespace {

// As rfind, but it skips from one candidate to the next as find does.
std::size_t last(std::string_view text, std::string_view part) {
  std::size_t found = text.npos;
  for (auto at = text.find(part); at != text.npos; at = text.find(part, at + 1)) found = at;
  return found;
}

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// A fenced block whose first line names a language, and that is closed.
bool has_code_block(std::string_view text) {
  constexpr std::string_view fence = "```";
  auto open = text.find(fence);
  while (open != std::string_view::npos) {
    auto close = text.find(fence, open + fence.size());
    if (close == std::string_view::npos) return false;
    if (is_letter(text[open + fence.size()])) return true;
    open = text.find(fence, close + fence.size());
  }
  return false;
}

// Empty if the completion is of the form that the spec wants; else what is wrong with it.
std::string wrong_form(const Parts& parts, const FormatOptions& spec, const ThinkingTags& tags) {
  if (!parts.well_formed)
    return "not of the form " + tags.open + "…" + tags.close + "answer, or answer alone";
  if (spec.thinking == "required" && !parts.thinks) return "does not think";
  if (spec.thinking == "none" && parts.thinks) return "thinks";
  if (spec.requires_part == "boxed" && maths::find_boxes(parts.answer).closed.empty())
    return "the answer has no \\boxed{…} that closes";
  if (spec.requires_part == "code_block" && !has_code_block(parts.answer))
    return "the answer has no fenced code block that names its language";
  return {};
}

}  // namespace

bool begins_thinking(std::string_view text, const ThinkingTags& tags) {
  return text.starts_with(tags.open);
}

bool prompt_opens_thinking(std::string_view prompt, const RewardOptions& options) {
  if (options.think_first) return true;
  while (!prompt.empty() && (prompt.back() == ' ' || prompt.back() == '\n'))
    prompt.remove_suffix(1);
  return prompt.ends_with(options.tags.open);
}

Parts split_thinking(std::string_view text, const ThinkingTags& tags) {
  Parts parts;
  auto opened = last(text, tags.open);
  auto closed = last(text, tags.close);
  if (opened == text.npos && closed == text.npos) {
    parts.answer = text;
    parts.well_formed = !text.empty();
    return parts;
  }
  // Whatever stands before the last closing tag is thought: the opening tag may be the prompt's, or
  // words may precede it. What follows an opening tag that never closes is thought too.
  bool thinks_on = opened != text.npos && (closed == text.npos || opened > closed);
  if (!thinks_on) parts.answer = text.substr(closed + tags.close.size());
  parts.thinks = begins_thinking(text, tags);
  bool once = opened == 0 && closed != text.npos && text.find(tags.close) == closed;
  if (!parts.thinks || !once) return parts;
  parts.thinking = text.substr(tags.open.size(), closed - tags.open.size());
  parts.well_formed = !parts.answer.empty();
  return parts;
}

RewardResult reward_format(
    const Completion& completion, const RewardSpec& spec, const RewardOptions& options) {
  RewardResult result;
  Parts parts = split_thinking(completion.text, options.tags);
  if (completion.finish != Finish::stop) {
    result.evidence = "cut off at the length limit";
  } else if (auto wrong = wrong_form(parts, spec.of<FormatOptions>(), options.tags);
             !wrong.empty()) {
    result.evidence = wrong;
  } else {
    result.share = 1;
    result.evidence = parts.thinks ? "thinks, then answers" : "answers at once";
  }
  result.failed_gate = result.share == 0;
  return result;
}

}  // namespace tramontane
