// Verdicts that other graders are known to get wrong, and the inputs that hang them.
#include "actors/rewards/maths/maths.h"
#include "tests/maths/cases.h"

#include <ctime>
#include <string>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

// Of this process: others on the machine do not count.
double processor_seconds() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

}  // namespace

TEST_CASE("numbers that agree to six places are not equal") {
  check_all(Outcome::different,
      {{"1/2004!", "1/2006!"}, {"1/2^{99}", "1/2^{98}"}, {"\\frac{1}{2004!}", "0"},
          {"\\frac{2^{2005}+1}{3\\cdot 2^{2006}}", "\\frac{1}{3\\cdot 2^{2006}}"},
          {"1-1/\\mathrm{e}", "1+1/\\mathrm{e}"}, {"10^{-20}", "0"}});
}

TEST_CASE("dots, brackets and equations are not dropped") {
  check_all(Outcome::different,
      {{"1,2,\\ldots,n", "1,3,5,\\ldots,2n-1"}, {"4", "4\\sqrt(2)"}, {"3*x-1*y+13=0", "3x+4y+14=0"},
          {"1,-2", "1,-3"}, {"[1,2]", "(1,2)"}, {"10\\%", "1000"}, {"0.1", "10"}});
  check_all(Outcome::equal, {{"1,2,\\ldots,n", "1, 2, \\dots, n"}, {"10\\%", "0.1"}});
}

TEST_CASE("what is equal is not refused") {
  check_all(Outcome::equal,
      {{"\\sqrt{1/n}", "1/\\sqrt n"}, {"73", "**73**"}, {"\\frac{1}{2}", "\\dfrac12"},
          {"9 chickens and 10 rabbits", "9 chickens and 10 rabbits"},
          {"9 chickens and 10 rabbits", "9 \\text{ chickens and } 10 \\text{ rabbits}"},
          {"40\\pi", "125.6637"}, {"125.664", "40\\pi"}, {"3/2", "1 1/2"},
          {"\\cos x", "\\sin(90^\\circ-x)"}, {"\\left(1, 2\\right)", "(1,2)"}, {"0.1", ".1"},
          {"2", "\\frac{4}{2}"}, {"\\frac{4}{2}", "2"}, {"\\frac{2}{4}", "\\frac{1}{2}"},
          {"x>2", "(2,\\infty)"}, {"(2,\\infty)", "x>2"}});
}

TEST_CASE("an answer cannot be gamed") {
  check_all(Outcome::different,
      {{"5", ""}, {"5", " "}, {"5", "\\text{}"}, {"5", "5, 6, 7"}, {"5", "5 or 6"}, {"5", "4;5"},
          {"5", "5 \\text{ or } 6"}, {"5", "1 2 3 4 5"}, {"\\text{east}", ""},
          {"(2,\\infty)", "3x - 1 > 5"}, {"x = 4", "x^2 = 16"}, {"x=4", "x+1=5"},
          {"52_8", "42_{10}"}, {"5", "\\boxed{4} \\boxed{5}"}, {"5", "3 = 5"}, {"5", "\\{4, 5\\}"},
          {"5", "4 \\le x \\le 6"}, {"5", "5 \\pm 1"}, {"5", "5 factorial"}, {"25", "25 squared"},
          {"5", "|5"}});
}

TEST_CASE("with the question known, an echo of it is wrong, whatever it is worth") {
  GoldAnswer power("1024", {}, "Compute $2^{10}$.");
  CHECK(power.compare("2^{10}").outcome == Outcome::different);
  CHECK(power.compare("2^{10}").how.find("an echo of the question") != std::string::npos);
  CHECK(power.compare("1024").outcome == Outcome::equal);
  CHECK(power.compare("2^5 \\cdot 32").outcome == Outcome::different);
  GoldAnswer factors("(a+5)(b+2)", {}, "Factor $ab + 2a + 5b + 10$.");
  CHECK(factors.compare("ab+2a+5b+10").outcome == Outcome::different);
  CHECK(factors.compare("\\left(b+2\\right)(a+5)").outcome == Outcome::equal);
  GoldAnswer chosen("x^2+1", {}, "Which is irreducible, $x^2+1$ or $x^2-1$?");
  CHECK(chosen.compare("x^2+1").outcome == Outcome::equal);
  CHECK(chosen.compare("x^2-1").outcome == Outcome::different);
}

TEST_CASE("hostile sizes are answered in milliseconds") {
  const std::string huge = "\\dfrac{5^{(5^{(5^{(5^5)})}-4)}-5}{16}";
  const std::string tower = "5^{5^{5^{5^5}}}";
  const std::string deep_log = "\\ln \\ln \\ln \\ln \\ln 5^{5^{5^{5^5}}}";
  std::string nested;
  for (int i = 0; i < 200; ++i) nested += "\\sqrt{";
  nested += "2" + std::string(200, '}');
  std::string deep_power = "2";
  for (int i = 0; i < 30; ++i) deep_power = "2^{" + deep_power + "}";
  const std::string digits(4000, '9');
  const std::string brackets(3000, '(');
  const Pair pairs[] = {{huge, "3"}, {"3", huge}, {tower, "5"}, {"5", tower}, {deep_log, "3"},
      {"3", nested}, {"3", deep_power}, {"3", digits}, {"3", digits + "^" + digits},
      {"3", brackets}, {"3", "1000000!"}, {"3", "((100!)!)!"}, {"3", "2^{-10000000000}"},
      {"3", "1e99999999"}, {"3", "0.1e-99999"}, {"3", "\\binom{10^9}{5\\cdot 10^8}"},
      {"3", "(x+y+z+w)^{1000}"}, {"(x+1)^{60}", "(x+2)^{60}"}, {"3", "\\sqrt[1000000]{2}"},
      {"3", "0^{-1}"}, {"3", "\\sin 10^{10000}"}};
  for (const Pair& pair : pairs) {
    double start = processor_seconds();
    Comparison said = compare_answers(pair.gold, pair.answer);
    double taken = processor_seconds() - start;
    CAPTURE(pair.gold.substr(0, 60));
    CAPTURE(pair.answer.substr(0, 60));
    CHECK(said.outcome != Outcome::equal);
    CHECK(taken < 0.25);
  }
  check_all(Outcome::equal, {{tower, tower}, {huge, huge}});
  // Towers that cannot be computed are still certainly no small number.
  check_all(Outcome::different, {{"5", tower}, {"3", huge}, {"3", "-" + tower}, {"3", "((100!)!)!"},
                                    {"3", "1000000!"}, {tower, "5"}, {"3", "2\\cdot " + tower},
                                    {tower + "+1", "5"}, {tower + "-7+2^{99999}", "5"}});
  // An answer whose value nobody can know is no way to have no verdict.
  check_all(Outcome::different, {{"3", tower + "-" + tower}, {"3", "\\frac{1}{" + tower + "}"}});
}
