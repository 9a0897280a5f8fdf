// How answers are read: letters, characters, units, LaTeX's other spellings.
#include "actors/rewards/maths/maths.h"
#include "tests/maths/cases.h"

#include <string>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

std::string evidence(const std::string& gold, const std::string& answer) {
  return compare_answers(gold, answer).how;
}

bool mentions(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("quotation marks, and the words option and choice before a letter, are not read") {
  check_all(Outcome::equal,
      {{"\\text{east}", "\"east\""}, {"\\text{east}", "\\text{\"east\"}"}, {"42", "“42”"},
          {"\\text{east}", "``east''"}, {"\\text{(C)}", "Option C"}, {"\\text{(C)}", "option (C)"},
          {"C", "\\text{Choice C}"}, {"\\text{(C)}", "\\textbf{(C)}"}, {"\\text{Option C}", "C"}});
  check_all(Outcome::different,
      {{"\\text{east}", "\"west\""}, {"42", "“42” or “43”"}, {"\\text{(C)}", "Option D"},
          {"\\text{(C)}", "Option C or D"}, {"\\text{(C)}", "Option (C) and (D)"},
          {"\\text{(C)}", "not option C"}, {"\\text{(C)}", "options A, B, C"}});
}

TEST_CASE("letters that stand alone are a word, whose order counts") {
  check_all(Outcome::different,
      {{"HTH", "THH"}, {"HTH", "HHT"}, {"BCA", "ABC"}, {"BCA", "\\text{ABC}"}, {"A B C", "C B A"},
          {"AB", "BA"}, {"LRL", "L \\cdot L \\cdot R"}, {"BCA", "A*B*C"}, {"BCA", "x = ABC"},
          {"x = BCA", "x = ABC"}, {"(HTH, 1)", "(THH, 1)"}, {"HTH, TTH", "THH, HTT"},
          {"\\{HT, TT\\}", "\\{TH, TT\\}"}, {"\\text{HTH}", "THH"}, {"HTH", "\\mathrm{THH}"},
          {"No", "oN"}, {"No", "on"}, {"Al", "La"}, {"yes", "sey"}, {"Jan", "Naj"}, {"GCD", "CGD"},
          {"H_2O", "OH_2"}, {"H_2O", "H_3O"}, {"H_2O", "HO"}, {"CO2", "CO3"},
          {"C_6H_{12}O_6", "C_6H_{6}O_6"}, {"C_2H_4", "C_4H_2"}, {"CO_2", "O_2C"}, {"Aa", "AA"},
          {"AaBb", "aabb"}, {"NaCl", "ClNa"}});
  check_all(Outcome::equal,
      {{"HTH", "HTH"}, {"HTH", "H T H"}, {"HTH", "\\text{HTH}"}, {"HTH", "\\text{hth}"},
          {"HTH", "H \\cdot T \\cdot H"}, {"HTH, TTH", "TTH, HTH"}, {"No", "no"},
          {"No", "\\text{No}"}, {"No", "\\textbf{no}."}, {"NO", "No"}, {"Jan", "\\text{Jan}"},
          {"Al", "\\text{Al}"}, {"\\text{Ed}", "Ed"}, {"CO_2", "CO2"}, {"H_{2}O", "H_2O"},
          {"C_6H_{12}O_6", "C6H12O6"}, {"Na_2SO_4", "Na2SO4"}, {"Aa", "\\text{Aa}"}, {"yes", "Yes"},
          {"\\text{up}", "up"}});
}

TEST_CASE("variables still commute, and lengths have names") {
  check_all(Outcome::equal,
      {{"abc", "cba"}, {"xyz", "zyx"}, {"abc", "a^1b^1c^1"}, {"2AB", "2BA"}, {"AB+CD", "CD+AB"},
          {"\\frac{AB}{CD}", "AB/(CD)"}, {"AB=CD", "CD=AB"}, {"AB=5", "5"}, {"Bh", "hB"}});
}

TEST_CASE("characters are read whole") {
  check_all(Outcome::equal,
      {{"10^{23}", "10²³"}, {"x^{10}", "x¹⁰"}, {"x^2y^3", "x²y³"}, {"2^{-3}", "2⁻³"},
          {"x^{n+1}", "xⁿ⁺¹"}, {"x_{10}", "x₁₀"}, {"\\sqrt{12}", "√12"}, {"\\sqrt[3]{2}", "∛2"},
          {"\\sqrt[4]{12}", "∜12"}, {"\\frac34", "3⁄4"}, {"\\frac58", "⅝"}, {"2\\frac{1}{6}", "2⅙"},
          {"90^\\circ", "90º"}, {"90^\\circ", "90˚"}, {"-5", "−5℃"}, {"25℃", "25"}, {"5", "𝟓"},
          {"x+1", "𝑥+1"}, {"2024", "２０２４"}, {"x=5", "ｘ＝５"}, {"1.5", "１．５"},
          {"x\\ne3", "x ≠ 3"}, {"x \\ne 3", "x ≠ 3"}, {"5", "\u200b5"}, {"5", "5\u2060"},
          {"12", "1\u200d2"}, {"5", "\u202e5"}, {"\\frac{\\pi}{2}", "π／2"}});
  check_all(Outcome::different,
      {{"10^8", "10²³"}, {"10", "10⁻¹⁰"}, {"12", "√12"}, {"5", "5⁰"}, {"5", "5‰"}, {"5", "⁵"},
          {"5", "5⊕"}, {"5", "5☃"}, {"5", "5\\\"3"}, {"①②", "①③"}});
}

TEST_CASE("an unknown character is named, never cut into bytes") {
  CHECK(mentions(evidence("5", "5☃"), "the character '☃' (U+2603), which is not read"));
  CHECK(mentions(evidence("5", "\xff"), "the byte 0xFF"));
  CHECK(mentions(evidence("5", "5⊕6"), "cannot read \\oplus"));
  std::string long_answer;
  for (int i = 0; i < 60; ++i) long_answer += "元";
  CHECK(mentions(evidence("5", long_answer), "元…"));
}

TEST_CASE("words of other scripts are words, counters and currencies units") {
  check_all(Outcome::equal,
      {{"5", "5 个"}, {"5", "5人"}, {"20 元", "20"}, {"₹500", "500"}, {"300", "300฿"},
          {"€5", "5 €"}, {"£3", "3£"}, {"5 米", "500 cm"}, {"5", "5 яблок"}, {"5 €", "5 euros"},
          {"m<-2 \\text{ or } m>2", "m<-2或m>2"}, {"1, 2", "1和2"}, {"1, 2", "1、2"},
          {"是", "是"}});
  check_all(Outcome::different, {{"₹500", "€500"}, {"5 个", "5 人"}, {"20 元", "2"}});
}

TEST_CASE("a list of numbers without spaces is not thousands") {
  check_all(Outcome::equal, {{"14,15,600", "600, 15, 14"}, {"4,6,14,150", "150, 14, 6, 4"},
                                {"1,234, 5,678", "5678, 1234"}});
  check_all(Outcome::different, {{"14,15,600", "14, 15600"}, {"12, 144", "12144"}});
}

TEST_CASE("units in plain letters and of physics") {
  check_all(Outcome::equal,
      {{"60 km/h", "60 \\frac{km}{h}"}, {"60 km/h", "60 \\text{ kilometers per hour}"},
          {"36 km/h", "10 m/s"}, {"10 m/s^2", "10 \\text{ m/s}^2"}, {"3 N", "3 \\text{ newtons}"},
          {"9.8 \\text{ m/s}^2", "9.8 \\frac{m}{s^2}"}, {"9.8 m/s^2", "9.8 \\text{ m s}^{-2}"},
          {"9.8 m/s^2", "9.8\\,\\mathrm{m\\cdot s^{-2}}"}, {"5 \\Omega", "5 \\text{ ohms}"},
          {"5 \\text{ V}", "5 \\text{ volts}"}, {"5 \\text{ kW}", "5000 W"},
          {"5 \\text{ J}", "5 \\text{ N}\\cdot\\text{m}"}, {"3 \\text{ eV}", "3 eV"},
          {"2 \\text{ L}", "2000 \\text{ mL}"}, {"1 \\text{ L}", "1000 \\text{ cm}^3"},
          {"1 \\text{ mol}", "1 \\text{ mole}"}, {"5 \\text{ min}", "5 minutes"},
          {"5 \\text{ hours}", "5 h"}, {"5 \\text{ m}", "5m"}, {"5 kHz", "5000 Hz"},
          {"5000 \\text{ m}", "5 \\text{ KM}"}, {"500 \\text{ cm}", "5000 MM"},
          {"5 \\mu m", "5 \\text{ micrometers}"}, {"3 N", "3"}, {"\\frac{3}{4} h", "45 min"}});
  check_all(Outcome::different,
      {{"5m", "5"}, {"5 \\text{ m}", "5x"}, {"5 \\text{ J}", "5 \\text{ N}"}, {"5 mV", "5 MV"},
          {"3 m + 2 s", "5"}, {"60 km/h", "60 m/s"}, {"5 \\text{ N}", "5 \\text{ kN}"}});
}

TEST_CASE("mixed quantities are one") {
  check_all(Outcome::equal,
      {{"2 hours 30 minutes", "2.5 hours"},
          {"2 \\text{ hours and } 30 \\text{ minutes}", "150 min"},
          {"5 \\text{ ft } 3 \\text{ in}", "63 inches"}, {"30^\\circ 30'", "30.5^\\circ"},
          {"30°15'36''", "30.26°"}, {"2 h 5 min", "125 minutes"}});
  check_all(
      Outcome::different, {{"2 hours 30 minutes", "2.3 hours"}, {"3 apples and 5 oranges", "8"},
                              {"30^\\circ 30'", "30^\\circ"}, {"3 cm and 5 cm", "8 cm"}});
}

TEST_CASE("LaTeX that colours, underlines, and puts the sign between") {
  check_all(Outcome::equal,
      {{"5", "\\underline{5}"}, {"5", "\\textcolor{red}{5}"}, {"5", "\\color{red}{5}"},
          {"5", "\\color{blue} 5"}, {"5", "\\colorbox{yellow}{$5$}"}, {"5", "5 \\tag{1}"},
          {"5", "\\underline{\\mathbf{5}}"}, {"\\frac12", "{1 \\over 2}"},
          {"\\frac12", "1 \\over 2"}, {"\\frac{1}{x+1}", "{1 \\over {x+1}}"},
          {"\\frac12 + 1", "{1 \\over 2} + 1"}, {"10", "{5 \\choose 2}"},
          {"\\binom{n}{k}", "{n \\choose k}"}, {"1500", "1.5 x 10^3"}, {"90^\\circ", "90\\degree"},
          {"\\vec{a}+\\vec b", "\\mathbf{a}+\\mathbf{b}"}, {"1024", "2**10"},
          {"10^{12}", "10^12"}});
  check_all(Outcome::different, {{"5", "\\textcolor{5}{6}"}, {"\\frac12", "{2 \\over 1}"},
                                    {"1500", "1.5 y 10^3"}, {"5", "\\color{5}"}});
}

TEST_CASE("an answer is what LaTeX shows") {
  check_all(
      Outcome::different, {{"x^{10}", "x^10"}, {"\\sqrt{12}", "\\sqrt12"}, {"x^{12}", "x^{1}2"}});
  CHECK(mentions(evidence("x^{10}", "x^10"), "without braces"));
}

TEST_CASE("a choice is one letter, with or without what it stands for") {
  check_all(Outcome::equal,
      {{"B", "(B) 7"}, {"B", "B) 7"}, {"B", "\\textbf{(B)}\\ 7"}, {"B", "B. x+A"},
          {"B", "(B) 1, 2"}, {"7", "B) 7"}, {"7", "\\text{(B) } 7"}, {"(0,1)", "(B) (0,1)"},
          {"\\frac12", "\\textbf{(B)}\\ \\frac{1}{2}"}, {"(B) 7", "7"}, {"No", "B) No"}});
  check_all(Outcome::different,
      {{"7", "B) 8"}, {"(B) 7", "8"}, {"B", "B) C"}, {"B", "(B) (C)"}, {"B", "B B"},
          {"B", "B) 7 C) 8"}, {"B", "A: B: C: D:"}, {"B", "A. 5 B. 6"}, {"A", "A) B) C)"},
          {"A", "(A), C"}, {"A", "(A) or C"}, {"A", "(A), (C)"}, {"7", "B) 7 or 8"}});
}

TEST_CASE("names in front of tuples and lists may be left out, never exchanged") {
  check_all(Outcome::equal,
      {{"(1,2)", "(x,y)=(1,2)"}, {"(x,y)=(1,2)", "(1,2)"}, {"(p,q)=(3,2)", "p=3,q=2"},
          {"x=1,y=2", "(1,2)"}, {"y=2, x=1", "(1,2)"}, {"a=1,b=2", "(a,b)=(1,2)"},
          {"(x,y)=(1,2)", "(y,x)=(2,1)"}, {"(5,8),(8,5)", "(x,y)=(5,8),(8,5)"},
          {"(5,8),(8,5)", "(x,y)=(8,5) \\text{ and } (5,8)"},
          {"(5,8),(8,5)", "(x,y)\\in\\{(5,8),(8,5)\\}"}, {"P(1,2)", "(1,2)"}, {"(1,2)", "P(1,2)"},
          {"P(1,2)", "P(1,\\frac42)"}, {"1, 2", "x_1=1, x_2=2"}, {"x_1=1, x_2=2", "2, 1"},
          {"(1,2,3)", "(x,y,z)=(1,2,3)"}});
  check_all(Outcome::different,
      {{"(1,2)", "(x,y)=(2,1)"}, {"(x,y)=(1,2)", "(y,x)=(1,2)"}, {"(a,b)=(1,2)", "a=2,b=1"},
          {"(x,y)=(1,2)", "(2,1)"}, {"(x,y)=(1,2)", "(a,b)=(1,2)"}, {"P(1,2)", "Q(1,2)"},
          {"(5,8),(8,5)", "(x,y)=(5,8)"}, {"1, 2", "x=1, y=2"}, {"x=1,y=2", "(2,1)"},
          {"1, 2", "x_1=1, x_2=3"}});
}

TEST_CASE("up to four quantities in a row are one, if they are of one dimension") {
  check_all(Outcome::equal, {{"93784 \\text{ s}", "1 day 2 hours 3 minutes 4 seconds"},
                                {"1 day 2 hours 3 minutes 4 seconds", "93784 \\text{ s}"},
                                {"7384 \\text{ s}", "2 hours 3 minutes 4 seconds"}});
  check_all(Outcome::different, {{"93780 \\text{ s}", "1 day 2 hours 3 minutes 4 seconds"},
                                    {"93784 \\text{ s}", "1 day 2 hours 3 minutes"}});
}

TEST_CASE("a small letter without brackets chooses nothing") {
  check_all(Outcome::equal, {{"A", "A."}, {"A", "(a)"}, {"B", "B: 7"}});
  check_all(Outcome::different, {{"A", "a."}, {"A", "a"}, {"A", "a)"}, {"B", "b: 7"}});
}

TEST_CASE("a second choice is one wherever it stands") {
  check_all(Outcome::different,
      {{"A", "A. 5 B. 6"}, {"A", "A) 5 (B) 6"}, {"A", "A. 5, B. 6"}, {"A", "A: 5; B: 6"},
          {"A", "A) 5 B: 6"}, {"A", "A. 5 B) 6"}, {"A", "A. x. B"}, {"A", "A: (5) B"}});
}

TEST_CASE("minutes and seconds of a degree are parts of it, with braces about it or without") {
  check_all(Outcome::equal,
      {{"30.5^\\circ", "30^\\circ 30'"}, {"30.5^\\circ", "30^{\\circ} 30'"},
          {"30.51^\\circ", "30^{\\circ} 30' 36\""}, {"30.51^\\circ", "30^\\circ 30' 36''"},
          {"30.01^\\circ", "30^\\circ 36''"}, {"60.5^\\circ", "30^\\circ + 30^\\circ 30'"}});
  check_all(Outcome::different,
      {{"30.3^\\circ", "30^\\circ 30'"}, {"30.51^\\circ", "30^\\circ 36' 30''"}});
}

TEST_CASE("a bar parts a set from its condition, also behind a set that had one") {
  check_all(Outcome::equal, {{"\\{a, \\{x : x>1\\} : a > 2\\}", "\\{a, \\{x | x>1\\} | a > 2\\}"},
                                {"(2, \\infty)", "\\{x | x > 2\\}"}, {"|x|", "x \\cdot |x| / x"}});
}

TEST_CASE("min behind a number is minutes, unless it is applied to something") {
  check_all(Outcome::equal,
      {{"15", "5 min(3,5)"}, {"15", "5 min{3,5}"}, {"15", "5 min\\{3,5\\}"}, {"300 s", "5 min"}});
  check_all(Outcome::different, {{"15", "5 min"}, {"5", "5 min{3,5}"}});
}
