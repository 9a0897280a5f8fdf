#include "actors/rewards/maths/boxes.h"
#include "actors/rewards/maths/maths.h"

#include <ctime>
#include <string>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

std::string extracted(std::string_view text, AnswerForm form) {
  auto answer = extract_answer(text, form);
  return answer.found ? answer.text : "(none)";
}

}  // namespace

TEST_CASE("the last balanced box is the answer") {
  CHECK(
      extracted("so \\boxed{1}, no: \\boxed{\\frac{1}{2}}.", AnswerForm::boxed) == "\\frac{1}{2}");
  CHECK(extracted("\\boxed{\\{1, 2\\}}", AnswerForm::boxed) == "\\{1, 2\\}");
  CHECK(extracted("\\boxed{\\boxed{5}}", AnswerForm::boxed) == "5");
  CHECK(extracted("\\boxed {3}", AnswerForm::boxed) == "3");
  CHECK(extracted("boxed{3}", AnswerForm::boxed) == "(none)");
  CHECK(extracted("the answer is 5", AnswerForm::boxed) == "(none)");
}

TEST_CASE("a last box that never closes is no answer, in any form that knows boxes") {
  for (AnswerForm form : {AnswerForm::boxed, AnswerForm::automatic}) {
    CHECK(extracted("\\boxed{7} and then \\boxed{8", form) == "(none)");
    CHECK(extracted("The answer is 5: \\boxed{5", form) == "(none)");
    CHECK(extracted("\\boxed{5} \\boxed{", form) == "(none)");
    CHECK(extracted("\\boxed{ and \\boxed{5}", form) == "5");
  }
  CHECK(extract_answer("\\boxed{5", AnswerForm::automatic).how == "the last \\boxed{ never closes");
}

TEST_CASE("boxes in a row are one answer, and boxes with words between them are not") {
  CHECK(extracted("\\boxed{1} and \\boxed{2}", AnswerForm::boxed) == "1, 2");
  CHECK(extracted("$\\boxed{1}$, $\\boxed{2}$", AnswerForm::automatic) == "1, 2");
  CHECK(extracted("\\boxed{6}\n\\boxed{7}\n\\boxed{8}", AnswerForm::boxed) == "6, 7, 8");
  CHECK(extracted("\\boxed{5}\n\n$$\\boxed{5}$$", AnswerForm::boxed) == "5");
  CHECK(extracted("\\boxed{5} is too small, so \\boxed{6}", AnswerForm::boxed) == "6");
  CHECK(extracted("\\boxed{1+1} = \\boxed{2}", AnswerForm::boxed) == "2");
  CHECK(extracted("\\boxed{x = \\boxed{5}}", AnswerForm::boxed) == "x = \\boxed{5}");
}

TEST_CASE("a completion that boxes every choice has chosen none") {
  for (const char* text : {"\\boxed{A} \\boxed{B} \\boxed{C} \\boxed{D}",
           "(A): \\boxed{A}. (B): \\boxed{\\text{(B)}}. (C): \\boxed{\\textbf{C}}."})
    CHECK(extract_answer(text, AnswerForm::automatic).text.find(", ") != std::string::npos);
  CHECK(extracted("\\boxed{A}? No: \\boxed{B}", AnswerForm::boxed) == "B");
}

TEST_CASE("all boxes count where that is asked for") {
  auto all = [](std::string_view text) {
    return extract_answer(text, AnswerForm::boxed, BoxRule::all).text;
  };
  CHECK(all("\\boxed{5} no, \\boxed{3}") == "5, 3");
  CHECK(all("x is \\boxed{5}, y is \\boxed{5}") == "5");
  BoxRule rule = BoxRule::last;
  CHECK(parse_box_rule("all", rule));
  CHECK(rule == BoxRule::all);
  CHECK_FALSE(parse_box_rule("first", rule));
}

TEST_CASE("a box has other names, and an argument without braces") {
  CHECK(extracted("\\fbox{5}", AnswerForm::boxed) == "5");
  CHECK(extracted("\\framebox[2cm]{5}", AnswerForm::boxed) == "5");
  CHECK(extracted("\\boxed 5", AnswerForm::boxed) == "5");
  CHECK(extracted("\\boxed -12.5.", AnswerForm::boxed) == "-12.5");
  CHECK(extracted("\\boxed x = 5", AnswerForm::boxed) == "x");
  CHECK(extracted("\\boxedness{5}", AnswerForm::boxed) == "(none)");
  CHECK(extracted("\\\\boxed{5}", AnswerForm::boxed) == "5");
}

TEST_CASE("boxes are found in time that grows with the text, whatever they are") {
  std::string open;
  std::string nested;
  std::string flat;
  for (int i = 0; i < 200000; ++i) {
    open += "\\boxed{";
    flat += "\\boxed{1}";
  }
  nested = open + "1" + std::string(200000, '}');
  double start = static_cast<double>(std::clock());
  CHECK(extracted(open, AnswerForm::automatic) == "(none)");
  CHECK(extracted(open + "5}", AnswerForm::automatic) == "5");
  CHECK(extract_answer(nested, AnswerForm::automatic).found);
  CHECK(extracted(flat, AnswerForm::automatic) == "1");
  CHECK(compare_answers("5", nested).outcome == Outcome::different);
  CHECK((static_cast<double>(std::clock()) - start) / CLOCKS_PER_SEC < 2.0);
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

TEST_CASE("the answer may be bold, on the next lines, in a tag, or in a sentence of its own") {
  auto answer = [](std::string_view text) { return extracted(text, AnswerForm::answer_is); };
  CHECK(answer("✅ Final Answer: **5**") == "**5**");
  CHECK(answer("**Final Answer:**\n\n42\n") == "42");
  CHECK(answer("The final answer is:\n$$5$$") == "$$5$$");
  CHECK(answer("The final answer is\n\\[\n  x = 5\n\\]\nDone.") == "\\[\n  x = 5\n\\]");
  CHECK(answer("### Answer\n7 ways") == "7 ways");
  CHECK(answer("Final Answer: The largest value is 5.") == "5");
  CHECK(answer("The answer is that there are 12 ways.") == "12 ways");
  CHECK(answer("The answer is not 5.") == "not 5");
  CHECK(answer("<answer> $x+1$ </answer> so be it") == "$x+1$");
  CHECK(answer("答案是x+1。") == "x+1。");
  CHECK(answer("Answer: B) 7") == "B) 7");
}

TEST_CASE("the last number keeps its sign, its separators and its denominator") {
  CHECK(extracted("we get 12, then -1,234.5 dollars.", AnswerForm::last_number) == "-1,234.5");
  CHECK(extracted("it is 3/4.", AnswerForm::last_number) == "3/4");
  CHECK(extracted("10-4", AnswerForm::last_number) == "4");
  CHECK(extracted("x = -4", AnswerForm::last_number) == "-4");
  CHECK(extracted("half: .5", AnswerForm::last_number) == ".5");
  CHECK(extracted("none", AnswerForm::last_number) == "(none)");
  for (const char* whole : {"1,234", "3/4", "7.5", "-1,234.5", "1"})
    CHECK(extracted(whole, AnswerForm::last_number) == whole);
  CHECK(extracted("/4", AnswerForm::last_number) == "4");
  CHECK(extracted(",4", AnswerForm::last_number) == "4");
  CHECK(extracted("a/4", AnswerForm::last_number) == "4");
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

TEST_CASE("a box without braces holds a number or a letter, as far as that goes") {
  auto held = [](const std::string& behind) -> std::string {
    std::string text = "so \\boxed" + behind;
    auto boxes = tramontane::maths::find_boxes(text);
    return boxes.closed.empty() ? "nothing" : std::string(boxes.closed[0].inside(text));
  };
  CHECK(held(" 5") == "5");
  CHECK(held(" -5.25.") == "-5.25");
  CHECK(held(" 1,234, or so") == "1,234");
  CHECK(held(" 3/4/") == "3/4");
  CHECK(held(" x") == "x");
  CHECK(held(" x.") == "x");
  CHECK(held(" x2") == "x");
  for (const char* none : {" xy", " =5", " =", " -x", " .5", "", " "}) {
    CAPTURE(none);
    CHECK(held(none) == "nothing");
  }
}
