#pragma once
// What the job graph says of its rewards: plain data. What all rewards have, and for each kind a
// struct of its own options. actors/job/job.capnp has the meaning, unit and default of every field.

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

namespace tramontane {

struct FormatOptions {
  std::string thinking = "optional";  // optional, required, none
  std::string requires_part = "any";  // any, boxed, code_block: of the answer
};

struct MathOptions {
  std::string answer = "automatic";  // where the final answer is: AnswerForm by name
  std::string boxes = "last";        // which boxes count: BoxRule by name
};

struct CodeOptions {
  std::string language = {};  // python, cpp; empty: what the code block says
  double test_seconds = 4;
  std::uint32_t test_megabytes = 300;
  std::uint32_t tests_max = 20;
  std::string sandbox = "full";  // the least that the sandbox must give: full, partial, none
};

struct LengthOptions {
  std::uint32_t length_max = 0;    // tokens; the whole penalty from here on
  std::uint32_t length_cache = 0;  // the penalty begins length_max - length_cache
};

struct LanguageOptions {
  std::string model = {};   // a fastText model file; empty: the one that `./dev setup` trained
  std::string expect = {};  // the language wanted; empty: the problem's own
  double undetermined = 0;  // what a text is worth whose language is not known, 0..1
};

struct CommandOptions {
  std::vector<std::string> command = {};
};

struct HttpOptions {
  std::string url = {};
  std::string model = {};            // the judge's name
  std::string prompt_template = {};  // a judge's prompt, with {prompt} {answer} {completion}
};

// Of a kind that an embedding program brought: as the job graph has them.
struct OwnOptions {
  std::map<std::string, std::string> values = {};
};

using KindOptions = std::variant<std::monostate, FormatOptions, MathOptions, CodeOptions,
    LengthOptions, LanguageOptions, CommandOptions, HttpOptions, OwnOptions>;

// One reward.
struct RewardSpec {
  std::string name;
  double weight = 0;
  std::string kind = {};    // a row of the table; empty: the name
  double deadline = 0;      // seconds for one verdict; 0: the kind's own default
  std::uint32_t batch = 0;  // completions in one request; 0: the kind's own default
  KindOptions options = {};

  const std::string& kind_or_name() const { return kind.empty() ? name : kind; }

  // The options of the kind; its defaults where none were given.
  template <class Options>
  Options of() const {
    const auto* given = std::get_if<Options>(&options);
    return given ? *given : Options{};
  }
};

// What marks the thinking part of a completion.
struct ThinkingTags {
  std::string open = "<think>";
  std::string close = "</think>";

  bool operator==(const ThinkingTags&) const = default;
};

// Of all rewards of a job.
struct RewardOptions {
  ThinkingTags tags;
  // The prompt's form has opened the thinking part already: completions begin inside it.
  bool think_first = false;
  // A completion that max_tokens cut off scores 0 at most.
  bool penalise_overlong = false;
};

}  // namespace tramontane
