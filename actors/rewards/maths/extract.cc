#include "actors/rewards/maths/boxes.h"
#include "actors/rewards/maths/characters.h"
#include "actors/rewards/maths/maths.h"
#include "actors/rewards/maths/spelling.h"

#include <algorithm>
#include <array>
#include <bitset>
#include <cctype>
#include <span>
#include <utility>
#include <vector>

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

// ---- boxes

// What may stand between the boxes of one answer: "\boxed{1} and \boxed{2}".
bool joins(std::string_view between) {
  constexpr std::size_t bytes_max = 60;
  static constexpr std::array<std::string_view, 16> words = {"\\text", "\\quad", "\\qquad",
      "\\mathrm", "and", "or", "\\[", "\\]", "\\(", "\\)", "\\,", "\\;", "\\ ", "\\\\", "~", "&"};
  if (between.size() > bytes_max) return false;
  while (!between.empty()) {
    if (std::string_view(" \t\r\n,;.$*{}").find(between.front()) != std::string_view::npos) {
      between.remove_prefix(1);
      continue;
    }
    auto word = std::find_if(words.begin(), words.end(),
        [between](std::string_view one) { return between.starts_with(one); });
    if (word == words.end()) return false;
    between.remove_prefix(word->size());
  }
  return true;
}

// The letter of "\text{(B)}", 'B'; 0 for what is no choice.
char choice_in(std::string_view inside) {
  constexpr std::size_t bytes_max = 30;
  if (inside.size() > bytes_max || inside.find_first_of("ABCDEFGHIJ") == inside.npos) return 0;
  char letter = 0;
  for (std::string_view rest = inside; !rest.empty();) {
    bool skipped = false;
    for (std::string_view one :
        {"\\textbf", "\\text", "\\mathrm", "\\mathbf", "(", ")", "{", "}", ".", " ", "$"})
      if (rest.starts_with(one)) {
        rest.remove_prefix(one.size());
        skipped = true;
        break;
      }
    if (skipped) continue;
    if (letter != 0 || rest.front() < 'A' || rest.front() > 'J') return 0;
    letter = rest.front();
    rest.remove_prefix(1);
  }
  return letter;
}

std::size_t count_choices(std::string_view text, const std::vector<Box>& boxes) {
  std::bitset<26> letters;
  for (const Box& box : boxes)
    if (char letter = choice_in(box.inside(text)); letter != 0)
      letters.set(static_cast<std::size_t>(letter - 'A'));
  return letters.count();
}

// What stands in them, each once, as a list.
ExtractedAnswer together(std::string_view text, std::span<const Box> boxes) {
  constexpr std::size_t boxes_max = 64;
  if (boxes.size() == 1 && !trimmed(boxes[0].inside(text)).starts_with("\\boxed"))
    return found(boxes[0].inside(text), "boxed");
  std::vector<std::string_view> different;
  for (const Box& box : boxes) {
    std::string_view inside = trimmed(box.inside(text));
    if (inside.starts_with("\\boxed")) inside = without_fences(inside);  // a box in a box
    bool known = std::find(different.begin(), different.end(), inside) != different.end();
    if (!known && different.size() < boxes_max) different.push_back(inside);
  }
  if (different.size() == 1) return found(different[0], "boxed");
  std::string list;
  for (std::string_view one : different) list.append(list.empty() ? "" : ", ").append(one);
  return found(list, "boxed " + std::to_string(different.size()) + " times");
}

ExtractedAnswer boxed(std::string_view text, BoxRule rule) {
  constexpr std::size_t choices_min = 3;  // so many different letters choose nothing
  Boxes boxes = find_boxes(text);
  if (!boxes.any) return {false, {}, "no \\boxed{…}"};
  if (boxes.last_is_open) return {false, {}, "the last \\boxed{ never closes"};
  std::span<const Box> all = boxes.closed;
  if (boxes.closed.size() == 1) return together(text, all);
  if (rule == BoxRule::all || count_choices(text, boxes.closed) >= choices_min)
    return together(text, all);
  std::size_t first = all.size() - 1;
  while (first > 0 && joins(text.substr(all[first - 1].end, all[first].begin - all[first - 1].end)))
    --first;
  return together(text, all.subspan(first));
}

ExtractedAnswer hash_marks(std::string_view text) {
  std::size_t at = text.rfind("####");
  if (at == text.npos) return {false, {}, "no ####"};
  std::string_view rest = text.substr(at + 4);
  return found(rest.substr(0, rest.find('\n')), "hash_marks");
}

// ---- "the answer is"

// "$$5$$", "\[x = 5\]" at the front, over as many lines as it takes, with nothing after it on its
// last line; else "".
std::string_view formula(std::string_view text) {
  constexpr std::pair<std::string_view, std::string_view> fences[] = {
      {"$$", "$$"}, {"\\[", "\\]"}, {"\\(", "\\)"}, {"$", "$"}};
  for (auto [open, close] : fences) {
    if (!text.starts_with(open)) continue;
    std::size_t end = text.find(close, open.size());
    if (end == text.npos) return {};
    end += close.size();
    std::string_view after = text.substr(end);
    after = after.substr(0, after.find('\n'));
    bool alone = after.find_first_not_of(" .,*\r") == after.npos;
    return alone ? text.substr(0, end) : std::string_view();
  }
  return {};
}

// "The largest value is 5": what it is said to be.
std::string_view said_to_be(std::string_view sentence) {
  static constexpr std::array<std::string_view, 10> subjects = {
      "the ", "that ", "it ", "this ", "there ", "so ", "thus ", "we ", "they ", "a "};
  std::string start(sentence.substr(0, 8));
  for (char& c : start) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  bool begins = std::any_of(subjects.begin(), subjects.end(),
      [&start](std::string_view subject) { return start.starts_with(subject); });
  if (!begins) return sentence;
  for (std::string_view verb : {" is ", " are ", " equals "})
    if (std::size_t at = sentence.rfind(verb); at != sentence.npos)
      return sentence.substr(at + verb.size());
  return sentence;
}

// To the end of the sentence; a formula is not cut at its points.
std::string_view sentence(std::string_view text) {
  text = whole_characters(text, answer_bytes_max);
  auto skip = [&text](std::string_view signs) {
    while (!text.empty() && signs.find(text.front()) != signs.npos) text.remove_prefix(1);
  };
  skip(": \t\r");
  // "**Answer:** 5": the asterisks close what was bold, unless what follows is.
  while (text.starts_with('*') && text.find_first_not_of('*') != text.npos &&
         std::string_view(" :\n").find(text[text.find_first_not_of('*')]) != std::string_view::npos)
    skip("*");
  skip(": \t\r\n");
  if (std::string_view shown = formula(text); !shown.empty()) return shown;
  text = text.substr(0, text.find('\n'));
  bool maths = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '$' && (i == 0 || text[i - 1] != '\\')) maths = !maths;
    if (text[i] != '.' || maths) continue;
    bool ends = i + 1 == text.size() || text[i + 1] == ' ';
    if (ends && i > 0) return said_to_be(text.substr(0, i));
  }
  return said_to_be(text);
}

ExtractedAnswer answer_is(std::string_view text) {
  static constexpr std::array<std::string_view, 15> openings = {"answer is",
      "answer:", "answer**:", "answers are", "answers:", "# answer\n", "<answer>", "答案是",
      "答案为", "答案：", "答案:", "réponse est", "antwort ist", "respuesta es", "ответ:"};
  std::string small(text);
  for (char& c : small)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  std::size_t last = text.npos;
  std::string_view by;
  for (std::string_view opening : openings) {
    std::size_t at = small.rfind(opening);
    if (at == small.npos || (last != text.npos && at < last)) continue;
    last = at;
    by = opening;
  }
  if (last == text.npos) return {false, {}, "no \"answer is\""};
  std::string_view rest = text.substr(last + by.size());
  if (by == "<answer>") rest = rest.substr(0, rest.find("</answer>"));
  return found(sentence(rest), "answer_is");
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
  Extract extract;  // null for those that need none or another
};

constexpr Form forms[] = {{"boxed", AnswerForm::boxed, nullptr},
    {"hash_marks", AnswerForm::hash_marks, hash_marks},
    {"answer_is", AnswerForm::answer_is, answer_is},
    {"last_number", AnswerForm::last_number, last_number}, {"whole", AnswerForm::whole, nullptr},
    {"automatic", AnswerForm::automatic, nullptr}};

}  // namespace

ExtractedAnswer extract_answer(std::string_view completion, AnswerForm form, BoxRule boxes) {
  if (form == AnswerForm::whole) return found(completion, "whole");
  bool automatic = form == AnswerForm::automatic;
  if (form == AnswerForm::boxed || automatic) {
    ExtractedAnswer answer = boxed(completion, boxes);
    // Where there is a box, it is the answer, though it never closes.
    if (!automatic || answer.found || find_boxes(completion).any) return answer;
  }
  for (const Form& row : forms) {
    if (!row.extract || (form != row.form && !automatic)) continue;
    ExtractedAnswer answer = row.extract(completion);
    if (answer.found || form == row.form) return answer;
  }
  return {false, {}, "no answer in any known form"};
}

bool parse_box_rule(std::string_view name, BoxRule& rule) {
  if (name != "last" && name != "all") return false;
  rule = name == "last" ? BoxRule::last : BoxRule::all;
  return true;
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
