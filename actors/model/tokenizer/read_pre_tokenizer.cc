// Reads the 'pre_tokenizer' of tokenizer.json.
#include "actors/model/tokenizer/byte_level.h"
#include "actors/model/tokenizer/json_fields.h"
#include "actors/model/tokenizer/pre_tokenizer.h"
#include "actors/model/tokenizer/unicode.h"
#include "runtime/base/check.h"

#include <boost/json.hpp>

namespace tramontane {

namespace json = boost::json;

void PreTokenizer::parse(const json::value& value) {
  detail::each_of(
      value, "pretokenizers", "pre_tokenizer", [&](const json::value& part) { parse_one(part); });
}

PreTokenizer::Behavior PreTokenizer::behavior_of(const std::string& name) {
  constexpr std::pair<std::string_view, Behavior> behaviors[] = {{"Removed", Behavior::removed},
      {"Isolated", Behavior::isolated}, {"MergedWithPrevious", Behavior::with_previous},
      {"MergedWithNext", Behavior::with_next}, {"Contiguous", Behavior::contiguous}};
  for (const auto& [known, behavior] : behaviors)
    if (name == known) return behavior;
  detail::refuse(Errc::unsupported,
      str("behavior '", name,
          "' is not supported; supported are Removed, Isolated, MergedWithPrevious, "
          "MergedWithNext and Contiguous"));
}

PreTokenizer::Step PreTokenizer::split_step(const json::object& fields) {
  Step step{.kind = Kind::split};
  step.behavior =
      behavior_of(detail::string_of(detail::find(fields, "behavior"), "the behavior of a Split"));
  step.invert = detail::is_true(fields, "invert");
  step.pattern = detail::pattern_of(fields, "a Split");
  return step;
}

PreTokenizer::Step PreTokenizer::metaspace_step(const json::object& fields) {
  Step step{.kind = Kind::metaspace, .behavior = Behavior::with_next};
  step.replacement = detail::string_or(fields, "replacement", "\u2581");
  if (step.replacement.empty() || character_bytes(step.replacement, 0) != step.replacement.size())
    detail::refuse(Errc::bad_input, "a Metaspace's replacement is not one character");
  std::string scheme = detail::string_or(fields, "prepend_scheme", "always");
  if (scheme != "always" && scheme != "first" && scheme != "never")
    detail::refuse(
        Errc::unsupported, str("a Metaspace's prepend_scheme '", scheme,
                               "' is not supported; supported are always, first and never"));
  // The older spelling; where both are there, they must say the same.
  bool adds = detail::flag_of(fields, "add_prefix_space", scheme != "never");
  if (!adds && detail::find(fields, "prepend_scheme") != nullptr && scheme != "never")
    detail::refuse(
        Errc::bad_input, str("a Metaspace has add_prefix_space false and prepend_scheme '", scheme,
                             "', which contradict each other"));
  if (!adds) scheme = "never";
  step.prepend = scheme == "always"  ? Prepend::always
                 : scheme == "first" ? Prepend::first
                                     : Prepend::never;
  step.split = detail::flag_of(fields, "split", true);
  step.pattern.emplace(step.replacement, true);
  return step;
}

void PreTokenizer::parse_one(const json::value& value) {
  std::string type = detail::type_of(value, "pre_tokenizer");
  const json::object& fields = value.as_object();
  if (type == "Split") {
    steps_.push_back(split_step(fields));
  } else if (type == "ByteLevel") {
    Step step{.kind = Kind::byte_level};
    if (detail::flag_of(fields, "use_regex", true)) step.pattern.emplace(word_pattern);
    if (detail::flag_of(fields, "add_prefix_space", false)) step.prepend = Prepend::always;
    steps_.push_back(std::move(step));
    writes_bytes_ = true;
  } else if (type == "Metaspace") {
    steps_.push_back(metaspace_step(fields));
  } else if (type == "Digits") {
    bool each = detail::is_true(fields, "individual_digits");
    steps_.push_back(
        {.kind = Kind::digits, .behavior = each ? Behavior::isolated : Behavior::contiguous});
  } else if (type == "Punctuation") {
    steps_.push_back({.kind = Kind::punctuation,
        .behavior = behavior_of(detail::string_or(fields, "behavior", "Isolated"))});
  } else if (type == "Whitespace") {
    steps_.push_back({.kind = Kind::whitespace, .behavior = Behavior::removed});
  } else if (type == "WhitespaceSplit") {
    steps_.push_back({.kind = Kind::whitespace_split, .behavior = Behavior::removed});
  } else if (type == "CharDelimiterSplit") {
    std::string sign = detail::string_of(detail::find(fields, "delimiter"), "a delimiter");
    if (sign.empty()) detail::refuse(Errc::bad_input, "a delimiter is empty");
    Step step{.kind = Kind::split, .behavior = Behavior::removed};
    step.pattern.emplace(sign, true);
    steps_.push_back(std::move(step));
  } else {
    detail::refuse(Errc::unsupported,
        str("pre_tokenizer '", type,
            "' is not supported; supported are none, Split, ByteLevel, Metaspace, Digits, "
            "Punctuation, Whitespace, WhitespaceSplit, CharDelimiterSplit and a Sequence of them"));
  }
}

}  // namespace tramontane
