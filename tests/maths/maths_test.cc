// What is equal to what: one table for each form of answer and each rule.
#include "actors/rewards/maths/maths.h"

#include "tests/maths/cases.h"

#include <atomic>
#include <thread>
#include <utility>
#include <vector>

#include "tests/support/test.h"

using namespace tramontane;

TEST_CASE("integers compare by value, with any separator of thousands") {
  check_all(Outcome::equal,
      {{"12", "12"}, {"12", " 12. "}, {"12", "$12$"}, {"12", "\\(12\\)"}, {"12", "+12"},
          {"12", "012"}, {"-3", "- 3"}, {"-3", "−3"}, {"70", "070"}, {"1234567", "1,234,567"},
          {"1,234,567", "1{,}234{,}567"}, {"10,\\!080", "10080"}, {"1 000", "1000"},
          {"11,\\! 111,\\! 111,\\! 100", "11111111100"}, {"1000", "1\\,000"}, {"18", "१८"},
          {"18", "১৮"}, {"18", "๑๘"}, {"18", "１８"}, {"5", "**5**"}, {"5", "5.0"},
          {"5", "\\boxed{5}"}, {"5", "= 5"}, {"5", "5 \\\\\\\\"}, {"5", "$\\boxed{5}$"}});
  check_all(Outcome::different,
      {{"12", "-12"}, {"12", "13"}, {"12", "120"}, {"12", "1.2"}, {"12", ""}, {"12", "12 13"},
          {"12", "x"}, {"12", "twelve"}, {"5", "5!"}, {"5", "-(-(-5))"}});
}

TEST_CASE("rational functions are equal by proof, with whole powers of either sign") {
  for (const auto& [gold, answer] : std::vector<Pair>{{"(x+1)^2", "x^2+2x+1"},
           {"(x+y)^{-2}", "\\frac{1}{x^2+2xy+y^2}"}, {"x^{64}", "x^{32} x^{32}"},
           {"(x^2+1)^3", "x^6+3x^4+3x^2+1"}, {"(x-1)^{-1}(x^2-1)", "x+1"}}) {
    CAPTURE(gold);
    Comparison said = compare_answers(gold, answer);
    CHECK(said.outcome == Outcome::equal);
    CHECK(said.how.ends_with(": as rational functions"));
  }
}

TEST_CASE("a comma is the trap between a number and a list") {
  check_all(Outcome::different,
      {{"32,349", "{32, 349}"}, {"32,349", "\\{32,349\\}"}, {"\\{32, 349\\}", "32,349"},
          {"32,349", "32, 349"}, {"(2,125)", "2125"}, {"2125", "(2,125)"}, {"1,22", "1.22"},
          {"3,5", "3.5"}});
  check_all(
      Outcome::equal, {{"(2,125)", "(2, 125)"}, {"\\{32,349\\}", "\\{349, 32\\}"},
                          {"32349", "32,349"}, {"1.22", "1,22"}, {"1.22", "1{,}22"},
                          {"1234.56", "1.234,56"}, {"100, 200", "100,200"}, {"-1.5", "-1,5"}});
}

TEST_CASE("fractions in all spellings") {
  check_all(Outcome::equal,
      {{"\\frac{3}{4}", "3/4"}, {"\\frac34", "\\dfrac{3}{4}"}, {"\\frac 34", "\\tfrac{3}{4}"},
          {"\\frac{3}{4}", "0.75"}, {"\\frac{6}{8}", "\\frac{3}{4}"},
          {"-\\frac{1}{2}", "\\frac{-1}{2}"}, {"-\\frac{1}{2}", "\\frac{1}{-2}"},
          {"\\frac{243}{625}", "243/625"}, {"\\frac9{19}", "9/19"}, {"½", "0.5"},
          {"\\frac{\\frac12}{3}", "1/6"}, {"(3)/(4)", "3/4"}, {"1\\frac{4}{5}", "9/5"},
          {"137 \\frac{1}{2}", "137.5"}, {"1 1/2", "3/2"}, {"-1\\frac12", "-1.5"}, {"2½", "5/2"}});
  check_all(Outcome::different,
      {{"\\frac{3}{4}", "4/3"}, {"\\frac{3}{4}", "-3/4"}, {"\\frac{3}{4}", "3/40"},
          {"1\\frac{4}{5}", "4/5"}, {"3", "\\frac{1}{0}"}, {"3", "0/0"}});
}

TEST_CASE("a decimal stands for an exact value if it is that rounded, with enough digits") {
  check_all(Outcome::equal,
      {{"\\frac13", "0.3333"}, {"\\frac23", "0.6667"}, {"\\frac23", "0.66667"},
          {"40\\pi", "125.664"}, {"125.664", "40\\pi"}, {"\\sqrt2", "1.41421356"},
          {"\\frac{1}{7}", "0.142857"}, {"\\frac{20000}{\\pi}", "6366.198"},
          {"\\frac{1}{3}", "0.333..."}, {"\\frac{2}{3}", "0.666..."}, {"0.15", "\\frac{3}{20}"},
          {"6.02 \\times 10^{23}", "6.02e23"}, {".0000672", "6.72 \\times 10^{-5}"},
          {"0.\\overline{3}", "1/3"}, {"0.1\\overline{6}", "\\frac16"},
          {"0.\\overline{09}", "1/11"}, {".35625", "0.35625"}, {"3.21", "3.210"}});
  check_all(Outcome::different,
      {{"\\frac13", "0.333"}, {"\\frac13", "0.3334"}, {"\\frac23", "0.6666"}, {"\\sqrt2", "1.41"},
          {"\\sqrt2", "1.4143"}, {"40\\pi", "125.663"}, {"3.21", "3.2"}, {"0.1", "0.1001"},
          {"33", "33.0001"}, {"\\frac{1}{3}", "0.4"}, {"1", "0.9999"}, {"\\pi", "22/7"}});
}

TEST_CASE("the floor of digits is an option") {
  CompareOptions three;
  three.decimal_digits_min = 3;
  CHECK(compare_answers("\\frac13", "0.333", three).outcome == Outcome::equal);
  CHECK(compare_answers("\\pi", "3.14", three).outcome == Outcome::equal);
  CHECK(compare_answers("\\pi", "3.1", three).outcome == Outcome::different);
}

TEST_CASE("percent, money, units, degrees") {
  check_all(Outcome::equal,
      {{"10\\%", "0.1"}, {"10\\%", "10"}, {"10", "10%"}, {"10\\%", "10 \\text{ percent}"},
          {"\\$32,\\!348", "32348"}, {"\\$18.90", "18.9"}, {"\\$18.90", "\\$18.9"}, {"18", "$18"},
          {"5.4 \\text{ cents}", "\\$0.054"}, {"864 \\mbox{ inches}^2", "864"},
          {"864 \\mbox{ inches}^2", "864 \\text{ square inches}"}, {"15\\mbox{ cm}^2", "15 cm^2"},
          {"1 \\text{ m}", "100 \\text{ cm}"}, {"60 \\text{ mph}", "60"}, {"90^\\circ", "90"},
          {"90^\\circ", "\\frac{\\pi}{2}"}, {"90^\\circ", "90°"}, {"90", "90 degrees"},
          {"\\frac{270}7\\text{ degrees}", "\\frac{270}{7}"}, {"5", "5 apples"},
          {"5 \\text{ million}", "5,000,000"}, {"30 \\text{ m/s}", "30 \\text{ meters per second}"},
          {"3", "3 \\text{ hours}"}, {"180 \\text{ minutes}", "3 \\text{ hours}"},
          {"18", "\\$18 \\text{ per day}"}, {"60 \\text{ mph}", "60 \\text{ miles per hour}"}});
  check_all(Outcome::different,
      {{"10\\%", "1000"}, {"0.75", "0.75\\%"}, {"0.5\\%", "0.5"}, {"0.1", "10"}, {"10", "0.1"},
          {"10\\%", "0.1\\%"}, {"5 \\text{ cents}", "\\$5"},
          {"5 \\text{ apples}", "5 \\text{ oranges}"}, {"15\\mbox{ cm}^2", "15 \\text{ cm}"},
          {"5", "5 million"}, {"90^\\circ", "9^\\circ"}, {"5", "half of 5"}, {"5", "5 and a half"},
          {"5", "not 5"}, {"3", "3 less than 10"}});
  CompareOptions strict;
  strict.percent = PercentRule::strict;
  CHECK(compare_answers("10\\%", "10", strict).outcome == Outcome::different);
  CHECK(compare_answers("10\\%", "0.1", strict).outcome == Outcome::equal);
}

TEST_CASE("powers, roots, factorials, logarithms, trigonometry") {
  check_all(Outcome::equal,
      {{"2^{10}", "1024"}, {"5!", "120"}, {"\\binom{5}{2}", "10"}, {"\\sqrt{16}", "4"},
          {"3\\sqrt{13}", "\\sqrt{117}"}, {"\\sqrt2\\sqrt3", "\\sqrt6"}, {"\\sqrt[3]{-8}", "-2"},
          {"\\sqrt{3+2\\sqrt2}", "1+\\sqrt2"}, {"\\frac{\\sqrt3}{3}", "\\frac{1}{\\sqrt{3}}"},
          {"\\frac{\\log 8}{\\log 2}", "3"}, {"\\log_2 8", "3"}, {"\\log_4 8", "\\frac32"},
          {"\\ln e", "1"}, {"\\tan\\frac{\\pi}{12}", "2-\\sqrt3"}, {"\\sin 30^\\circ", "\\frac12"},
          {"\\cos(60^\\circ)", "0.5"}, {"\\arctan 1", "\\frac{\\pi}{4}"},
          {"\\sin^{-1} 1", "\\pi/2"}, {"\\frac{1+\\sqrt5}{2}", "\\frac{2}{\\sqrt5-1}"},
          {"|{-3}|", "3"}, {"|3-5|", "2"}, {"\\lfloor 3.7 \\rfloor", "3"},
          {"\\lceil 3.2 \\rceil", "4"}, {"2^{-1}", "0.5"}, {"27^{2/3}", "9"},
          {"11\\sqrt{5}+11", "11(1+\\sqrt5)"}, {"e^{i\\pi}", "-1"}, {"7\\pi", "7 \\cdot π"},
          {"√2", "\\sqrt{2}"}, {"2\\times 3", "6"}, {"6 \\div 3", "2"}});
  check_all(Outcome::different, {{"\\sqrt2", "\\sqrt3"}, {"7\\pi", "8\\pi"}, {"7\\pi", "7"},
                                    {"\\ln 2", "\\log_{10} 2"}, {"3\\sqrt{13}", "13\\sqrt3"},
                                    {"\\frac{1+\\sqrt5}{2}", "1.618034 + 0"}, {"2^{10}", "1025"}});
}

TEST_CASE("complex numbers") {
  check_all(Outcome::equal, {{"6 - 5i", "-5i+6"}, {"1+274i", "1 + 274 i"}, {"i^2", "-1"},
                                {"(1+i)^2", "2i"}, {"\\frac{1}{i}", "-i"}, {"|3+4i|", "5"}});
  check_all(Outcome::different, {{"6 - 5i", "6+5i"}, {"6 - 5i", "5 - 6i"}, {"6+9i", "6+9"}});
}

TEST_CASE("expressions with variables") {
  check_all(Outcome::equal,
      {{"x^3+3x-6", "-6+3x+x^3"}, {"(a+5)(b+2)", "ab+2a+5b+10"},
          {"\\cot x", "\\frac{\\cos x}{\\sin x}"}, {"\\sin^2 x + \\cos^2 x", "1"},
          {"\\frac{x^2-1}{x-1}", "x+1"}, {"\\sqrt{1/n}", "1/\\sqrt n"},
          {"\\cos x", "\\sin(90^\\circ-x)"}, {"2\\sin x\\cos x", "\\sin 2x"},
          {"|x|", "\\sqrt{x^2}"}, {"p - q", "-q+p"}, {"\\frac{11+9a}{20}", "\\frac{9a+11}{20}"},
          {"e^{x+1}", "e\\cdot e^x"}, {"x_1+x_2", "x_{2}+x_{1}"}, {"2^{n+1}", "2\\cdot 2^n"},
          {"(n+1)!", "(n+1)\\cdot n!"}, {"\\ln(xy)", "\\ln x + \\ln y"},
          {"\\alpha\\beta", "\\beta\\alpha"}, {"xyz", "zyx"}, {"6r^2-4r-24", "2(3r^2-2r-12)"}});
  check_all(Outcome::different,
      {{"x^3+3x-6", "x^3+3x+6"}, {"(x+1)^2", "x^2+2x+1+10^{-40}"}, {"3R^2", "3r^2"}, {"|x|", "x"},
          {"\\sqrt{x^2}", "x"}, {"f(2x)", "2f(x)"}, {"\\sin 2x", "2\\sin x"}, {"2k+2", "2k"},
          {"5r^5", "5r^4"}, {"x+y", "x-y"}, {"\\cot x", "\\tan x"}, {"x", "x + 10^{-30}"}});
}

TEST_CASE("tuples keep their order and their brackets") {
  check_all(Outcome::equal,
      {{"(3, \\frac{\\pi}{2})", "\\left(3,\\pi/2\\right)"}, {"(6,31,-1)", "(6, 31, -1)"},
          {"(1,2)", "\\langle 1, 2\\rangle"}, {"\\begin{pmatrix} 1 \\\\ 2 \\end{pmatrix}", "(1,2)"},
          {"(\\frac12, 3)", "(0.5, 3)"}});
  check_all(Outcome::different,
      {{"(1,2)", "(2,1)"}, {"(1,2)", "1,2"}, {"(1,2)", "[1,2]"}, {"(1,2)", "(1,2,3)"},
          {"(1,2)", "\\{1,2\\}"}, {"(1,2)", "1"}, {"(1,2)", "(1,-2)"}, {"(1,2)", "x = 1, y = 3"}});
}

TEST_CASE("sets and lists have no order") {
  check_all(Outcome::equal,
      {{"1,-2", "-2, 1"}, {"1,-2", "-2 \\text{ and } 1"}, {"1,-2", "\\{-2,1\\}"},
          {"3, 5, 7", "7, 3, and 5"}, {"\\{1,2\\}", "\\{2,1,1\\}"},
          {"1 \\pm \\sqrt{19}", "1-\\sqrt{19}, 1+\\sqrt{19}"},
          {"\\{1\\pm\\sqrt{5},-2\\}", "\\{-2,1-\\sqrt5,1+\\sqrt5\\}"}, {"\\{5\\}", "5"},
          {"1,-2", "x=1 \\text{ or } x=-2"}, {"x = \\pm 2", "2, -2"}, {"\\pm 2", "\\mp 2"},
          {"\\emptyset", "\\{\\}"}, {"\\emptyset", "no solution"}});
  check_all(
      Outcome::different, {{"1,-2", "1,-3"}, {"1,-2", "1"}, {"1", "1,-2"}, {"1,-2", "1,-2,3"},
                              {"1,1,2", "1,2"}, {"1 \\pm \\sqrt{19}", "1+\\sqrt{19}"},
                              {"5", "5 or 6"}, {"\\emptyset", "\\{0\\}"}, {"1,2", "x=1, y=2"}});
}

TEST_CASE("intervals: openness counts, order of a union does not") {
  check_all(Outcome::equal,
      {{"(3,4]", "\\left(3,4\\right]"},
          {"(-\\infty,2)\\cup(3,\\infty)", "(3,\\infty)\\cup(-\\infty,2)"}, {"(2,\\infty)", "x>2"},
          {"x \\in [-2,7]", "[-2,7]"}, {"[-2,7]", "-2 \\le x \\le 7"},
          {"x\\in[-2,7]", "7 \\geq x \\geq -2"},
          {"x < 2 \\text{ or } x > 3", "(-\\infty,2)\\cup(3,\\infty)"},
          {"(1,3)", "x > 1 \\text{ and } x < 3"}, {"\\mathbb{R}", "(-\\infty,\\infty)"},
          {"x \\ne 3", "(-\\infty,3)\\cup(3,\\infty)"},
          {"\\mathbb{R}\\setminus\\{3\\}", "x \\neq 3"}, {"(1,2)", "]1,2["},
          {"[2,\\infty)", "\\{x \\mid x \\ge 2\\}"}, {"(0,\\infty)", "(0,+\\infty)"}});
  check_all(Outcome::different,
      {{"(3,4]", "[3,4]"}, {"(3,4]", "(3,4)"}, {"(2,\\infty)", "x\\ge 2"}, {"(2,\\infty)", "x<2"},
          {"(2,\\infty)", "2x>4"}, {"(-\\infty,2)\\cup(3,\\infty)", "(-\\infty,2)"},
          {"(-\\infty,2)\\cup(3,\\infty)", "(-\\infty,2]\\cup(3,\\infty)"}, {"[-2,7]", "[2,7]"},
          {"(2,\\infty)", "(2,-\\infty)"}, {"x>2", "y>2"}});
}

TEST_CASE("matrices compare entry by entry") {
  check_all(Outcome::equal, {{"\\begin{pmatrix} -1 & 0 \\\\ 0 & -1 \\end{pmatrix}",
                                 "\\begin{bmatrix}-1&0\\\\0&-1\\\\\\end{bmatrix}"},
                                {"\\begin{pmatrix} 1/5 \\\\ -18/5 \\end{pmatrix}",
                                    "\\begin{pmatrix} 0.2 \\\\ -3.6 \\end{pmatrix}"}});
  check_all(Outcome::different,
      {{"\\begin{pmatrix} 1 & 2 \\end{pmatrix}", "\\begin{pmatrix} 1 \\\\ 2 \\end{pmatrix}"},
          {"\\begin{pmatrix} 1 & 2 \\\\ 3 & 4 \\end{pmatrix}",
              "\\begin{pmatrix} 1 & 3 \\\\ 2 & 4 \\end{pmatrix}"}});
}

TEST_CASE("equations, assignments and inequalities") {
  check_all(Outcome::equal,
      {{"x=5", "5"}, {"5", "x=5"}, {"5", "f(3) = 5"}, {"x=5", "x = 5"}, {"5", "\\text{Area} = 5"},
          {"5", "2+3=5"}, {"\\frac12", "x = \\frac12 = 0.5"}, {"\\sqrt2", "\\sqrt2 \\approx 1.41"},
          {"y = 2x + 3", "y = 3 + 2x"}, {"y = 2x + 3", "2x - y + 3 = 0"}, {"y = 2x + 3", "2x+3"},
          {"5x - 7y + 11z + 4 = 0", "-10x+14y-22z = 8"}, {"x=1,y=2", "y=2, x=1"}, {"x>2", "2<x"},
          {"2x < 4", "4 > 2x"}, {"|AB| = 5", "5"}, {"P(x) = x^2", "x^2"}, {"f^{-1}(x) = 2x", "2x"},
          {"\\frac{h(a+b)}{2}", "\\frac{(a+b)h}{2}"}});
  check_all(Outcome::different,
      {{"x=5", "x=6"}, {"x=5", "y=5"}, {"x=5", "2x=10"}, {"5", "x+1=6"}, {"5", "x = 5 = 6"},
          {"5x - 7y + 11z + 4 = 0", "5x - 7y + 11z - 4 = 0"}, {"y = -2x", "y = 2x"}, {"x>2", "x<2"},
          {"x>2", "x\\ge2"}, {"5", "x>5"}, {"5", "3=5"}, {"\\sqrt2", "\\sqrt2 \\approx 1.5"},
          {"0", "x^2 - 4 = 0"}, {"3x+2=0", "3x+2"}, {"3x+2=0", "0"}, {"3x+2", "3x+2=0"}});
}

TEST_CASE("choices, words, times, bases, ordinals") {
  check_all(Outcome::equal,
      {{"\\text{(C)}", "C"}, {"\\text{(C)}", "(C)"}, {"(C)", "\\textbf{(C) } 5"}, {"C", "(C)"},
          {"(c)", "C."}, {"\\text{Evelyn}", "Evelyn"}, {"\\text{even}", "\\text{ Even}"},
          {"\\text{east}", "East."}, {"\\text{ellipse}", "an ellipse"}, {"5:30", "5:30"},
          {"5:30 \\text{ p.m.}", "5:30 PM"}, {"5:30 \\text{ p.m.}", "5:30"}, {"3:4", "3 : 4"},
          {"52_8", "52_{8}"}, {"52_8", "52"}, {"5^{\\text{th}}", "5"}, {"5", "5th"}, {"21", "21st"},
          {"\\infty", "\\infty"}});
  check_all(Outcome::different,
      {{"\\text{(C)}", "(B)"}, {"\\text{(C)}", "(B) or (C)"}, {"(C)", "(A) (C)"},
          {"\\text{(C)}", ""}, {"\\text{Evelyn}", "Briana"}, {"\\text{east}", "seat"},
          {"\\text{east}", "east or west"}, {"5:30 \\text{ p.m.}", "5:30 a.m."}, {"5:30", "6:30"},
          {"3:4", "4:3"}, {"52_8", "42"}, {"52_8", "52_9"}, {"52_8", "52_{10}"},
          {"\\infty", "-\\infty"}, {"\\text{yes}", "no"}});
}

TEST_CASE("a gold answer that is not understood is equal to its own text only") {
  check_all(Outcome::equal,
      {{"\\int_0^1 x\\,dx", "\\int_0^1 x\\, dx"}, {"\\text{Friday, May 3}", "friday, May 3"}});
  check_all(Outcome::not_understood,
      {{"\\int_0^1 x\\,dx", "0.5"}, {"", "5"}, {"(1, 2", "5"}, {"\\sum_{k} k", "3"}});
}

TEST_CASE("a gold answer serves many completions") {
  GoldAnswer gold("\\frac{1}{2}");
  Comparison said;
  CHECK(gold.compare_quickly("0.5", said));
  CHECK(said.outcome == Outcome::equal);
  CHECK(gold.compare_quickly("x+1 = 2 = 3 = 4", said) == (said.outcome != Outcome::undecided));
  CHECK_FALSE(gold.compare_quickly("\\sin 30^\\circ", said));
  CHECK(gold.compare("\\sin 30^\\circ").outcome == Outcome::equal);
  GoldAnswer moved = std::move(gold);
  CHECK(moved.compare("\\frac24").outcome == Outcome::equal);
}

TEST_CASE("one gold answer may be compared from many threads") {
  const GoldAnswer constant("1+\\sqrt2");
  const GoldAnswer expression("(a+5)(b+2)");
  const GoldAnswer asked("1024", {}, "Compute $2^{10}$.");
  constexpr int threads = 4;
  constexpr int rounds = 20;
  std::atomic<int> right = 0;
  std::vector<std::thread> running;
  for (int i = 0; i < threads; ++i)
    running.emplace_back([&] {
      for (int round = 0; round < rounds; ++round) {
        if (constant.compare("\\sqrt{3+2\\sqrt2}").outcome == Outcome::equal) ++right;
        if (constant.compare("2.41421").outcome == Outcome::equal) ++right;
        if (expression.compare("ab+2a+5b+10").outcome == Outcome::equal) ++right;
        if (asked.compare("4^5").outcome == Outcome::different) ++right;
      }
    });
  for (std::thread& thread : running) thread.join();
  CHECK(right == 4 * threads * rounds);
}

TEST_CASE("evidence names both sides and the rule") {
  auto said = compare_answers("\\frac{1}{2}", "1 - \\frac{1}{2}");
  CHECK(said.how == "gold (1/2), answer (1 + -(1/2)): exactly 1/2");
}
