// The reward `language`, through the table that jobs use.
#include "actors/rewards/reward_table.h"
#include "actors/rewards/rewards.h"
#include "runtime/base/result.h"
#include "tests/language/texts.h"

#include <string>
#include <vector>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

struct Judged {
  double share;
  std::string evidence;
};

Judged judge(const std::string& prompt, const std::string& text, const std::string& expect = "") {
  RewardTable table(built_in_rewards(),
      {{.name = "language", .weight = 1, .options = LanguageOptions{"", expect}}}, {});
  Verdict verdict = table.judge({.prompt = prompt, .answer = "", .text = text});
  REQUIRE(verdict.no_verdict.empty());
  return {verdict.components[0].value, verdict.components[0].evidence};
}

std::string in(std::string_view language) {
  return std::string(text_in(language)) + " ";
}

std::string thinks(const std::string& thinking, const std::string& answer) {
  return "<think>" + thinking + "</think>" + answer;
}

}  // namespace

TEST_CASE("a completion in the problem's language has the whole reward") {
  for (const Text& one : texts) {
    std::string text = in(one.language);
    CAPTURE(one.language);
    CHECK(judge(text, thinks(text, text + "\\boxed{4}")).share == 1);
  }
}

TEST_CASE("one part in another language has nothing") {
  Judged thinking = judge(in("fr"), thinks(in("en"), in("fr")));
  CHECK(thinking.share == 0);
  CHECK(thinking.evidence ==
        "problem: fr 100%; thinking: en 100%; answer: fr 100%; the thinking is not in fr");
  CHECK(judge(in("fr"), thinks(in("fr"), in("en"))).share == 0);
  CHECK(judge(in("en"), thinks(in("fr"), in("fr"))).share == 0);
  CHECK(judge(in("en"), in("zh")).share == 0);
}

TEST_CASE("a part that mixes languages has nothing") {
  std::string four = in("en") + in("en") + in("en") + in("en");
  Judged mixed = judge(in("en"), thinks(four + in("de"), in("en")));
  CHECK(mixed.share == 0);
  CHECK(mixed.evidence.find("the thinking mixes languages") != std::string::npos);
  CHECK(judge(in("en"), thinks(four, in("en"))).share == 1);
}

TEST_CASE("what is too short to tell is not held against anybody") {
  CHECK(judge(in("en"), "\\boxed{4}").share == 1);
  CHECK(judge(in("en"), thinks("$x=4$", "Also 4.")).share == 1);
  CHECK(judge("$2+2$?", thinks(in("fr"), in("fr"))).share == 1);
  CHECK(judge("$2+2$?", thinks(in("fr"), in("de"))).share == 0);
  CHECK(judge("", "").share == 1);
}

TEST_CASE("maths, code and tags are in no language") {
  std::string code =
      "```python\nfor number in range(10):\n    print('the number is', number)\n```\n";
  CHECK(judge(in("fr"),
            thinks(in("fr") + code, "\\[\\text{therefore the answer is}\\ 4\\]" + in("fr")))
            .share == 1);
}

TEST_CASE("a wanted language takes the problem's place") {
  CHECK(judge(in("en"), in("fr"), "fr").share == 1);
  CHECK(judge(in("en"), in("en"), "fr").share == 0);
  CHECK_THROWS_WITH_AS(
      judge("", "", "french"), doctest::Contains("unknown language 'french'"), Error);
}

TEST_CASE("a thinking part that never ends is judged all the same") {
  CHECK(judge(in("en"), "<think>" + in("fr")).share == 0);
  CHECK(judge(in("en"), "<think>" + in("en")).share == 1);
}

TEST_CASE("a job that names a model that is not there is refused with the remedy") {
  CHECK_THROWS_WITH_AS(RewardTable(built_in_rewards(),
                           {{.name = "language",
                               .weight = 1,
                               .options = LanguageOptions{"/nowhere/lid.176.ftz", ""}}},
                           {}),
      doctest::Contains("./dev setup"), Error);
}
