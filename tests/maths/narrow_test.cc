// Nothing is equal because nothing is known: values that are known too loosely, in every place
// where a value can stand.
#include "actors/rewards/maths/enclosure.h"
#include "actors/rewards/maths/maths.h"
#include "tests/maths/cases.h"

#include <string>
#include <vector>

#include "tests/support/test.h"

using namespace tramontane;
using namespace tramontane::maths;

namespace {

std::string replaced(std::string text, const std::string& value) {
  for (std::size_t at = 0; (at = text.find('@', at)) != text.npos; at += value.size())
    text.replace(at, 1, value);
  return text;
}

// Differences of what is too large, or too fine, to be told from zero.
std::vector<std::string> loose_values() {
  const char* large[] = {"9^{9^9}", "e^{e^{e^9}}", "\\sqrt2^{9999}", "e^{4000}", "(10^9)!",
      "\\lfloor 10^{1000}\\pi\\rfloor", "\\ln 0"};
  const char* forms[] = {"x+@-@", "@-@", "x(@-@)", "(@-@)^2", "\\sin(x+@-@)", "\\cos(@)x",
      "|x+@-@|", "\\frac{@}{@}(@-@)", "x+y+@-@", "\\sqrt{x+@-@}", "(@-@)i", "n+@-@",
      "\\lfloor x+@-@\\rfloor", "e^{@}x-e^{@}x", "\\max(x, @-@)"};
  std::vector<std::string> out;
  for (const char* form : forms)
    for (const char* value : large) out.push_back(replaced(form, value));
  return out;
}

// Where a value can stand; and what stands there otherwise.
struct Place {
  const char* gold;
  const char* answer;
};

const Place places[] = {{"42", "@"}, {"-7", "@"}, {"\\frac{3}{7}", "@"}, {"\\sqrt2", "@"},
    {"\\pi", "@"}, {"3.1416", "@"}, {"2.5", "@"}, {"10^{50}", "@"}, {"x^2", "@"}, {"\\sin x", "@"},
    {"|x-5|", "@"}, {"\\lfloor n/2\\rfloor", "@"}, {"3+4i", "@"}, {"\\ln|x|+C", "@"},
    {"90^\\circ", "@"}, {"90^\\circ", "@^\\circ"}, {"50\\%", "@\\%"}, {"5\\text{ cm}", "@"},
    {"5\\text{ cm}", "(@)\\text{ m}"}, {"\\$5", "\\$@"}, {"(1,2)", "(@,@)"}, {"(1,2)", "(1,@)"},
    {"[0,1]", "[@,@]"}, {"[0,1]", "[0,@]"}, {"(-\\infty,3)", "(-\\infty,@)"}, {"x>3", "x>@"},
    {"(0,1)\\cup(2,3)", "(0,@)\\cup(@,3)"}, {"\\{1,2,3\\}", "\\{@,@,@\\}"}, {"1,2", "@,@"},
    {"1\\pm\\sqrt2", "@\\pm@"}, {"x=5", "x=@"}, {"y=2x+1", "y=@"}, {"2x+3y=6", "@=6"},
    {"2x+3y=6", "2x+@=6"}, {"2x+3y<6", "@<6"}, {"3:4", "@:4"}, {"A", "@"}, {"\\text{east}", "@"},
    {"\\begin{pmatrix}1\\\\2\\end{pmatrix}", "\\begin{pmatrix}@\\\\@\\end{pmatrix}"},
    {"f(x)=x^2", "f(x)=@"}, {"\\infty", "@"}, {"5!", "@"}, {"1+\\frac13\\approx1.3333", "@"}};

}  // namespace

TEST_CASE("a value that is known loosely equals nothing, wherever it stands") {
  const auto loose = loose_values();
  std::size_t compared = 0;
  for (const Place& place : places)
    for (const std::string& value : loose) {
      std::string answer = replaced(place.answer, value);
      Comparison said = compare_answers(place.gold, answer);
      CAPTURE(place.gold);
      CAPTURE(answer);
      CAPTURE(said.how);
      CHECK(std::string(name(said.outcome)) == "different");
      ++compared;
    }
  MESSAGE(compared, " comparisons");
}

TEST_CASE("a gold answer that is known loosely equals nothing but its own text") {
  for (const char* gold : {"x+9^{9^9}-9^{9^9}", "e^{4000}x-e^{4000}x+\\sin x"})
    for (const char* answer : {"5", "x", "x^2", "y+9^{9^9}-9^{9^9}", "\\sin x + 10^{-3}"}) {
      Comparison said = compare_answers(gold, answer);
      CAPTURE(answer);
      CAPTURE(said.how);
      CHECK(said.outcome != Outcome::equal);
    }
}

TEST_CASE("terms that are lost in the precision are looked for with more, or hold nothing equal") {
  check_all(Outcome::different,
      {{"x^2\\sin x", "x^2\\sin x + 10^{-100}"}, {"\\sin x", "\\sin x + 10^{-400}x"},
          {"\\sin x", "\\sin x + 10^{-1000}\\cos x"}, {"x\\ln x", "x\\ln x\\cos(10^{-90}x)"},
          {"\\sqrt2", "\\sqrt2+10^{-300}"}, {"x\\sin x", "x\\sin x\\tanh(99x)"},
          {"\\sqrt2", "\\sqrt2+10^{-3000}"}, {"x+\\sin x", "x^{1+10^{-200}}+\\sin x"},
          {"\\sin x", "\\sin x+e^{-e^{e^{9}}}"}});
}

TEST_CASE("evidence says how closely the values are known") {
  Comparison said = compare_answers("2\\sin x\\cos x", "\\sin 2x");
  CHECK(said.outcome == Outcome::equal);
  CHECK(said.how.find("equal at ") != said.how.npos);
  CHECK(said.how.find(" bits at least") != said.how.npos);
  said = compare_answers("42", "x+9^{9^9}-9^{9^9}");
  CHECK(said.how.find("the answer has no value that is known closely enough") != said.how.npos);
}

TEST_CASE("an enclosure knows what adding has lost") {
  auto bits = [](const char* small) {
    Node tiny = make(
        Kind::power, make(Kind::number, "10"), make(Kind::negative, make(Kind::number, small)));
    Node sum = make(Kind::sum, make(Kind::constant, "pi"), std::move(tiny));
    Enclosure value;
    REQUIRE(enclose(sum, {}, 192, value));
    return value.known_bits();
  };
  CHECK(bits("3") > 100);
  CHECK(bits("900") == 0);
}

TEST_CASE("an answer without a value is wrong where the gold answer has one") {
  check_all(Outcome::different,
      {{"1", "(y+\\frac{7}{0})^{0}"}, {"x", "x(y+\\frac{7}{0})^{0}"}, {"1", "(\\frac{x}{x-x})^0"},
          {"7", "\\frac{x}{x-x}"}, {"7", "\\frac{1}{0}"}, {"7", "\\ln 0"}, {"7", "\\frac{x}{0}"},
          {"x+1", "\\frac{x+1}{x-x}"}, {"\\sqrt2", "\\frac{\\sqrt2}{\\sin\\pi}"}, {"7", "f(7)"},
          {"x^2", "\\ln(0\\cdot x)"}, {"7", "9^{9^{9^9}}-9^{9^{9^9}}+7"}, {"7", "7^{7^{7^7}}"},
          {"7", "7+\\frac{1}{7^{7^{7^7}}}"}, {"(1,2)", "(1,\\frac{x}{x-x})"}, {"7", "0^{-1}"},
          {"\\{1,2\\}", "\\{1,\\frac{x}{x-x}\\}"}, {"x=7", "x=\\frac{y}{y-y}"},
          {"y=2x", "y=\\frac{x}{x-x}"}, {"2x+y=3", "\\frac{x}{x-x}+y=3"}, {"x<3", "x<\\frac{y}{0}"},
          {"7", "\\gcd(x,y)"}, {"7", "\\lfloor i\\rfloor"}, {"7", "\\sum_{k=1}^{10^{30}}k"}});
}

TEST_CASE("expressions are compared where they change their form") {
  check_all(Outcome::different,
      {{"|x-5|", "5-x"}, {"|x-4|", "4-x"}, {"|x+5|", "x+5"}, {"|x-5000|", "5000-x"},
          {"|x-10^8|", "10^8-x"}, {"|x-1|+|x-10|", "10-x+|x-1|"}, {"\\sqrt{x^2-10x+25}", "5-x"},
          {"\\sqrt{(x-300)^2}", "300-x"}, {"\\lfloor x\\rfloor", "\\lfloor x+0.001\\rfloor"},
          {"\\lfloor x\\rfloor", "\\lfloor x+10^{-9}\\rfloor"},
          {"\\lfloor x\\rfloor", "\\lceil x\\rceil-1"},
          {"\\lceil x\\rceil", "\\lfloor x\\rfloor+1"},
          {"\\lfloor x/10\\rfloor", "\\lfloor x/20\\rfloor"}, {"\\lfloor x/900\\rfloor", "0"},
          {"\\max(x,4)", "4"}, {"\\max(x,4)", "x"}, {"\\min(x,7)", "x"}, {"|x^2-50|", "50-x^2"},
          {"\\arccos(\\cos x)", "|x|"}, {"\\arcsin(\\sin(x/9))", "x/9"}, {"|2a-9b|", "9b-2a"},
          {"||x|-6|", "6-|x|"}, {"y=|x-5|", "y=5-x"}, {"\\frac{|x-9|}{x-9}", "-1"},
          {"\\operatorname{sgn}(x-8)", "-1"}, {"\\sqrt[4]{(x-20)^4}", "20-x"}});
  check_all(Outcome::equal,
      {{"|x-5|", "|5-x|"}, {"|x-5|", "\\sqrt{(x-5)^2}"}, {"|x-5|", "\\max(x-5,5-x)"},
          {"\\max(a,b)", "\\frac{a+b+|a-b|}{2}"}, {"\\lfloor x+3\\rfloor", "\\lfloor x\\rfloor+3"},
          {"\\lceil x\\rceil", "-\\lfloor -x\\rfloor"}, {"y=|x-5|", "y=|5-x|"},
          {"\\ln(x^2)", "2\\ln|x|"}, {"\\ln\\frac{x-5}{x+5}", "\\ln(x-5)-\\ln(x+5)"}});
}

TEST_CASE("roots and powers agree on the stated domain") {
  check_all(
      Outcome::equal, {{"\\sqrt{ab}", "\\sqrt a\\sqrt b"}, {"\\sqrt a\\sqrt b", "\\sqrt{ab}"},
                          {"\\sqrt[3]{x}", "x^{1/3}"}, {"x^{2/3}", "\\sqrt[3]{x^2}"},
                          {"\\sqrt{\\frac{a}{b}}", "\\frac{\\sqrt a}{\\sqrt b}"},
                          {"x^{3/2}", "x\\sqrt x"}, {"\\sqrt{x^3}", "x\\sqrt{x}"},
                          {"\\ln(ab)", "\\ln a+\\ln b"}, {"(xy)^{1/2}", "\\sqrt{x}\\sqrt{y}"}});
  check_all(
      Outcome::different, {{"|x|", "\\sqrt{x}^2"}, {"|x|", "e^{\\ln x}"}, {"\\sqrt{x^2}", "x"},
                              {"\\sqrt{ab}", "\\sqrt{a}b"}, {"\\sqrt{a+b}", "\\sqrt a+\\sqrt b"},
                              {"x^{2/3}", "\\sqrt{x^3}"}});
}

TEST_CASE("what is made for whole numbers is compared at whole numbers") {
  check_all(Outcome::equal,
      {{"\\lceil n/2\\rceil", "\\lfloor (n+1)/2\\rfloor"}, {"(-1)^n", "\\cos(\\pi n)"},
          {"\\lceil\\log_2(n+1)\\rceil", "\\lfloor\\log_2 n\\rfloor+1"},
          {"\\lfloor n/2\\rfloor", "\\frac{2n-1+(-1)^n}{4}"}, {"\\cos(n\\pi)", "(-1)^n"},
          {"\\binom{n}{k}", "\\frac{n!}{k!(n-k)!}"}, {"\\binom{n}{k}", "\\binom{n}{n-k}"},
          {"\\left\\lfloor\\frac{n^2}{4}\\right\\rfloor",
              "\\lfloor n/2\\rfloor\\lceil n/2\\rceil"}});
  check_all(Outcome::different,
      {{"\\lfloor\\sqrt{n}\\rfloor", "\\lfloor\\frac{n+1}{2}\\rfloor"},
          {"\\lfloor\\sqrt{n-1}\\rfloor", "\\lfloor n-1\\rfloor"}, {"(-1)^n", "1"},
          {"\\lfloor\\frac n4\\rfloor", "\\lfloor\\frac n5\\rfloor"},
          {"\\lceil\\log_2 n\\rceil", "\\lfloor\\log_2 n\\rfloor+1"},
          {"\\binom{n}{k}", "\\binom{n}{2}"},
          {"\\lfloor n/1000\\rfloor", "\\lfloor (n+1)/1000\\rfloor"}, {"x", "x+\\sin(\\pi x)"},
          {"1", "\\cos(2\\pi n)"}, {"\\lceil x/2\\rceil", "\\lfloor (x+1)/2\\rfloor"},
          {"(-1)^n", "\\cos(2\\pi n)"}});
}
