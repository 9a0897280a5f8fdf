// What is computed, not matched: sets, families, residues, ratios, sums, matrices.
#include "actors/rewards/maths/maths.h"
#include "tests/maths/cases.h"

#include "tests/support/test.h"

using namespace tramontane;

TEST_CASE("sets of real numbers are the numbers in them") {
  check_all(Outcome::equal,
      {{"(-\\infty,2)\\cup(1,3)", "(-\\infty,3)"}, {"[0,1]\\cup[1,2]", "[0,2]"},
          {"(-\\infty,0)\\cup(1,\\infty)", "\\mathbb{R}\\setminus[0,1]"},
          {"\\mathbb{R}\\setminus\\{0,1\\}", "(-\\infty,0)\\cup(0,1)\\cup(1,\\infty)"},
          {"(0,5)\\cap(3,8)", "(3,5)"}, {"(3,5)", "(0,5)\\cap(3,8)"}, {"(-1,3)", "|x-1|<2"},
          {"|x|\\ge 2", "(-\\infty,-2]\\cup[2,\\infty)"}, {"[0,1]^c", "x<0 \\text{ or } x>1"},
          {"x \\in (1,2) \\cup (2,3)", "1<x<3, x\\ne 2"},
          {"x<1, x>2", "(-\\infty,1)\\cup(2,\\infty)"}, {"(-\\infty,\\sqrt2)\\cup(1,2)", "x<2"},
          {"[0,2]\\setminus(0,2)", "\\{0,2\\}"}, {"\\{1,2\\}\\cup[3,4]", "[3,4]\\cup\\{2,1\\}"},
          {"\\{1\\}\\cup(1,2)", "[1,2)"}, {"x\\ne 3", "\\mathbb{R}\\setminus\\{3\\}"},
          {"(a,b)\\cup(c,d)", "(c,d)\\cup(a,b)"}});
  check_all(Outcome::different,
      {{"[0,1)\\cup(1,2]", "[0,2]"}, {"(-\\infty,3)", "(-\\infty,2)\\cup(2,3)"},
          {"x>2", "x>2, x\\ne 5"}, {"(0,5)\\cap(3,8)", "(0,8)"},
          {"\\mathbb{R}\\setminus[0,1]", "(-\\infty,0]\\cup(1,\\infty)"}, {"(-1,3)", "|x-1|\\le 2"},
          {"(-1,3)", "|x-1|>2"}, {"[0,1]^c", "(0,1)^c"}, {"(0,1)\\cup(2,3)", "(0,3)"},
          {"\\{0,2\\}", "[0,2]"}, {"(\\sqrt2,\\sqrt3)\\cup(4,5)", "(1.4,\\sqrt3)\\cup(4,5)"}});
}

TEST_CASE("an interval that begins where all numbers end is empty") {
  for (const char* empty : {"(-\\infty,-\\infty)", "(\\infty,\\infty)", "(\\infty,-\\infty)",
           "(5,5]", "(\\infty,4)", "(8,3)"}) {
    std::string twice = std::string(empty) + "\\cup" + empty;
    check_all(
        Outcome::different, {{"(-\\infty,6)", empty}, {"(-\\infty,6)", twice},
                                {"\\mathbb{R}", empty}, {"\\mathbb{R}", twice},
                                {"(6,\\infty)", twice}, {"\\mathbb{R}\\setminus\\{5\\}", twice}});
    check_all(Outcome::equal, {{"(1,2)\\cup(3,4)", twice + "\\cup(1,2)\\cup(3,4)"}});
  }
}

TEST_CASE("finite sets are listed") {
  check_all(Outcome::equal,
      {{"\\{1,2,3\\}", "\\{1,2\\}\\cup\\{3\\}"}, {"\\{1,3\\}", "\\{1,2,3\\}\\setminus\\{2\\}"},
          {"\\{a,b\\}\\cap\\{b,c\\}", "\\{b\\}"},
          {"\\{(1,2),(3,4)\\}", "\\{(3,4)\\}\\cup\\{(1,2)\\}"},
          {"\\{0,1,2\\}", "\\{x\\in\\mathbb{Z} \\mid 0\\le x<3\\}"}});
  check_all(Outcome::different,
      {{"\\{1,2,3\\}", "\\{1,2\\}\\cup\\{4\\}"}, {"\\{1,2\\}", "\\{1,2,3\\}\\setminus\\{2\\}"},
          {"[0,1]", "\\{x\\in\\mathbb{Z} \\mid 0\\le x\\le 1\\}"}});
}

TEST_CASE("families are the values in them, whatever counts them") {
  check_all(Outcome::equal,
      {{"2k\\pi, k\\in\\mathbb{Z}", "2n\\pi, n\\in\\mathbb{Z}"},
          {"\\{\\pi, n^2\\pi\\}", "\\{n^2\\pi, \\pi\\}"},  // no even steps, a fixed member
          {"\\{\\pi, \\frac{\\pi}{2}+n\\pi\\}", "\\{\\frac{\\pi}{2}+k\\pi, \\pi\\}"},
          {"2k\\pi", "2\\pi k, k\\in\\mathbb{Z}"}, {"2k\\pi", "2k\\pi \\text{ for integer } k"},
          {"\\frac{\\pi}{4}+k\\pi", "\\frac{\\pi}{4}+n\\pi"},
          {"\\frac{\\pi}{6}+2k\\pi (k\\in\\mathbb{Z})", "\\frac{\\pi}{6}+2k\\pi"},
          {"\\frac{\\pi}{4}+\\frac{k\\pi}{2}, k\\in\\mathbb{Z}",
              "\\frac{\\pi}{4}+n\\pi, \\frac{3\\pi}{4}+n\\pi, n\\in\\mathbb{Z}"},
          {"x=(-1)^k\\frac{\\pi}{6}+k\\pi", "x=\\frac{\\pi}{6}+2k\\pi, \\frac{5\\pi}{6}+2k\\pi"},
          {"\\frac{\\pi}{4}+k\\pi", "-\\frac{3\\pi}{4}+n\\pi"},
          {"2k+1, k\\in\\mathbb{Z}", "2n-1, n\\in\\mathbb{Z}"},
          {"x=30^\\circ+360^\\circ k", "x=30^\\circ+360^\\circ n, n\\in\\mathbb{Z}"},
          {"\\pm\\frac{\\pi}{3}+2k\\pi", "2n\\pi\\pm\\frac{\\pi}{3}"},
          {"\\{2k : k\\in\\mathbb{Z}\\}", "\\{2n \\mid n\\in\\mathbb{Z}\\}"},
          {"k\\pi, k \\in \\mathbb{Z}", "\\pi n \\text{ where } n \\text{ is an integer}"},
          {"\\ln|x|+C", "\\ln|x|+c"}, {"\\sin x+C", "K+\\sin x"}});
  check_all(Outcome::different,
      {{"\\{\\pi, n^2\\pi\\}", "\\{2n^2\\pi, \\pi\\}"}, {"\\{\\pi, n^2\\pi\\}", "\\{\\pi, \\pi\\}"},
          {"\\frac{\\pi}{4}+k\\pi", "\\frac{\\pi}{4}+2n\\pi"}, {"k\\pi", "2k\\pi"}, {"2k\\pi", "0"},
          {"3k+1", "3n+1"}, {"2k+1, k\\in\\mathbb{Z}", "2n, n\\in\\mathbb{Z}"}, {"k\\pi", "k"},
          {"2k\\pi, k\\in\\mathbb{Z}", "2k\\pi, k\\in\\mathbb{N}"}, {"x^2+C", "x^2"},
          {"\\frac{\\pi}{4}+k\\pi", "\\frac{\\pi}{4}+k\\sqrt2\\pi"}, {"ax+C", "cx+a"}});
}

TEST_CASE("residues, remainders, ratios") {
  check_all(Outcome::equal,
      {{"x\\equiv 3\\pmod 7", "x\\equiv 10\\pmod{7}"}, {"x\\equiv 3\\pmod 7", "3"},
          {"3 \\pmod 7", "3"}, {"3 \\pmod 7", "-4 \\pmod 7"},
          {"x\\equiv 3 \\bmod 7", "x\\equiv 3 (mod 7)"},
          {"x \\equiv 1, 3 \\pmod 7", "x \\equiv 3, 8 \\pmod{7}"}, {"17 \\bmod 5", "2"},
          {"3:4", "6:8"}, {"3:4", "\\frac{3}{4}"}, {"1:2:3", "2:4:6"}, {"\\sqrt2:2", "1:\\sqrt2"}});
  check_all(Outcome::different,
      {{"x\\equiv 3\\pmod 7", "x\\equiv 4\\pmod 7"}, {"x\\equiv 3\\pmod 7", "x\\equiv 3\\pmod 8"},
          {"3 \\pmod 7", "10"}, {"3:4", "4:3"}, {"3:40", "6:80"}, {"12:00", "1:00"},
          {"3:4", "\\frac43"}, {"1:2:3", "1:2:4"}, {"17 \\bmod 5", "3"}, {"0:1", "0:2"}});
}

TEST_CASE("gcd, lcm, max, min, binomials, sums and products") {
  check_all(Outcome::equal,
      {{"6", "\\gcd(12,18)"}, {"\\operatorname{lcm}(4,6)", "12"}, {"\\max(3,5)", "5"},
          {"\\min\\{3,5,\\sqrt2\\}", "\\sqrt2"}, {"\\sum_{k=1}^{10}k", "55"},
          {"\\prod_{k=1}^{5}k", "120"}, {"\\sum_{k=1}^{n}k", "\\frac{n(n+1)}{2}"},
          {"\\sum_{i=0}^{3}2^i", "15"}, {"\\sum_{k=0}^{n}\\binom{n}{k}", "2^n"},
          {"\\frac{(2n)!}{2^n n!}", "(2n-1)!!"}, {"7!!", "105"},
          {"\\sum_{i=1}^{2}\\sum_{j=1}^{3} ij", "18"}, {"\\gcd(a,b)", "\\gcd(b,a)"},
          {"\\sinh^{-1}x", "\\operatorname{arcsinh}(x)"}, {"\\arctan x", "\\operatorname{atan}(x)"},
          {"\\text{cis}(\\pi/6)", "\\cos(\\pi/6)+i\\sin(\\pi/6)"},
          {"2\\text{cis}(30^\\circ)", "\\sqrt3+i"}});
  check_all(Outcome::different,
      {{"6", "\\gcd(12,20)"}, {"\\operatorname{lcm}(4,6)", "24"}, {"\\max(3,5)", "3"},
          {"\\sum_{k=1}^{10}k", "45"}, {"55", "\\sum_{k=1}^{10}k"},
          {"\\sum_{k=1}^{n}k", "\\frac{n(n-1)}{2}"}, {"x^{10}", "x^10"}, {"\\sqrt{12}", "\\sqrt12"},
          {"7!!", "5040!"}});
  check_all(Outcome::not_understood, {{"\\lim_{x\\to 0} x", "0"}, {"\\int_0^1 x\\,dx", "\\frac12"},
                                         {"\\sum_{k=1}^{\\infty} 2^{-k}", "1"}});
  CHECK(compare_answers("\\lim_{x\\to 0} x", "0").how.ends_with("a limit, which is not computed"));
  CHECK(compare_answers("7", "\\int_0^7 1").how.ends_with("an integral, which is not computed"));
}

TEST_CASE("matrices and vectors are computed entry by entry") {
  check_all(Outcome::equal,
      {{"\\begin{pmatrix}2&0\\\\0&4\\end{pmatrix}", "2\\begin{pmatrix}1&0\\\\0&2\\end{pmatrix}"},
          {"\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}", "[[1,2],[3,4]]"},
          {"\\begin{pmatrix}1&3\\\\2&4\\end{pmatrix}",
              "\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}^T"},
          {"\\begin{pmatrix}7&10\\\\15&22\\end{pmatrix}",
              "\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}^2"},
          {"(4,6)", "(1,2)+(3,4)"}, {"(2,4)", "2(1,2)"},
          {"\\frac{1}{2}\\begin{pmatrix}1\\\\2\\end{pmatrix}", "(\\frac12,1)"},
          {"\\begin{vmatrix}1&2\\\\3&4\\end{vmatrix}", "-2"},
          {"\\vec{a}+\\vec b", "\\mathbf{a}+\\mathbf{b}"}, {"(1,2)+t(3,4)", "(1+3t,2+4t)"},
          {"\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}",
              "\\begin{pmatrix}1&2\\\\3&5\\end{pmatrix}-\\begin{pmatrix}0&0\\\\0&1\\end{pmatrix}"},
          {"[[1,2],[3,4]]", "[[1,2],[3,4]]"}, {"[1,2]", "[1,2]"},
          {"\\begin{pmatrix}1\\\\2\\end{pmatrix}", "\\begin{pmatrix}1&2\\end{pmatrix}^T"}});
  check_all(Outcome::different,
      {{"(1,2)", "3(1,2)"}, {"\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}", "[[1,2],[4,3]]"},
          {"\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}",
              "\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}\\begin{pmatrix}1&2\\end{pmatrix}"},
          {"\\begin{vmatrix}1&2\\\\3&4\\end{vmatrix}", "2"}, {"(4,6)", "(1,2)-(3,4)"},
          {"\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}",
              "\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}^T"},
          {"5", "\\begin{pmatrix}5\\end{pmatrix}\\begin{pmatrix}1&0\\end{pmatrix}"}});
}

TEST_CASE("a tuple is a column, turned or not, and a set of one is no member") {
  check_all(
      Outcome::equal, {{"\\begin{pmatrix}1\\\\2\\end{pmatrix}", "(1,2)^T"},
                          {"(1,2)^T", "\\begin{pmatrix}1\\\\2\\end{pmatrix}"}, {"(1,2)", "(1,2)^T"},
                          {"\\{\\{1\\},\\{2,3\\}\\}", "\\{\\{3,2\\},\\{1\\}\\}"}});
  check_all(Outcome::different, {{"\\begin{pmatrix}1\\\\2\\end{pmatrix}", "(2,1)^T"},
                                    {"\\{1,2,3\\}", "\\{1\\},\\{2\\},\\{3\\}"},
                                    {"1,2", "\\{1\\},2"}, {"\\{\\{1\\},\\{2\\}\\}", "\\{1,2\\}"}});
}

TEST_CASE("words for sets, approximations, chains of inequalities, minutes of an angle") {
  check_all(Outcome::equal,
      {{"\\text{all real numbers}", "(-\\infty,\\infty)"},
          {"\\mathbb{R}", "\\text{all real numbers}"}, {"\\text{no real solutions}", "\\emptyset"},
          {"\\text{no solution}", "\\text{none}"}, {"\\text{DNE}", "\\text{does not exist}"},
          {"\\text{No solutions}", "\\text{There are no solutions}"},
          {"\\emptyset", "\\text{no real roots}"},
          {"x \\in \\mathbb{R}", "\\text{any real number}"}, {"\\frac13\\approx0.33", "\\frac13"},
          {"2\\sqrt2\\approx2.83", "2\\sqrt2"}, {"2.83", "2\\sqrt2\\approx 2.83"},
          {"2\\sqrt2\\approx2.83", "2\\sqrt2\\approx 2.828"}, {"2\\sqrt2\\approx2.83", "2.83"},
          {"x = 2\\sqrt2\\approx2.83", "2\\sqrt2"}, {"A>B>C", "C<B<A"}, {"a<b<c", "a<b, b<c"},
          {"30^\\circ 30'", "30.5^\\circ"}, {"0<x<y", "y>x>0"}});
  check_all(Outcome::different,
      {{"\\text{no real solutions}", "\\text{no integer solutions}"},
          {"\\text{all real numbers}", "\\text{all positive numbers}"},
          {"\\text{no}", "\\text{none}"}, {"\\text{no solution}", "\\text{all real numbers}"},
          {"\\text{undefined}", "\\infty"}, {"2.83", "2\\sqrt3\\approx 2.83"},
          {"2\\sqrt2\\approx2.83", "2\\sqrt3"}, {"2\\sqrt2\\approx2.83", "2.84"},
          {"A>B>C", "A>C>B"}, {"a<b<c", "a<b, b<a"}, {"a<b<c", "a<b, b\\le c"},
          {"5", "\\sqrt{26}\\approx 5"}, {"30^\\circ 30'", "30.3^\\circ"},
          {"\\mathbb{R}", "\\text{real}"}});
}

TEST_CASE("sets that only have names, conditions in a row, combinations") {
  check_all(Outcome::equal,
      {{"I and III", "I, III"}, {"north and west", "west, north"}, {"A\\cup B", "B\\cup A"},
          {"A\\cap\\overline{B}", "A\\setminus B"}, {"(A\\cup B)^c", "A^c\\cap B^c"},
          {"x \\ne -1, 1", "\\mathbb{R}\\setminus\\{-1,1\\}"},
          {"x\\neq 1,2", "x\\ne 1 \\text{ and } x\\ne 2"}, {"x\\in\\mathbb{R}, x\\ne 3", "x\\ne 3"},
          {"\\{x:x\\in\\mathbb{R}, x>3\\}", "x>3"}, {"10", "C(5,2)"}, {"\\binom52", "10"},
          {"10", "2C(5,2)-10"}});
  check_all(
      Outcome::different, {{"I and III", "I, II"}, {"north and west", "north"},
                              {"A\\cup B", "A\\cap B"}, {"A\\setminus B", "B\\setminus A"},
                              {"(A\\cup B)^c", "A^c\\cup B^c"}, {"x\\ne 1,2", "x\\ne 1"},
                              {"x\\neq 1,2", "1,2"}, {"10", "C(5,3)-1"}, {"A\\cup B", "A\\cup C"}});
  check_all(Outcome::equal, {{"x=2+3t, t\\in\\mathbb{R}", "x=2+3s, s\\in\\mathbb{R}"}});
}

TEST_CASE("what is the same up to a factor nearly everywhere only is not the same") {
  check_all(Outcome::equal, {{"y=x", "2(y-x)=0"}, {"y=x", "y-x=0"}});
  // From 16/3 on, for a hundredth, the factor is another, or none.
  for (const char* factor : {"1", "2"}) {
    std::string from = "-\\lfloor\\frac{3x-16}{3000}\\rfloor";
    std::string to = "+\\lfloor\\frac{300x-1601}{300000}\\rfloor";
    check_all(Outcome::different, {{"y=x", "(y-x)(" + (factor + from) + to + ")=0"}});
  }
}

TEST_CASE("a factor that vanishes on a single line is not constant") {
  const char* nowhere_else[] = {"\\lfloor\\frac{1}{1+(x-3)^2}\\rfloor", "0^{(x-3)^2}",
      "(1-\\operatorname{sgn}((x-3)^2))", "\\lceil 1-\\operatorname{sgn}((x-3)^2)\\rceil"};
  for (std::string bump : nowhere_else)
    check_all(Outcome::different,
        {{"y=x", "(y-x)(1-" + bump + ")=0"}, {"x+y<1", "(1-" + bump + ")(x+y-1)<0"},
            {"x", "x(1-" + bump + ")"}, {"y=x", "y=x(1-" + bump + ")"},
            {"x\\sin y=1", "(x\\sin y-1)(1-" + bump + ")=0"}});
  check_all(Outcome::different,
      {{"y=x", "(y-x)\\min(1,10^{40}(x-3)^2)=0"}, {"y=x", "(y-x)(1-|x-3|+||x-3|-10^{-40}|)=0"}});
  // With such parts in the gold answer, too, they are the same parts or nothing is known.
  check_all(Outcome::equal,
      {{"|x|+|y|=1", "2|y|+2|-x|-2=0"}, {"\\lfloor x\\rfloor+y=1", "2y=2-2\\lfloor x\\rfloor"},
          {"|x-1|+|y|=1", "|1-x|+|y|=1"}, {"\\max(|x|,|y|)=1", "|x+y|+|x-y|=2"},
          {"\\lceil x\\rceil+y=1", "y=1+\\lfloor -x\\rfloor"},
          {"\\lfloor x\\rfloor=y\\pi", "\\frac{\\lfloor x\\rfloor}{\\pi}=y"}});
  check_all(Outcome::undecided,
      {{"\\lfloor x\\rfloor+y=1", "(\\lfloor x\\rfloor+y-1)(1-0^{(x-\\frac{22}{7})^2})=0"}});
}

TEST_CASE("expressions that differ where one of them jumps are different") {
  check_all(Outcome::different,
      {{"\\lceil\\frac{x}{3}+\\frac17\\rceil", "\\lfloor\\frac{x}{3}+\\frac17\\rfloor+1"},
          {"\\lceil\\frac{3x-2}{11}\\rceil", "\\lfloor\\frac{3x-2}{11}\\rfloor+1"}});
  check_all(
      Outcome::equal, {{"\\lceil\\frac{3x-2}{11}\\rceil", "-\\lfloor\\frac{2-3x}{11}\\rfloor"},
                          {"\\lfloor x^2\\rfloor+1", "\\lfloor x\\cdot x\\rfloor+1"},
                          {"|x|", "x\\operatorname{sgn}(x)"}});
}

TEST_CASE("a sum to what is no whole number has no value") {
  check_all(Outcome::equal, {{"\\sum_{k=1}^{5} k", "15"}, {"\\sum_{k=1}^{\\sqrt{9}} k", "6"}});
  for (std::string bounds : {"_{k=1}^{\\frac52}", "_{k=\\frac12}^{5}"}) {
    CAPTURE(bounds);
    CHECK(compare_answers("\\sum" + bounds + " k", "15").outcome == Outcome::undecided);
    CHECK(compare_answers("\\sum" + bounds + " \\sqrt{k}", "7").outcome == Outcome::undecided);
  }
}

TEST_CASE("a first root is what it is of") {
  check_all(Outcome::equal, {{"5", "\\sqrt[1]{5}"}, {"3", "\\sqrt[3]{27}"}});
  check_all(Outcome::different, {{"1", "\\sqrt[1]{5}"}, {"2", "\\sqrt[2]{2}"}});
}

TEST_CASE("two conditions are an interval where they are of one variable") {
  check_all(Outcome::equal, {{"(1,3)", "x>1 \\text{ and } x<3"},
                                {"x<1 \\text{ or } x>3", "(-\\infty,1)\\cup(3,\\infty)"}});
  check_all(Outcome::different, {{"(1,3)", "x>1 \\text{ and } y<3"},
                                    {"(-\\infty,1)\\cup(3,\\infty)", "x<1 \\text{ or } y>3"}});
}

TEST_CASE("the members of families may be listed, or be those of a set") {
  std::string list = "x=2k\\pi, x=\\frac{\\pi}{2}+2k\\pi, k\\in\\mathbb{Z}";
  check_all(Outcome::equal, {{"x\\in\\{2k\\pi,\\frac{\\pi}{2}+2k\\pi\\}, k\\in\\mathbb{Z}", list},
                                {list, "x=\\{2k\\pi,\\frac{\\pi}{2}+2k\\pi\\}, k\\in\\mathbb{Z}"}});
  check_all(
      Outcome::different, {{list, "x\\in\\{2k\\pi,\\frac{\\pi}{3}+2k\\pi\\}, k\\in\\mathbb{Z}"},
                              {list, "x\\in\\{2k\\pi\\}, k\\in\\mathbb{Z}"}});
}

TEST_CASE("families in a union are those of a list") {
  std::string list = "x=2k\\pi, x=\\frac{\\pi}{2}+2k\\pi, k\\in\\mathbb{Z}";
  std::string both = "\\{2k\\pi\\}\\cup\\{\\frac{\\pi}{2}+2k\\pi\\}, k\\in\\mathbb{Z}";
  std::string built =
      "\\{2k\\pi : k\\in\\mathbb{Z}\\}\\cup\\{\\frac{\\pi}{2}+2n\\pi : n\\in\\mathbb{Z}\\}";
  check_all(Outcome::equal, {{"x\\in" + both, list}, {list, "x\\in" + both}, {both, list},
                                {list, built}, {"x\\in" + built, list}, {built, both}});
  check_all(Outcome::different,
      {{list, "x\\in\\{2k\\pi\\}\\cup\\{\\frac{\\pi}{3}+2k\\pi\\}, k\\in\\mathbb{Z}"},
          {built, "\\{2k\\pi : k\\in\\mathbb{Z}\\}"},
          {built,
              "\\{2k\\pi : k\\in\\mathbb{N}\\}\\cup\\{\\frac{\\pi}{2}+2n\\pi : "
              "n\\in\\mathbb{N}\\}"}});
}

TEST_CASE("an interval's end may be a letter") {
  check_all(Outcome::equal,
      {{"(a,\\infty)", "x>a"}, {"x>a", "(a,\\infty)"}, {"[a,b)", "a\\le x<b"},
          {"(-\\infty,a+1]", "1+a\\ge x"}, {"x<a \\text{ or } x>b", "(-\\infty,a)\\cup(b,\\infty)"},
          {"(a,b)", "x>a \\text{ and } x<b"}, {"(-\\infty,2a)", "x\\in(-\\infty,a+a)"}});
  check_all(Outcome::different,
      {{"(a,\\infty)", "x\\ge a"}, {"(a,\\infty)", "x<a"}, {"(a,\\infty)", "x>b"},
          {"(a,\\infty)", "a>x"}, {"(x,\\infty)", "x>a"}, {"(a,b)", "x>a"}, {"(a,\\infty)", "a>a"},
          {"[a,b)", "a<x\\le b"}, {"x>a", "(b,\\infty)"}, {"x>a", "(x,\\infty)"}});
}

TEST_CASE("an equation that is solved may be turned") {
  check_all(Outcome::equal, {{"x=15", "15=x"}, {"15", "15=x"}, {"15=x", "15"}, {"15=x", "x=15"},
                                {"x=\\sqrt2", "\\sqrt2=x"}, {"15=x", "15=x"}});
  check_all(
      Outcome::different, {{"x=15", "16=x"}, {"15", "16=x"}, {"15", "15=16"}, {"15=x", "15=16"},
                              {"15=x", "30=2x"}, {"x=15", "15=y=15"}, {"x", "15=x"}});
}

TEST_CASE("a bound on a value is not the value") {
  check_all(Outcome::different,
      {{"x=3", "x<3"}, {"x=3", "x\\ge 3"}, {"x=3", "x\\ne 3"}, {"P=3", "P>2"}, {"x=3", "3\\le x"}});
}
