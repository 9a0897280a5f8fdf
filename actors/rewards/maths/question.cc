// Where a question's text has expressions: in formulas, between words, in "the sum of 2 and 4".
#include "actors/rewards/maths/characters.h"
#include "actors/rewards/maths/echo.h"
#include "actors/rewards/maths/spelling.h"

#include <algorithm>
#include <cctype>
#include <utility>

namespace tramontane::maths {

namespace {

constexpr std::size_t question_bytes_max = 8192;
constexpr std::size_t expression_bytes_max = 300;
constexpr std::size_t expressions_max = 32;

struct Found {
  std::string text;
  std::size_t begin;
  std::size_t end;
};

bool is_space(char c) {
  return std::isspace(static_cast<unsigned char>(c)) != 0;
}

bool is_operator(char c) {
  return std::string_view("+-*/^=<>").find(c) != std::string_view::npos;
}

// "3 plus 4" with a sign, of the same length, so that places stay.
std::string with_signs(std::string_view question) {
  std::string out(question);
  constexpr std::pair<std::string_view, std::string_view> words[] = {{" plus ", "  +   "},
      {" minus ", "  -    "}, {" times ", "  *    "}, {" multiplied by ", "      *        "},
      {" divided by ", "      /     "}};
  for (auto [word, sign] : words)
    for (std::size_t at = 0; (at = out.find(word, at)) != out.npos; at += word.size())
      out.replace(at, word.size(), sign);
  return out;
}

// Formulas between dollar signs and their like; what they held becomes spaces in `text`.
void take_formulas(std::string& text, std::vector<Found>& found) {
  constexpr std::pair<std::string_view, std::string_view> fences[] = {
      {"$$", "$$"}, {"\\[", "\\]"}, {"\\(", "\\)"}, {"$", "$"}};
  for (auto [open, close] : fences) {
    std::size_t at = 0;
    while ((at = text.find(open, at)) != text.npos) {
      std::size_t from = at + open.size();
      std::size_t to = text.find(close, from);
      if (to == text.npos) break;
      bool money = open == "$" && at > 0 && text[at - 1] == '\\';
      if (money) {
        at = from;
        continue;
      }
      found.push_back({text.substr(from, to - from), at, to + close.size()});
      std::fill(text.begin() + static_cast<std::ptrdiff_t>(at),
          text.begin() + static_cast<std::ptrdiff_t>(to + close.size()), '\n');
      at = to + close.size();
    }
  }
}

// "2+4", "16)", "x": what may be a part of an expression between words.
bool is_part(std::string_view word) {
  bool digit = std::any_of(
      word.begin(), word.end(), [](unsigned char c) { return c < 0x80 && std::isdigit(c) != 0; });
  bool sign = std::any_of(word.begin(), word.end(), is_operator);
  bool letters = std::count_if(word.begin(), word.end(),
                     [](unsigned char c) { return std::isalpha(c) != 0; }) > 4;
  return word.size() == 1 || digit || (sign && !letters);
}

// Words that are joined by operators: "2 + 4" in "What is 2 + 4?".
void take_plain(std::string_view text, std::vector<Found>& found) {
  Found run{{}, 0, 0};
  auto finish = [&] {
    bool sum = std::any_of(run.text.begin(), run.text.end(), is_operator) ||
               run.text.find_first_of("!(") != std::string::npos;
    if (sum && run.text.size() > 1) found.push_back(run);
    run.text.clear();
  };
  for (std::size_t at = 0; at < text.size();) {
    if (is_space(text[at])) {
      if (text[at] == '\n') finish();
      ++at;
      continue;
    }
    std::size_t end = at;
    while (end < text.size() && !is_space(text[end])) ++end;
    std::string_view word = text.substr(at, end - at);
    bool last = false;
    while (!word.empty() && std::string_view("?.,;:\"").find(word.back()) != word.npos) {
      word.remove_suffix(1);
      last = true;
    }
    bool joins = !run.text.empty() && !word.empty() &&
                 (is_operator(run.text.back()) || is_operator(word.front()));
    if (!joins) finish();
    if (!word.empty() && is_part(word)) {
      if (run.text.empty()) run.begin = at;
      run.text += word;
      run.end = end;
    } else {
      finish();
    }
    if (last) finish();
    at = end;
  }
  finish();
}

// "the sum of 2 and 4"
void take_named(std::string_view text, std::vector<Found>& found) {
  constexpr std::pair<std::string_view, char> names[] = {{"sum of ", '+'}, {"product of ", '*'},
      {"difference of ", '-'}, {"difference between ", '-'}, {"quotient of ", '/'}};
  for (auto [name, sign] : names) {
    for (std::size_t at = 0; (at = text.find(name, at)) != text.npos; at += name.size()) {
      std::string_view rest = text.substr(at + name.size());
      std::size_t joint = rest.find(" and ");
      if (joint == rest.npos || joint > 20) continue;
      std::string_view left = rest.substr(0, joint);
      std::string_view right = rest.substr(joint + 5);
      right = right.substr(0, right.find_first_not_of("0123456789"));
      bool numbers =
          !left.empty() && !right.empty() && left.find_first_not_of("0123456789.-") == left.npos;
      if (numbers)
        found.push_back({std::string(left) + sign + std::string(right), at, at + name.size()});
    }
  }
}

// "385+47=", "2+4=?", "7\\cdot 8 = \\_\\_": the place for the answer is no part of what is asked
// for.
std::string_view without_open_end(std::string_view text) {
  constexpr std::string_view ends[] = {"=", "?", " ", "_", "\\", "\\square", "\\Box", "\\ldots",
      "\\dots", "\\quad", "\\underline{}", "...", "…"};
  auto open = [&text](std::string_view end) { return text.ends_with(end); };
  while (const auto* end = std::find_if(std::begin(ends), std::end(ends), open)) {
    if (end == std::end(ends)) break;
    text.remove_suffix(end->size());
  }
  return text;
}

// "Is it x=2 or x=3?", "Which is larger, 2^{10} or 10^3?": to choose is not to work out.
bool lets_choose(std::string_view question, std::vector<Found>& found) {
  if (found.size() < 2) return false;
  std::sort(
      found.begin(), found.end(), [](const Found& a, const Found& b) { return a.begin < b.begin; });
  bool which = question.find("hich") != question.npos;
  for (std::size_t i = 1; i < found.size(); ++i) {
    if (found[i].begin < found[i - 1].end) continue;
    std::string between(
        trimmed(question.substr(found[i - 1].end, found[i].begin - found[i - 1].end)));
    std::erase(between, ',');
    std::string_view word = trimmed(between);
    if (word == "or" || (which && (word == "and" || word.empty()))) return true;
  }
  return false;
}

}  // namespace

std::vector<std::string> expressions_in(std::string_view question) {
  if (question.size() > question_bytes_max) {
    std::size_t from = question.size() - question_bytes_max;
    while (from < question.size() && (static_cast<unsigned char>(question[from]) & 0xC0) == 0x80)
      ++from;
    question = question.substr(from);
  }
  if (std::none_of(question.begin(), question.end(),
          [](unsigned char c) { return std::isdigit(c) != 0 || c == '$' || c == '\\'; }))
    return {};
  std::string text = with_signs(question);
  std::vector<Found> found;
  take_named(text, found);
  take_formulas(text, found);
  take_plain(text, found);
  if (lets_choose(question, found)) return {};
  std::vector<std::string> out;
  for (const Found& one : found)
    if (out.size() < expressions_max && one.text.size() <= expression_bytes_max)
      out.emplace_back(without_open_end(one.text));
  return out;
}

}  // namespace tramontane::maths
