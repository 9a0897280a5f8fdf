#pragma once
// Compares a model's answer with the gold answer as mathematics, not as text.
//
//   auto answer = extract_answer(completion, AnswerForm::boxed);
//   GoldAnswer gold("\\frac{1}{2}");               // parsed once for the completions of a group
//   auto said = gold.compare(answer.text);          // said.outcome == Outcome::equal, said.how
//
// Exact where both sides are exact. A decimal against an exact value must be that value rounded to
// the digits shown, of which there must be enough; there is no absolute tolerance. Order, openness
// and brackets count as mathematics wants: order in tuples, not in sets. Everything is bounded
// before it is computed. Nothing is equal because nothing is known: a value counts where it is
// known closely. What cannot be decided is `undecided`, never a silent `different`; but an answer
// without a value where the gold answer has one is wrong.
//
// Pure functions: any thread. The symbolic stage (FLINT, Arb, Calcium) has no clock here; where a
// deadline is needed, MathsClient (process.h) runs it in a child process that can be killed.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace tramontane {

// Which text of a completion is its final answer.
enum class AnswerForm : std::uint8_t {
  boxed,        // the last \boxed{…}; none if that never closes
  hash_marks,   // after the last "####", to the end of the line (GSM8K)
  answer_is,    // after the last "answer is" or "Answer:", or in <answer>
  last_number,  // the last number in the text
  whole,        // all of it
  automatic,    // the first of those, but for `whole`, that finds something
};

// Which boxes of a completion are its answer. Boxes that follow each other with no more than "and"
// or a comma between them are one answer, a list; and so are boxes of three different choices or
// more.
enum class BoxRule : std::uint8_t {
  last,  // the last, or the last that so follow each other
  all,   // all of them, a list; the same text counts once
};

struct ExtractedAnswer {
  bool found = false;
  std::string text;
  std::string how;  // "boxed", …; or why nothing was found
};

// `completion` is the part after the thinking. An empty box is found, and empty.
ExtractedAnswer extract_answer(
    std::string_view completion, AnswerForm form, BoxRule boxes = BoxRule::last);

// "boxed" to AnswerForm::boxed; false for an unknown name.
bool parse_answer_form(std::string_view name, AnswerForm& form);

// "last" or "all"; false for an unknown name.
bool parse_box_rule(std::string_view name, BoxRule& rule);

// What a percent sign on only one side means. 10% = 1/10 always holds.
enum class PercentRule : std::uint8_t {
  optional,  // above 1 it may be missing on one side, like a unit: 10% = 10, but not 0.5% = 0.5
  strict,    // 10% is 1/10 and nothing else
};

struct CompareOptions {
  // A decimal stands for an exact value only with at least this many significant digits.
  std::uint32_t decimal_digits_min = 4;
  PercentRule percent = PercentRule::optional;

  // Expressions with variables that are not rational functions are compared at `points` positive
  // points of (domain_low, domain_high), as many of (-domain_high, domain_high), some farther out
  // and both sides of every breakpoint (sampling.h); where both sides are real, those count.
  double domain_low = 0.2;
  double domain_high = 3.0;
  std::uint32_t points = 5;
  std::uint32_t precision_bits = 192;       // of the first try
  std::uint32_t precision_bits_max = 1536;  // of the last

  // Bounds, all checked before anything is computed.
  std::uint32_t text_bytes_max = 4096;
  std::uint32_t depth_max = 48;
  std::uint32_t nodes_max = 1000;
  std::uint32_t number_bits_max = 1U << 17;
};

enum class Outcome : std::uint8_t {
  equal,
  different,
  undecided,       // neither could be proved; upstream this is no_verdict
  not_understood,  // the gold answer cannot be read, and the texts differ
};

// "equal", "different", …
const char* name(Outcome outcome);

struct Comparison {
  Outcome outcome = Outcome::undecided;
  std::string how;  // evidence: both sides as understood, and the rule that decided
};

class GoldAnswer {
 public:
  // With the question, an answer that leaves undone what it asks for is an echo, and different:
  // 2^{10} or 4^5 for "Compute $2^{10}$", an inequality for its solution (echo.h).
  explicit GoldAnswer(
      std::string_view gold, const CompareOptions& options = {}, std::string_view question = {});
  GoldAnswer(GoldAnswer&&) noexcept;
  GoldAnswer& operator=(GoldAnswer&&) noexcept;
  ~GoldAnswer();

  // Decides without a clock.
  Comparison compare(std::string_view answer) const;

  // Decides what texts, numbers and exact rational arithmetic can, in microseconds. False where
  // the symbolic stage is needed; `result` is then what is known so far.
  bool compare_quickly(std::string_view answer, Comparison& result) const;

  // `equal` if the gold answer's values can be known closely, else `undecided`; without a clock.
  Comparison evaluate() const;

  const std::string& text() const;
  const CompareOptions& options() const;

 private:
  struct Parsed;

  std::unique_ptr<Parsed> parsed_;
};

Comparison compare_answers(
    std::string_view gold, std::string_view answer, const CompareOptions& options = {});

}  // namespace tramontane
