// What an echo of the question is, and what is none.
#include "actors/rewards/maths/echo.h"

#include "actors/rewards/maths/maths.h"

#include <string>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

struct Asked {
  std::string question;
  std::string gold;
  std::string answer;
};

void check_all(Outcome outcome, std::initializer_list<Asked> cases) {
  for (const Asked& one : cases) {
    Comparison said = GoldAnswer(one.gold, {}, one.question).compare(one.answer);
    CAPTURE(one.question);
    CAPTURE(one.gold);
    CAPTURE(one.answer);
    CAPTURE(said.how);
    CHECK(std::string(name(said.outcome)) == name(outcome));
  }
}

}  // namespace

TEST_CASE("a sum that the question asks for must be worked out, however it is written") {
  for (const char* answer :
      {"2+4", "4+2", "(2+4)", "2 + 4 + 0", "2-(-4)", "1 \\cdot (4+2)", "3+3", "\\frac{12}{2}",
          "x = 2+4", "2+4 \\text{ apples}", "\\{2+4\\}", "\\sqrt{36}", "|2+4|", "3!"})
    check_all(Outcome::different,
        {{"What is 2+4?", "6", answer}, {"2+4=", "6", answer}, {"$2+4=?$", "6", answer},
            {"2 + 4 = ___", "6", answer}, {"Compute $2 + 4$.", "6", answer},
            {"How much is 2 plus 4?", "6", answer}, {"Find the sum of 2 and 4.", "6", answer}});
  check_all(Outcome::different,
      {{"Compute $2^{10}$.", "1024", "2^{10}"}, {"Compute $2^{10}$.", "1024", "4^5"},
          {"Reduce $\\frac{4}{6}$ to lowest terms.", "\\frac{2}{3}", "\\frac{4}{6}"},
          {"Reduce $\\frac{4}{6}$ to lowest terms.", "\\frac{2}{3}", "8/12"},
          {"Compute $\\binom{5}{2}$.", "10", "\\binom52"}, {"How much is 5! ?", "120", "5!"},
          {"Write 3/8 as a decimal.", "0.375", "\\frac38"}});
}

TEST_CASE("what a variable is must be worked out, and what it is less than need not be") {
  const std::string question = "What is 2+4, and which x are less than it?";
  check_all(Outcome::different, {{question, "x = 6", "x = 2+4"}});
  check_all(Outcome::equal, {{question, "x < 6", "x < 2+4"}, {question, "x < 6", "x < 6"}});
}

TEST_CASE("a fraction is worked out if its parts are, and nothing can be cancelled") {
  const std::string question = "How much is $0.3 + 0.2 + \\frac{3}{14}$?";
  for (const char* answer : {"\\frac{2+3}{7}", "\\frac{2.5}{3.5}", "\\frac{10}{14}",
           "\\frac{5}{3+4}", "\\frac{2.5 \\cdot 2}{7}"})
    check_all(Outcome::different, {{question, "\\frac57", answer}});
  for (const char* answer : {"\\frac57", "5/7"})
    check_all(Outcome::equal, {{question, "\\frac57", answer}});
  check_all(Outcome::equal,
      {{"Compute $\\frac{1}{\\sqrt2}$.", "\\frac{\\sqrt2}{2}", "\\frac{\\sqrt2}{2}"}});
}

TEST_CASE("an expression of the question is an echo in any order of its parts") {
  check_all(Outcome::different,
      {{"Expand $(x+1)^2$.", "x^2+2x+1", "(1+x)^2"},
          {"Expand $(x+1)^2$.", "x^2+2x+1", "(x+1)(1+x)"},
          {"Let $f(x)=(x+1)^2$. Expand $f(x)$.", "x^2+2x+1", "(x+1)^2"},
          {"Factor $x^2+2x+1$.", "(x+1)^2", "1+2x+x^2"},
          {"Simplify $\\sqrt{12}$.", "2\\sqrt3", "\\sqrt{12}"},
          {"Simplify $\\sqrt{12}$.", "2\\sqrt3", "12^{1/2}"},
          {"Rationalize $\\frac{1}{\\sqrt{2}}$.", "\\frac{\\sqrt2}{2}", "\\frac{1}{\\sqrt2}"},
          {"Solve $2x-6>0$.", "x>3", "2x-6>0"},
          {"Write $x>3$ as an interval.", "(3,\\infty)", "3<x"}});
}

TEST_CASE("what is worked out is no echo, wherever it stands") {
  check_all(Outcome::equal,
      {{"What is 2+4?", "6", "6"}, {"What is 2+4?", "6", "6.0"}, {"What is 2+4?", "6", "2+4=6"},
          {"What is 2+4?", "6", "x = 6"}, {"Is it x=2 or x=3?", "2", "x=2"},
          {"Show that x=2 or x=3 solves it; which is smaller?", "2", "x=2"},
          {"Which is larger, $\\frac34$ or $\\frac23$?", "0.75", "\\frac34"},
          {"Heads has probability 1/2. What is the chance of tails?", "\\frac12", "1/2"},
          {"Which is larger, $2^{10}$ or $10^3$?", "2^{10}", "2^{10}"},
          {"Which is larger, $2^{10}$ or $10^3$?", "1024", "2^{10}"},
          {"Which formula is it: $\\pi r^2$ or $2\\pi r$?", "\\pi r^2", "\\pi r^2"},
          {"Point (2,3) lies on it; which point has x=2?", "(2,3)", "(2,3)"},
          {"Expand $(x+1)^2$.", "x^2+2x+1", "1+x^2+2x"},
          {"Factor $x^2+2x+1$.", "(x+1)^2", "(1+x)^2"},
          {"Simplify $\\sqrt{12}$.", "2\\sqrt3", "2\\sqrt{3}"},
          {"Compute $1000 \\cdot 1000$.", "1000000", "10^6"},
          {"Compute $3 \\div 2$.", "1.5", "\\frac32"}, {"Compute $3 \\div 2$.", "1.5", "1\\frac12"},
          {"How many? There are 7-2 of them in each of 3 rows.", "15", "3 \\cdot 5"}});
}

TEST_CASE("the gold answer is no echo, though parts of it stand in the question") {
  for (const char* answer : {"(\\sin 2x, 2\\cos 2x)", "\\left(\\sin 2x,\\, 2 \\cos 2x\\right)"})
    check_all(Outcome::equal,
        {{"Give $\\sin 2x$ and its derivative, as a pair.", "(\\sin 2x, 2\\cos 2x)", answer}});
  check_all(Outcome::different, {{"Give $\\sin 2x$ and its derivative, as a pair.",
                                    "(\\sin 2x, 2\\cos 2x)", "(2\\sin x\\cos x, \\sin 2x)"}});
}

TEST_CASE("a question is searched for expressions") {
  using maths::expressions_in;
  CHECK(expressions_in("What is 2 + 4?") == std::vector<std::string>{"2+4"});
  CHECK(expressions_in("Tom has 3 cats and 5 dogs.").empty());
  CHECK(expressions_in("Pay \\$5 for $x+1$ of them.") == std::vector<std::string>{"x+1"});
  CHECK(expressions_in("").empty());
  CHECK(expressions_in(std::string(100000, '$')).size() <= 32);
  CHECK(expressions_in(std::string(100000, '1')).empty());
}

TEST_CASE("an expression of the question that cannot be read takes nothing from the others") {
  for (const char* broken :
      {"$\\frac{1}{$", "$x +$", "$\\begin{cases} 1 \\end{cases}$", "$)2+($"}) {
    std::string question = "Given " + std::string(broken) + ", what is $2+4$?";
    check_all(Outcome::different, {{question, "6", "4+2"}});
    check_all(Outcome::equal, {{question, "6", "6"}});
  }
}
