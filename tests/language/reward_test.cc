// The reward `language`, through the table that jobs use.
#include "actors/rewards/language/identifier.h"
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

Judged judge(const std::string& prompt, const std::string& text, const std::string& expect = "",
    double undetermined = 0) {
  RewardTable table(built_in_rewards(),
      {{.name = "language",
          .weight = 1,
          .options = LanguageOptions{.expect = expect, .undetermined = undetermined}}},
      {});
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

TEST_CASE("another script inside a sentence is seen") {
  std::string before = "First we add the number of apples in both baskets ";
  std::string after = " and divide the sum by three, so each child has nine apples.";
  Judged four = judge(in("en"), before + "我们相加" + after);
  CHECK(four.share == 0);
  CHECK(four.evidence == "problem: en 100%; answer: en 88%, zh 12%; the answer mixes languages");
  CHECK(judge(in("en"), before + "затем складываем" + after).share == 0);
  CHECK(judge(in("en"), before + "그래서 더하면" + after).share == 0);
  CHECK(judge(in("ru"), in("ru") + "So the answer is nine apples for each of them.").share == 0);
  CHECK(judge(in("zh"), in("zh") + "So the answer is nine apples for each of them.").share == 0);
  CHECK(judge(in("en"), before + "(α, β > 0)" + after).share == 1);
}

TEST_CASE("a sentence in another script is seen in a text however long") {
  std::string text;
  for (int i = 0; i < 40; ++i) text += in("en");
  CHECK(judge(in("en"), text + "我们").share == 1);
  CHECK(judge(in("en"), text + in("zh")).share == 0);
}

TEST_CASE("terms and letters of the alphabet are no other language") {
  CHECK(judge(in("zh"),
            "我们使用 Python 的 list 来存储苹果的数量，然后用 sort 函数排序，最后得到结果。")
            .share == 1);
  CHECK(
      judge(in("ko"), "두 바구니의 사과를 x 와 y 로 놓고 Python 으로 합을 구하면 답은 아홉입니다.")
          .share == 1);
  CHECK(judge(in("zh"), "x = 9").share == 1);
  std::string chunks;
  for (int i = 0; i < 8; ++i) chunks += "先 therefore adding 后 apples together ";
  CHECK(judge(in("zh"), chunks).share == 0);
}

TEST_CASE("what the problem quotes may be quoted") {
  std::string problem = "Which of the words 苹果, 篮子 and 总数 is the Chinese word for a basket?";
  CHECK(judge(problem, "The word 篮子 is the Chinese word for a basket; 苹果 is an apple.").share ==
        1);
}

TEST_CASE("scripts of one language need no model") {
  std::string thai = "สมหญิงมีส้มเจ็ดผลและแบ่งให้เพื่อนสามผล ดังนั้นเหลือสี่ผล";
  std::string bengali = "রহিমের কাছে সাতটি কলা ছিল, সে তিনটি দিয়ে দিল, তাই চারটি রইল।";
  std::string greek = "Η Μαρία είχε επτά πορτοκάλια και έδωσε τρία, άρα της έμειναν τέσσερα.";
  for (const auto& text : {thai, bengali, greek}) {
    CHECK(judge(text, thinks(text, text)).share == 1);
    CHECK(judge(text, in("en")).share == 0);
    CHECK(judge(in("ru"), text).share == 0);
  }
  CHECK(judge("", thai, "th").share == 1);
  CHECK(judge("", bengali, "th").share == 0);
}

TEST_CASE("a language that is not known is not taken for another") {
  for (const char* text : {"Ayşe yedi elmanın üçünü kardeşine verdi, geriye dört elması kaldı.",
           "Lan có bảy quả cam và cho em ba quả, vì thế còn lại bốn quả cam.",
           "У Оленки було сім яблук, вона віддала три братові, і їй лишилося чотири."}) {
    CAPTURE(text);
    CHECK(judge(text, text).share == 1);
    CHECK(judge(in("en"), text).share == 0);
    CHECK(judge(text, in("en")).share == 0);
  }
}

TEST_CASE("what hides in maths, code and names is read where little else is in sight") {
  std::string hidden = "on additionne les pommes des deux paniers puis on divise la somme";
  for (const std::string& text :
      {"$" + hidden + "$", "$\\text{" + hidden + "}$", "\\[\\mbox{" + hidden + "}\\]",
          "\\boxed{\\text{" + hidden + "}}", "```\n" + hidden + "\n```", "`" + hidden + "`",
          "```python\n# " + hidden + "\nx = 9\n```", "<" + hidden + ">"}) {
    CAPTURE(text);
    CHECK(judge(in("en"), text + " \\boxed{9}").share == 0);
    CHECK(judge(in("fr"), text + " \\boxed{9}").share == 1);
  }
}

TEST_CASE("text in no language that is known has what the job says") {
  std::string romanised = "pehle hum donon tokriyon ke seb jodte hain phir teen se bhaag dete hain";
  std::string letters = "o n a d d i t i o n n e l e s p o m m e s d e s p a n i e r s";
  std::string mixed = "Fіrѕt wе аdd thе numbеr оf аpplеѕ in bоth bаѕkеtѕ.";  // Cyrillic in Latin
  for (const auto& text : {letters, mixed}) {
    Judged nothing = judge(in("en"), text);
    CHECK(nothing.share == 0);
    CHECK(
        nothing.evidence.find("; the answer is in no language that is known") != std::string::npos);
    CHECK(judge(in("en"), text, "", 0.5).share == 0.5);
  }
  auto model = LanguageModel::open(find_language_model(""));
  if (model->names_unknown()) CHECK(judge(in("en"), romanised).share == 0);
  CHECK(judge(in("zh"), "women xian ba liang ge lanzi li de pingguo jia qi lai").share == 0);
  CHECK(judge(in("en"), in("fr"), "", 0.5).share == 0);
  CHECK(judge(in("en"), in("en"), "", 0.5).share == 1);
}

TEST_CASE("the words of the problem are in its language") {
  std::string problem = "Hideo Yamamoto, Tran Thi Lan and Jürgen Müller pick nine plums each.";
  CHECK(judge(problem + " How many plums do they have together?",
            "Hideo Yamamoto, Tran Thi Lan and Jürgen Müller have 27.")
            .share == 1);
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
                               .options = LanguageOptions{.model = "/nowhere/lid.176.ftz"}}},
                           {}),
      doctest::Contains("./dev setup"), Error);
}
