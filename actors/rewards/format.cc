#include "actors/rewards/rewards.h"

namespace tramontane {
namespace {

constexpr std::string_view open_tag = "<think>";
constexpr std::string_view close_tag = "</think>";

std::size_t count(std::string_view text, std::string_view part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != std::string_view::npos;
       at = text.find(part, at + part.size()))
    ++found;
  return found;
}

}  // namespace

bool begins_thinking(std::string_view text) {
  return text.starts_with(open_tag);
}

Parts split_thinking(std::string_view text) {
  Parts parts;
  std::size_t opens = count(text, open_tag);
  std::size_t closes = count(text, close_tag);
  if (opens == 0 && closes == 0) {
    parts.answer = text;
    parts.well_formed = !text.empty();
    return parts;
  }
  parts.thinks = begins_thinking(text);
  auto end = text.find(close_tag);
  if (!parts.thinks || opens != 1 || closes != 1) return parts;
  parts.thinking = text.substr(open_tag.size(), end - open_tag.size());
  parts.answer = text.substr(end + close_tag.size());
  parts.well_formed = !parts.answer.empty();
  return parts;
}

RewardResult reward_format(const Completion& completion, const RewardOptions&) {
  RewardResult result;
  if (completion.finish != Finish::stop) {
    result.evidence = "cut off at the length limit";
  } else if (Parts parts = split_thinking(completion.text); !parts.well_formed) {
    result.evidence = "not of the form <think>…</think>answer, or answer alone";
  } else {
    result.share = 1;
    result.evidence = parts.thinks ? "thinks, then answers" : "answers at once";
  }
  result.failed_gate = result.share == 0;
  return result;
}

}  // namespace tramontane
