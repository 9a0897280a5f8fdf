// From the cheapest rule to the dearest: the same text, two numbers, prose, a choice, trees.
#include "actors/rewards/maths/characters.h"
#include "actors/rewards/maths/echo.h"
#include "actors/rewards/maths/exact.h"
#include "actors/rewards/maths/expressions.h"
#include "actors/rewards/maths/maths.h"
#include "actors/rewards/maths/naming.h"
#include "actors/rewards/maths/reading.h"
#include "actors/rewards/maths/set_words.h"
#include "actors/rewards/maths/spelling.h"
#include "actors/rewards/maths/structures.h"
#include "actors/rewards/maths/times.h"

#include <algorithm>
#include <cctype>
#include <mutex>
#include <utility>

namespace tramontane {

namespace {

using namespace tramontane::maths;

constexpr std::size_t shown_max = 120;  // bytes of an answer in evidence

// FLINT keeps caches for each thread; they go with the thread.
void clean_up_with_thread() {
  struct Cleaner {
    ~Cleaner() { flint_cleanup(); }
  };

  thread_local Cleaner cleaner;
  static_cast<void>(cleaner);
}

std::string shortened(std::string_view text) {
  std::string_view whole = whole_characters(text, shown_max);
  return std::string(whole) + (whole.size() < text.size() ? "…" : "");
}

std::string shown(const Reading& reading) {
  return reading.tree ? shortened(to_text(*reading.tree)) : "'" + shortened(reading.text) + "'";
}

Comparison said(
    Outcome outcome, const Reading& gold, const Reading& answer, std::string_view rule) {
  Comparison out;
  out.outcome = outcome;
  out.how = "gold " + shown(gold) + ", answer " + shown(answer) + ": ";
  out.how += rule;
  return out;
}

Outcome to_outcome(Truth truth) {
  switch (truth) {
    case Truth::yes:
      return Outcome::equal;
    case Truth::no:
      return Outcome::different;
    case Truth::unknown:
      break;
  }
  return Outcome::undecided;
}

// Whether anything may be left to work out.
bool is_formula(std::string_view text) {
  return text.find_first_of("+-*/^=<>!\\(|%") != text.npos ||
         std::any_of(text.begin(), text.end(), [](unsigned char c) { return c >= 0x80; });
}

}  // namespace

// What most answers do not need is read for the first that does, whichever thread has it.
struct GoldAnswer::Parsed {
  CompareOptions options;
  Reading gold;
  std::string question;  // empty where it is not known

  // With the tree.
  const Reading& full() {
    std::call_once(read_, [this] { full_ = read(gold.text, options); });
    return full_;
  }

  // What is wrong anyway need not be an echo to be so.
  bool may_be_echo(const Reading& answer, const Comparison& result) const {
    return result.outcome != Outcome::different && !question.empty() && answer.text != gold.text &&
           is_formula(answer.text);
  }

  bool is_echo(const Node& answer) {
    if (!full().tree || is_own_form(answer, *full().tree)) return false;
    std::call_once(asked_for_, [this] { asked_ = AskedForms(question, *full().tree, options); });
    return asked_.is_echo(answer);
  }

 private:
  std::once_flag read_;
  std::once_flag asked_for_;
  Reading full_;
  AskedForms asked_;
};

GoldAnswer::GoldAnswer(
    std::string_view gold, const CompareOptions& options, std::string_view question)
    : parsed_(std::make_unique<Parsed>()) {
  clean_up_with_thread();
  parsed_->options = options;
  parsed_->gold = skim(gold);
  parsed_->question = question;
}

GoldAnswer::GoldAnswer(GoldAnswer&&) noexcept = default;
GoldAnswer& GoldAnswer::operator=(GoldAnswer&&) noexcept = default;
GoldAnswer::~GoldAnswer() = default;

const std::string& GoldAnswer::text() const {
  return parsed_->gold.text;
}

const CompareOptions& GoldAnswer::options() const {
  return parsed_->options;
}

namespace {

// But for case and spaces.
bool same_letters(std::string_view a, std::string_view b) {
  auto lower = [](std::string_view text) {
    std::string out;
    for (unsigned char c : text)
      if (c != ' ') out += static_cast<char>(std::tolower(c));
    return out;
  };
  return !a.empty() && lower(a) == lower(b);
}

// A·B·C is ABC, and CBA is not: where the gold answer is letters alone, their order counts.
bool in_the_same_order(const std::string& gold, const std::string& answer) {
  if (answer.find('*') == std::string::npos) return false;
  std::string letters;
  for (char c : answer)
    if (c != '*') letters += c;
  return letters == gold;
}

// What words and letters decide; false if it takes mathematics.
bool compare_words(
    const Reading& gold, const Reading& answer, Context& context, Comparison& result) {
  if (!gold.spelled.empty() && gold.spelled == answer.spelled) {
    result = said(Outcome::equal, gold, answer, "the same text");
    return true;
  }
  if (gold.choice != 0 && answer.choice != 0 && !(gold.bare_choice && answer.bare_choice)) {
    bool same = gold.choice == answer.choice;
    result = said(same ? Outcome::equal : Outcome::different, gold, answer, "as choices");
    return true;
  }
  if (gold.prose.empty()) return false;
  bool same = in_the_same_order(gold.spelled, answer.spelled) ||
              (!answer.prose.empty() && same_words(gold.prose) == same_words(answer.prose));
  // "I and III" is the list "III, I".
  bool lists =
      gold.tree && answer.tree && gold.tree->kind == Kind::list && answer.tree->kind == Kind::list;
  if (!same && lists) return false;
  auto set = set_of_words(gold.prose);
  if (same || !set || !answer.tree) {
    result = said(same ? Outcome::equal : Outcome::different, gold, answer, "as words");
    return true;
  }
  Judgement judgement = compare_trees(*set, *answer.tree, context);
  result = said(to_outcome(judgement.truth), gold, answer, judgement.rule);
  return true;
}

Comparison compare_read(const Reading& gold, const Reading& answer, Context& context) {
  Comparison out;
  if (compare_words(gold, answer, context, out)) return out;
  if (!gold.tree) {
    if (!gold.text.empty() &&
        (gold.text == answer.text || same_letters(gold.spelled, answer.spelled)))
      return said(Outcome::equal, gold, answer, "the same text");
    return said(Outcome::not_understood, gold, answer, "the gold answer " + gold.why);
  }
  auto set = set_of_words(answer.prose);
  if (!set && !answer.tree)
    return said(Outcome::different, gold, answer, "the answer " + answer.why);
  const Node& given = set ? *set : *answer.tree;
  auto values = without_names(*gold.tree, given);
  Judgement judgement = values ? compare_trees(values->first, values->second, context)
                               : compare_trees(*gold.tree, given, context);
  return said(to_outcome(judgement.truth), gold, answer, judgement.rule);
}

// `answer` is read strictly, as first to be understood.
Comparison compare_fully(const Reading& gold, const Reading& answer, Context& context) {
  clean_up_with_thread();
  const CompareOptions& options = context.options;
  if (gold.text.empty()) return said(Outcome::not_understood, gold, {}, "the gold answer is empty");
  if (answer.text.empty()) return said(Outcome::different, gold, answer, "the answer is empty");
  if (auto times = compare_times(gold.text, answer.text))
    return said(to_outcome(times->truth), gold, answer, times->rule);
  // "B) 7" for 7, and 7 for "(B) 7".
  if ((gold.choice == 0) != (answer.choice == 0)) {
    if (auto chosen = read_chosen(gold.choice == 0 ? answer : gold, options)) {
      Comparison said = gold.choice == 0 ? compare_read(gold, *chosen, context)
                                         : compare_read(*chosen, answer, context);
      if (said.outcome == Outcome::equal) return said;
    }
  }
  Comparison first = compare_read(gold, answer, context);
  if (first.outcome != Outcome::different || !gold.tree) return first;
  auto other = read_otherwise(answer, *gold.tree, options);
  if (!other) return first;
  Comparison second = compare_read(gold, *other, context);
  return second.outcome == Outcome::equal ? second : first;
}

}  // namespace

bool GoldAnswer::compare_quickly(std::string_view text, Comparison& result) const {
  const Reading& gold = parsed_->gold;
  const CompareOptions& options = parsed_->options;
  Reading answer = skim(text);
  bool numbers = gold.simple && answer.simple;
  bool same = numbers && same_number(*gold.simple, *answer.simple, options.decimal_digits_min);
  bool decided = same || (numbers && answer.text.find(',') == std::string::npos);
  if (decided) {
    result = said(same ? Outcome::equal : Outcome::different, gold, answer, "as numbers");
    if (!parsed_->may_be_echo(answer, result)) return true;
    answer = read(text, options);
  } else {
    Context context{options, false};
    answer = read(text, options, {.strict = true});
    result = compare_fully(parsed_->full(), answer, context);
    decided = result.outcome != Outcome::undecided || !context.wants_symbolic;
    if (!parsed_->may_be_echo(answer, result)) return decided;
  }
  if (!answer.tree || !parsed_->is_echo(*answer.tree)) return decided;
  result = said(
      Outcome::different, gold, answer, "an echo of the question, which asks for what it comes to");
  return true;
}

Comparison GoldAnswer::compare(std::string_view answer) const {
  Comparison result;
  if (compare_quickly(answer, result)) return result;
  const CompareOptions& options = parsed_->options;
  Context context{options};
  return compare_fully(parsed_->full(), read(answer, options, {.strict = true}), context);
}

Comparison GoldAnswer::evaluate() const {
  Context context{parsed_->options};
  const Reading& gold = parsed_->full();
  if (!gold.tree) return said(Outcome::undecided, gold, {}, "the gold answer " + gold.why);
  bool known = can_evaluate(*gold.tree, context);
  return said(known ? Outcome::equal : Outcome::undecided, gold, {}, "the gold answer alone");
}

Comparison compare_answers(
    std::string_view gold, std::string_view answer, const CompareOptions& options) {
  return GoldAnswer(gold, options).compare(answer);
}

const char* name(Outcome outcome) {
  switch (outcome) {
    case Outcome::equal:
      return "equal";
    case Outcome::different:
      return "different";
    case Outcome::undecided:
      return "undecided";
    case Outcome::not_understood:
      return "not understood";
  }
  return "";
}

}  // namespace tramontane
