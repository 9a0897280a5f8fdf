// Prose that hides where no prose is looked for.
#include "actors/rewards/language/clean.h"
#include "actors/rewards/language/markup.h"

#include <string>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

std::string hidden(std::string_view text) {
  std::string out;
  for (const auto& sentence : clean_prose(text).hidden)
    out += (out.empty() ? "" : "|") + sentence.text;
  return out;
}

}  // namespace

TEST_CASE("what is taken out of a text is kept") {
  Stripped parts = strip_markup("so $x>0$ and `int y` holds");
  CHECK(parts.prose == "so   and   holds");
  CHECK(parts.maths == "$x>0$\n");
  CHECK(parts.code == "`int y`\n");
}

TEST_CASE("words set as text in maths are prose") {
  CHECK(hidden("$\\text{elle a vendu tout}$") == "elle a vendu tout");
  CHECK(hidden("\\[\\text{elle}\\ \\text{a}\\ \\text{vendu}\\ \\text{tout}\\]") ==
        "elle a vendu tout");
  CHECK(hidden("\\boxed{\\mbox{elle a vendu tout}}") == "elle a vendu tout");
  CHECK(hidden("$elle$ $a$ $vendu$ $tout$") == "elle a vendu tout");
  CHECK(hidden("$\\text{答案是七十二}$") == "答案是七十二");
  CHECK(hidden("$speed \\cdot time = distance$") == "speed time distance");
}

TEST_CASE("maths has letters that are nobody's prose") {
  CHECK(hidden("$\\frac{a}{b} + \\sin xy = \\max(u, v)$").empty());
  CHECK(hidden("$\\triangle ABC \\sim \\triangle DEF$").empty());
  CHECK(hidden("\\begin{array}{cccc} 1 & 2 \\end{array}").empty());
  CHECK(hidden("$x$, $y$, $z$, $u$ and $v$").empty());
  CHECK(hidden("\\operatorname{signum}(x)").empty());
}

TEST_CASE("comments and texts in code are prose") {
  CHECK(hidden("```python\n# elle a vendu\nx = 1\n# tout le reste\n```") ==
        "elle a vendu tout le reste");
  CHECK(hidden("```\nint x; // elle a vendu tout\n```") == "elle a vendu tout");
  CHECK(hidden("```python\nprint('elle a vendu tout')\n```") == "elle a vendu tout");
  CHECK(hidden("```\nelle a vendu tout hier\n```") == "elle a vendu tout hier");
  CHECK(hidden("`elle a vendu tout`") == "elle a vendu tout");
}

TEST_CASE("names of many words are prose") {
  CHECK(hidden("so elle_a_vendu_tout holds") == "elle a vendu tout");
  CHECK(hidden("```\nelle_a_vendu_tout = 3\n```") == "elle a vendu tout");
  CHECK(hidden("https://example.org/elle-a-vendu-tout") == "example org elle a vendu tout");
  CHECK(hidden("<elle a vendu tout>") == "elle a vendu tout");
}

TEST_CASE("programs have words that are nobody's prose") {
  CHECK(hidden("```python\nfor apple in range(apples):\n    return total if total else none\n```")
            .empty());
  CHECK(
      hidden("```cpp\n#include <iostream>\n#include <vector>\nint main() { std::cout << x; }\n```")
          .empty());
  CHECK(hidden("```python\nimport numpy as np\n```").empty());
}
