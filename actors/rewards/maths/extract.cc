#include "actors/rewards/maths/maths.h"
#include "actors/rewards/maths/spelling.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

namespace tramontane {

namespace {

using namespace tramontane::maths;

constexpr std::size_t answer_bytes_max = 1 << 14;  // of what follows "the answer is"

ExtractedAnswer found(std::string_view text, std::string how) {
  return {true, std::string(trimmed(text)), std::move(how)};
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

ExtractedAnswer boxed(std::string_view text) {
  std::size_t end = std::string_view::npos;
  for (;;) {
    std::size_t at = text.rfind("boxed", end);
    if (at == text.npos) return {false, {}, "no \\boxed{…} that closes"};
    if (at > 0 && text[at - 1] == '\\') {
      std::size_t open = at + 5;
      while (open < text.size() && text[open] == ' ') ++open;
      if (open < text.size() && text[open] == '{') {
        std::size_t close = closing_brace(text, open);
        if (close != text.npos) return found(text.substr(open + 1, close - open - 1), "boxed");
      }
    }
    if (at == 0) return {false, {}, "no \\boxed{…} that closes"};
    end = at - 1;
  }
}

ExtractedAnswer hash_marks(std::string_view text) {
  std::size_t at = text.rfind("####");
  if (at == text.npos) return {false, {}, "no ####"};
  std::string_view rest = text.substr(at + 4);
  return found(rest.substr(0, rest.find('\n')), "hash_marks");
}

// To the end of the sentence; a formula is not cut at its points.
std::string_view sentence(std::string_view text) {
  text = text.substr(0, answer_bytes_max);
  while (!text.empty() && (text.front() == ':' || text.front() == '*' || text.front() == ' '))
    text.remove_prefix(1);
  text = text.substr(0, text.find('\n'));
  bool maths = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '$' && (i == 0 || text[i - 1] != '\\')) maths = !maths;
    if (text[i] != '.' || maths) continue;
    if (i + 1 == text.size() || text[i + 1] == ' ') return text.substr(0, i);
  }
  return text;
}

ExtractedAnswer answer_is(std::string_view text) {
  static constexpr std::array<std::string_view, 3> openings = {"answer is", "answer:", "answer**:"};
  for (std::size_t at = text.size(); at-- > 0;) {
    if (text[at] != 'a' && text[at] != 'A') continue;
    for (std::string_view opening : openings) {
      std::string_view here = text.substr(at, opening.size());
      bool same = std::equal(here.begin(), here.end(), opening.begin(), opening.end(),
          [](unsigned char a, char b) { return std::tolower(a) == b; });
      if (same) return found(sentence(text.substr(at + opening.size())), "answer_is");
    }
  }
  return {false, {}, "no \"answer is\""};
}

// The last number, with its sign, separators of thousands, decimals and "/denominator".
ExtractedAnswer last_number(std::string_view text) {
  std::size_t end = text.size();
  while (end > 0 && !is_digit(text[end - 1])) --end;
  if (end == 0) return {false, {}, "no number"};
  std::size_t begin = end;
  auto joins = [&](std::size_t at) {  // whether text[at] joins the digits on its sides
    char c = text[at];
    return (c == ',' || c == '.' || c == '/') && at > 0 && is_digit(text[at - 1]);
  };
  while (begin > 0 && (is_digit(text[begin - 1]) || joins(begin - 1))) --begin;
  if (begin > 0 && text[begin - 1] == '.') --begin;
  // "3-4" is a difference; "= -4" a negative number.
  if (begin > 0 && text[begin - 1] == '-') {
    bool minus = begin < 2 || !(std::isalnum(static_cast<unsigned char>(text[begin - 2])) != 0 ||
                                  text[begin - 2] == ')');
    if (minus) --begin;
  }
  return found(text.substr(begin, end - begin), "last_number");
}

using Extract = ExtractedAnswer (*)(std::string_view);

struct Form {
  std::string_view name;
  AnswerForm form;
  Extract extract;  // null for the two that need none of their own
};

constexpr Form forms[] = {{"boxed", AnswerForm::boxed, boxed},
    {"hash_marks", AnswerForm::hash_marks, hash_marks},
    {"answer_is", AnswerForm::answer_is, answer_is},
    {"last_number", AnswerForm::last_number, last_number}, {"whole", AnswerForm::whole, nullptr},
    {"automatic", AnswerForm::automatic, nullptr}};

}  // namespace

ExtractedAnswer extract_answer(std::string_view completion, AnswerForm form) {
  if (form == AnswerForm::whole) return found(completion, "whole");
  for (const Form& row : forms) {
    if (!row.extract || (form != row.form && form != AnswerForm::automatic)) continue;
    ExtractedAnswer answer = row.extract(completion);
    if (answer.found || form == row.form) return answer;
  }
  return {false, {}, "no answer in any known form"};
}

bool parse_answer_form(std::string_view name, AnswerForm& form) {
  for (const Form& row : forms)
    if (row.name == name) {
      form = row.form;
      return true;
    }
  return false;
}

}  // namespace tramontane
