#pragma once
// What the job graph says of its rewards: plain data. actors/job/job.capnp has the meaning, unit
// and default of every field.

#include <cstdint>
#include <string>
#include <vector>

namespace tramontane {

// What a verdict may take where `deadline` is not given.
inline constexpr double default_math_seconds = 5;
inline constexpr double default_command_seconds = 60;
inline constexpr double default_http_seconds = 120;
inline constexpr double compile_seconds = 10;

// What marks the thinking part of a completion.
struct ThinkingTags {
  std::string open = "<think>";
  std::string close = "</think>";

  bool operator==(const ThinkingTags&) const = default;
};

// Of all rewards of a job.
struct RewardOptions {
  ThinkingTags tags;
  std::uint32_t length_max = 0;    // tokens; the whole penalty from here on
  std::uint32_t length_cache = 0;  // the penalty begins length_max - length_cache
};

// One reward. A kind reads the fields that concern it.
struct RewardSpec {
  std::string name;
  double weight = 0;
  std::string kind = {};  // a row of the table; empty: the name

  // format
  std::string thinking = "optional";  // optional, required, none
  std::string requires_part = "any";  // any, boxed, code_block: of the answer

  // math
  std::string answer = "automatic";  // where the final answer is: AnswerForm by name
  double deadline = 0;               // seconds for one verdict; 0: the kind's own default

  // code
  std::string language = {};  // python, cpp; empty: what the code block says
  double test_seconds = 4;
  std::uint32_t test_megabytes = 300;
  std::uint32_t tests_max = 20;
  std::string sandbox = "full";  // the least that the sandbox must give: full, partial, none

  // language
  std::string model = {};   // a fastText model file; empty: the one that `./dev setup` trained
  std::string expect = {};  // the language wanted; empty: the problem's own

  // command, http
  std::vector<std::string> command = {};
  std::string url = {};
  std::uint32_t batch = 0;           // completions in one request; 0: the kind's own default
  std::string prompt_template = {};  // http: a judge's prompt, with {prompt} {answer} {completion}

  const std::string& kind_or_name() const { return kind.empty() ? name : kind; }
};

}  // namespace tramontane
