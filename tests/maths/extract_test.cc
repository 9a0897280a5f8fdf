#include "actors/rewards/maths/maths.h"

#include "tests/support/test.h"

using namespace tramontane;

namespace {

std::string extracted(std::string_view text, AnswerForm form) {
  auto answer = extract_answer(text, form);
  return answer.found ? answer.text : "(none)";
}

}  // namespace

TEST_CASE("the last balanced box is the answer") {
  CHECK(extracted("so \\boxed{1} or \\boxed{\\frac{1}{2}}.", AnswerForm::boxed) == "\\frac{1}{2}");
  CHECK(extracted("\\boxed{\\{1, 2\\}}", AnswerForm::boxed) == "\\{1, 2\\}");
  CHECK(extracted("\\boxed{7} and then \\boxed{8", AnswerForm::boxed) == "7");
  CHECK(extracted("\\boxed{\\boxed{5}}", AnswerForm::boxed) == "5");
  CHECK(extracted("\\boxed {3}", AnswerForm::boxed) == "3");
  CHECK(extracted("boxed{3}", AnswerForm::boxed) == "(none)");
  CHECK(extracted("the answer is 5", AnswerForm::boxed) == "(none)");
}

TEST_CASE("an empty box is found, and empty") {
  auto answer = extract_answer("\\boxed{}", AnswerForm::automatic);
  CHECK(answer.found);
  CHECK(answer.text.empty());
}

TEST_CASE("GSM8K's marks end with their line") {
  CHECK(extracted("2+3=5\n#### 1,234\n", AnswerForm::hash_marks) == "1,234");
  CHECK(extracted("#### 1\n#### 2", AnswerForm::hash_marks) == "2");
}

TEST_CASE("the answer is what follows the words, to the end of the sentence") {
  CHECK(extracted("The final answer is $\\frac{1}{2}$. Good.", AnswerForm::answer_is) ==
        "$\\frac{1}{2}$");
  CHECK(extracted("Answer: 3.5", AnswerForm::answer_is) == "3.5");
  CHECK(extracted("**Answer:** 12\nmore", AnswerForm::answer_is) == "12");
  CHECK(extracted("The answer is 3.5. Or so", AnswerForm::answer_is) == "3.5");
  CHECK(extracted("nothing", AnswerForm::answer_is) == "(none)");
}

TEST_CASE("the last number keeps its sign, its separators and its denominator") {
  CHECK(extracted("we get 12, then -1,234.5 dollars.", AnswerForm::last_number) == "-1,234.5");
  CHECK(extracted("it is 3/4.", AnswerForm::last_number) == "3/4");
  CHECK(extracted("10-4", AnswerForm::last_number) == "4");
  CHECK(extracted("x = -4", AnswerForm::last_number) == "-4");
  CHECK(extracted("half: .5", AnswerForm::last_number) == ".5");
  CHECK(extracted("none", AnswerForm::last_number) == "(none)");
}

TEST_CASE("automatic prefers a box to marks to words to the last number") {
  CHECK(extracted("#### 4\n\\boxed{5} 6", AnswerForm::automatic) == "5");
  CHECK(extracted("the answer is 4\n#### 5", AnswerForm::automatic) == "5");
  CHECK(extracted("the answer is 4. See page 9", AnswerForm::automatic) == "4");
  CHECK(extracted("it comes to 8 in all", AnswerForm::automatic) == "8");
}

TEST_CASE("forms have names") {
  AnswerForm form = AnswerForm::whole;
  CHECK(parse_answer_form("hash_marks", form));
  CHECK(form == AnswerForm::hash_marks);
  CHECK_FALSE(parse_answer_form("box", form));
  CHECK(extracted("  all of it ", AnswerForm::whole) == "all of it");
}
