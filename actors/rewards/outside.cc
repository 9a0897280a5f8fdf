#include "actors/rewards/outside.h"

#include "runtime/base/check.h"
#include "runtime/base/json_text.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>

namespace tramontane {
namespace {

namespace json = boost::json;

constexpr std::size_t evidence_max = 2000;

std::string text_of(const json::object& object, const char* key) {
  const auto* value = object.if_contains(key);
  if (value == nullptr || !value->is_string()) return {};
  return std::string(value->get_string()).substr(0, evidence_max);
}

RewardResult undecided(std::string why) {
  RewardResult result;
  result.cannot_decide = std::move(why);
  return result;
}

RewardResult read_item(const json::object& item) {
  if (std::string why = text_of(item, "no_verdict"); !why.empty()) return undecided(why);
  const auto* score = item.if_contains("score");
  if (score == nullptr || !score->is_number()) return undecided("the reply has no score");
  RewardResult result;
  result.share = score->to_number<double>();
  if (!std::isfinite(result.share) || std::abs(result.share) > 1)
    return undecided(str("a score of ", result.share, "; scores go from -1 to 1"));
  result.evidence = text_of(item, "evidence");
  return result;
}

// The text with every {name} of a completion in place. What is put in is not looked at again.
std::string filled(std::string_view text, const Completion& completion) {
  const std::pair<std::string_view, std::string_view> names[] = {{"{prompt}", completion.prompt},
      {"{answer}", completion.answer}, {"{completion}", completion.text}};
  std::string out;
  while (!text.empty()) {
    auto found = std::find_if(std::begin(names), std::end(names),
        [&](const auto& name) { return text.starts_with(name.first); });
    if (found == std::end(names)) {
      out += text.front();
      text.remove_prefix(1);
    } else {
      out += found->second;
      text.remove_prefix(found->first.size());
    }
  }
  return out;
}

}  // namespace

std::string grading_request(std::span<const Completion> completions) {
  json::array items;
  for (const auto& completion : completions) {
    json::object item;
    item["id"] = std::to_string(completion.id);
    item["prompt"] = completion.prompt;
    item["answer"] = completion.answer;
    item["completion"] = completion.text;
    items.push_back(std::move(item));
  }
  json::object request;
  request["items"] = std::move(items);
  return json_text(request);
}

std::vector<RewardResult> without_verdict(std::size_t count, const std::string& reason) {
  return std::vector<RewardResult>(count, undecided(reason));
}

std::vector<RewardResult> read_grading(
    std::string_view reply, std::span<const Completion> completions) {
  boost::system::error_code error;
  json::value value = json::parse(reply, error);
  const auto* object = error ? nullptr : value.if_object();
  const auto* items = object == nullptr ? nullptr : object->if_contains("items");
  if (items == nullptr || !items->is_array())
    return without_verdict(completions.size(),
        str("the reply is not of the form {\"items\": […]}: ", reply.substr(0, 80)));
  std::map<std::string, const json::object*, std::less<>> by_id;
  for (const auto& item : items->get_array())
    if (const auto* fields = item.if_object()) by_id.emplace(text_of(*fields, "id"), fields);
  std::vector<RewardResult> results;
  for (const auto& completion : completions) {
    auto found = by_id.find(std::to_string(completion.id));
    results.push_back(found == by_id.end() ? undecided(str("the reply has no item ", completion.id))
                                           : read_item(*found->second));
  }
  return results;
}

std::string judge_request(
    std::string_view model, std::string_view prompt_template, const Completion& completion) {
  json::object message;
  message["role"] = "user";
  message["content"] = filled(prompt_template, completion);
  json::array messages;
  messages.push_back(std::move(message));
  json::object request;
  if (!model.empty()) request["model"] = model;
  request["messages"] = std::move(messages);
  request["temperature"] = 0;
  return json_text(request);
}

RewardResult read_judge(std::string_view reply) {
  boost::system::error_code error;
  json::value value = json::parse(reply, error);
  const json::value* content =
      error ? nullptr : value.find_pointer("/choices/0/message/content", error);
  if (content == nullptr || !content->is_string())
    return undecided(
        str("the judge's reply has no choices[0].message.content: ", reply.substr(0, 80)));
  std::string words(content->get_string());
  auto at = words.rfind("SCORE:");
  if (at == std::string::npos) return undecided("the judge gave no \"SCORE: x\"");
  std::size_t begin = words.find_first_not_of(" *", at + 6);
  double score = -1;
  if (begin == std::string::npos ||
      std::from_chars(words.data() + begin, words.data() + words.size(), score).ec != std::errc{} ||
      !(score >= 0 && score <= 1))
    return undecided("the judge's score is not a number from 0 to 1");
  RewardResult result;
  result.share = score;
  result.evidence = words.substr(0, evidence_max);
  return result;
}

}  // namespace tramontane
