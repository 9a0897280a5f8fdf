#include "actors/rewards/maths/set_words.h"

#include <algorithm>
#include <array>
#include <sstream>
#include <string_view>
#include <vector>

namespace tramontane::maths {

namespace {

constexpr std::string_view everything = "all real numbers";
constexpr std::string_view nothing = "no solution";
constexpr std::string_view missing = "does not exist";
constexpr std::size_t words_max = 12;

template <std::size_t n>
bool among(std::string_view word, const std::array<std::string_view, n>& words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// Says nothing of which set it is.
constexpr std::array<std::string_view, 30> fillers = {"there", "is", "are", "the", "a", "an", "for",
    "x", "y", "such", "that", "exist", "exists", "has", "have", "equation", "this", "it", "in",
    "of", "to", "set", "be", "can", "satisfy", "satisfies", "possible", "true", "inequality",
    "system"};

constexpr std::array<std::string_view, 6> kinds = {
    "real", "integer", "integral", "rational", "positive", "complex"};

constexpr std::array<std::string_view, 8> solutions = {
    "solution", "solutions", "root", "roots", "answer", "answers", "value", "values"};

constexpr std::array<std::string_view, 4> numbers = {"number", "numbers", "values", "value"};

std::vector<std::string> telling_words(const std::string& prose) {
  std::vector<std::string> out;
  std::istringstream words(prose);
  for (std::string word; words >> word && out.size() <= words_max;)
    if (!among(word, fillers)) out.push_back(word);
  return out;
}

// "all real numbers", "any real number", "reals"
bool is_everything(const std::vector<std::string>& words) {
  bool real = false;
  bool counted = false;
  for (const std::string& word : words) {
    if (word == "real" || word == "reals") {
      real = true;
      counted = counted || word == "reals";
    } else if (among(std::string_view(word), numbers) || word == "all" || word == "any" ||
               word == "every") {
      counted = true;
    } else {
      return false;
    }
  }
  return real && counted;
}

// "no real solutions": with its kind, which says of what there is none.
std::string nothing_of(const std::vector<std::string>& words) {
  if (words.empty() || (words[0] != "no" && words[0] != "not" && words[0] != "none")) {
    bool empty = words.size() == 1 && (words[0] == "empty" || words[0] == "null");
    return empty ? std::string(nothing) : std::string();
  }
  if (words[0] == "none" && words.size() == 1) return std::string(nothing);
  std::string kind;
  bool told = false;
  for (std::size_t i = 1; i < words.size(); ++i) {
    if (among(std::string_view(words[i]), kinds)) {
      kind += " " + words[i];
    } else if (among(std::string_view(words[i]), solutions) ||
               among(std::string_view(words[i]), numbers)) {
      told = true;
    } else {
      return "";
    }
  }
  if (!told || words[0] != "no") return "";
  // Of real numbers is what is meant where no kind is told.
  return std::string(nothing) + (kind == " real" ? "" : kind);
}

}  // namespace

std::string same_words(const std::string& prose) {
  if (prose == "dne" || prose == "doesn't exist" || prose == "do not exist")
    return std::string(missing);
  if (prose.ends_with(missing)) return std::string(missing);
  bool empty = prose == "empty set" || prose == "null set" || prose == "the empty set";
  if (empty) return std::string(nothing);
  std::vector<std::string> words = telling_words(prose);
  if (is_everything(words)) return std::string(everything);
  std::string none = nothing_of(words);
  return none.empty() ? prose : none;
}

std::optional<Node> set_of_words(const std::string& prose) {
  if (prose.empty()) return std::nullopt;
  std::string words = same_words(prose);
  if (words == everything) return make(Kind::symbol, "\\mathbbR");
  if (words == nothing) return make(Kind::set, std::string());
  return std::nullopt;
}

}  // namespace tramontane::maths
