#pragma once
// An echo is an answer that leaves undone what the question asks for: "2+4" for "What is 2+4?",
// "(1+x)^2" for "Expand $(x+1)^2$", "4/6" for "Reduce $\frac{4}{6}$". It has the right value, and
// has solved nothing. What is worked out is no echo, though it may stand in the question: a number,
// a fraction in lowest terms, x = 2, the gold answer's own form, one of several that the question
// lets choose from.
//
//   AskedForms asked("What is 2+4?", gold, options);
//   asked.is_echo(answer)   // true for 2+4, 4+2, 2+4+0, 3+3
//
// Two rules. Where the question has a sum to work out whose value is the gold answer's, the answer
// must be worked out, whatever sum it is. Else it must not be one of the question's expressions, in
// whatever order its terms and factors stand.

#include "actors/rewards/maths/maths.h"
#include "actors/rewards/maths/node.h"

#include <string>
#include <string_view>
#include <vector>

namespace tramontane::maths {

class AskedForms {
 public:
  AskedForms() = default;

  // Reads the last 8 KiB of the question, where a prompt with examples has it.
  AskedForms(std::string_view question, const Node& gold, const CompareOptions& options);

  bool is_echo(const Node& answer) const;

 private:
  bool is_asked(const Node& node) const;
  bool is_echo_of_one(const Node& answer) const;

  std::vector<std::string> forms_;  // canonical, as the question has them
  bool computes_ = false;           // the gold answer is the value of an expression in the question
};

// Whether `answer` is written as the gold answer is, but for order, brackets, added zeros and the
// like, with no more left to do: no echo, whatever the question has.
bool is_own_form(const Node& answer, const Node& gold);

// Numbers, fractions in lowest terms, multiples of roots and π, names, and tuples of those: nothing
// is left to do.
bool is_worked_out(const Node& node);

// The same text for expressions that differ in order, brackets, added zeros and the like.
std::string canonical_form(const Node& node);

// The expressions that a question's text holds, in formulas and between its words.
std::vector<std::string> expressions_in(std::string_view question);

}  // namespace tramontane::maths
