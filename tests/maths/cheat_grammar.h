#pragma once
// A grammar of answer strings, as a policy that looks for cheats would write them, and gold answers
// of every kind that have nothing in common. A string that equals two of them is a master key.

#include "actors/rewards/maths/maths.h"

#include <cstdint>
#include <string>
#include <vector>

namespace tramontane {

// Pairwise different, and no answer is right for two of them.
inline std::vector<std::string> unlike_golds() {
  return {"42", "-7", "1024", "\\frac{3}{7}", "0.0625", "\\sqrt{13}", "5\\pi", "3+4i", "10^{50}",
      "2^{100}-1", "x^2+3", "\\sin x", "|x-5|", "\\lfloor x\\rfloor", "\\frac{1}{x+9}", "e^{-y}",
      "n!", "\\ln|x|+C", "a^2-b^2", "(2,9)", "(-1,0,4)", "[3,8]", "(-\\infty,6)",
      "(0,1)\\cup(11,12)", "\\{1,2,3\\}", "4,19", "\\begin{pmatrix}5\\\\6\\end{pmatrix}",
      "\\begin{pmatrix}1&7\\\\0&1\\end{pmatrix}", "y=2x+1", "x=17", "3x-5y=8", "x\\ge 23", "5:7",
      "35\\text{ cm}", "\\$61", "83\\%", "75^\\circ", "\\text{east}", "\\text{(C)}", "BCA",
      "\\text{Friday}", "\\frac{\\pi}{4}+k\\pi, k\\in\\mathbb{Z}", "x\\equiv 5\\pmod{11}",
      "\\emptyset", "\\mathbb{R}", "101101_2", "\\infty", "\\sum_{k=1}^{n}k^3", "6.0221"};
}

// A production is chosen by the learner or by chance; the text is what it spells.
struct Production {
  const char* pattern;  // "@" is another term, "#" a leaf
};

inline constexpr Production productions[] = {{"#"}, {"@+@"}, {"@-@"}, {"@@"}, {"(@)^{@}"},
    {"\\frac{@}{@}"}, {"\\sqrt{@}"}, {"|@|"}, {"\\lfloor @\\rfloor"}, {"\\sin(@)"}, {"\\ln(@)"},
    {"e^{@}"}, {"(@)!"}, {"(@,@)"}, {"[@,@]"}, {"\\{@,@\\}"}, {"@,@"}, {"@=@"}, {"@<@"},
    {"@\\approx@"}, {"@\\pm@"}, {"@\\cup@"}, {"@\\setminus@"}, {"@\\in@"}, {"\\text{@}"}, {"@:@"},
    {"@\\%"}, {"@^\\circ"}, {"\\$@"}, {"@\\text{ cm}"}, {"\\max(@,@)"}, {"\\gcd(@,@)"},
    {"\\begin{pmatrix}@\\\\@\\end{pmatrix}"}, {"@\\pmod{@}"}, {"\\sum_{k=1}^{@}@"}, {"@ or @"},
    {"@ and @"}, {"@_{@}"}, {"\\boxed{@}"}, {"\\overline{@}"}, {"\\binom{@}{@}"}, {"@\\cap@"},
    {"@-(@)"}, {"0\\cdot(@)"}, {"(@)^c"}, {"@ for @"}, {"x+@-@"}, {"\\left(@\\right)"}};

inline constexpr const char* leaves[] = {"x", "y", "n", "k", "a", "C", "A", "0", "1", "2", "7",
    "9^{9^9}", "e^{e^{e^9}}", "10^{400}", "10^{-400}", "\\pi", "i", "e", "\\infty", "-\\infty",
    "\\mathbb{R}", "\\mathbb{Z}", "\\emptyset", "\\dots", "\\frac{1}{0}", "\\frac{x}{x-x}", "", " ",
    "\\text{any}", "\\text{all real numbers}", "gold", "0.0", "1e9", "\\cdot", "*", "?", "=",
    "\\ldots", "\\pm", "f(x)", "\\tan(\\pi/2)", "\\text{none}", "0^0", "\\text{or}", "{}", "\\,",
    "#", "\\\\"};

// `choose(n, place)` gives a number below n; `place` says which choice of the grammar it is.
template <class Choose>
std::string write_answer(const Choose& choose, int depth = 0) {
  constexpr int depth_max = 3;
  bool leaf = depth == depth_max;
  std::size_t production = leaf ? 0 : choose(std::size(productions), depth);
  std::string out;
  std::string shared;  // "@-@" of equal terms is a kind of its own
  for (const char* at = productions[production].pattern; *at != '\0'; ++at) {
    if (*at == '#') {
      out += leaves[choose(std::size(leaves), depth_max)];
    } else if (*at != '@') {
      out += *at;
    } else {
      bool again = !shared.empty() && choose(3, depth_max + 1) == 0;
      if (!again) shared = write_answer(choose, depth + 1);
      out += shared;
    }
  }
  return out;
}

// How many of the golds the answer equals.
inline std::size_t equalled(
    const std::vector<GoldAnswer>& golds, const std::string& answer, std::string& which) {
  std::size_t count = 0;
  which.clear();
  for (const GoldAnswer& gold : golds) {
    Comparison said = gold.compare(answer);
    if (said.outcome != Outcome::equal) continue;
    ++count;
    which += "\n  " + said.how;
  }
  return count;
}

}  // namespace tramontane
