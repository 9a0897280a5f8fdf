// What is left of a text before its language is asked for.
#include "actors/rewards/language/clean.h"

#include <string>
#include <vector>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

// All sentences, with a bar between them.
std::string cleaned(std::string_view text) {
  std::string out;
  for (const auto& sentence : clean_sentences(text))
    out += (out.empty() ? "" : "|") + sentence.text;
  return out;
}

}  // namespace

TEST_CASE("maths is no prose") {
  CHECK(cleaned("so $x_1 = \\frac{a}{b}$ holds") == "so holds");
  CHECK(cleaned("so $$\\text{speed} = 3$$ holds") == "so holds");
  CHECK(cleaned("so \\[ f(x) = \\text{max} \\] holds") == "so holds");
  CHECK(cleaned("so \\(abc\\) holds") == "so holds");
  CHECK(
      cleaned(
          "so \\begin{align*} abc &= d \\\\ \\begin{matrix}e\\end{matrix} f \\end{align*} holds") ==
      "so holds");
  CHECK(cleaned("the answer is \\boxed{\\text{north {and} east}}.") == "the answer is");
  CHECK(cleaned("so $a \\$ b$ holds") == "so holds");
  CHECK(cleaned("half of \\frac{ab}{cd} and \\sqrt{ef} is left") == "half of and is left");
}

TEST_CASE("maths that does not close ends with its paragraph, or is none") {
  CHECK(cleaned("so \\[ abc = d\n\nthen it holds") == "so then it holds");
  CHECK(cleaned("so \\boxed{abc\n\nthen it holds") == "so then it holds");
  CHECK(cleaned("it holds \\begin{align} abc") == "it holds");
}

TEST_CASE("money is no maths") {
  CHECK(cleaned("she pays $5 for lunch and $6 for dinner") == "she pays for lunch and for dinner");
  CHECK(
      cleaned("elle paye 80 000 $ et investit 50 000 $ dedans") == "elle paye et investit dedans");
  CHECK(cleaned("it costs \\$5 more and \\$6 less") == "it costs more and less");
  for (const std::string space : {" ", "\t", "\n", "\r"}) {
    CAPTURE(space);
    CHECK(cleaned("pay $" + space + "apples$ now") == "pay apples now");
    CHECK(cleaned("pay $apples" + space + "$ now") == "pay apples now");
  }
}

TEST_CASE("code, drawings, tags and addresses are no prose") {
  CHECK(cleaned("first ```python\nprint(one)\n``` then `two = 3` last") == "first then last");
  CHECK(cleaned("first ```python\nprint(one)") == "first");
  CHECK(cleaned("first [asy]\ndraw(circle);\n[/asy] last") == "first last");
  CHECK(cleaned("<think>first <b class=\"x\">second</b> 1 < a and b > 2</think>") ==
        "first second a and b");
  CHECK(
      cleaned("see https://example.org/a/page?q=words or www.example.org there") == "see or there");
  CHECK(cleaned("the some_variable and me@example.org and a=b stay") == "the and and stay");
}

TEST_CASE("formatting around prose goes, prose stays") {
  CHECK(cleaned("**Note**: \\textbf{this} is *well-known*") == "note this is well known");
  CHECK(cleaned("\\begin{itemize}\\item one \\item two\\end{itemize}") == "one two");
  CHECK(cleaned("l'été d’avant 'quoted'") == "l'été d'avant quoted");
}

TEST_CASE("text is in normal form KC and lower case") {
  CHECK(cleaned("E\xcc\x81t\xc3\x89 \xef\xac\x81n \xef\xbc\xa1") == "été fin a");
  CHECK(cleaned("ЧЕТЫРЕ Ÿ") == "четыре ÿ");
}

TEST_CASE("sentences end where prose ends them") {
  CHECK(cleaned("This is one whole sentence. This is another one, 3.5 inches long! Is this the "
                "whole of the third one?") ==
        "this is one whole sentence|this is another one inches long|is this the whole of the third "
        "one");
  CHECK(cleaned("这是第一个很长的句子。这是第二个很长的句子！") ==
        "这是第一个很长的句子|这是第二个很长的句子");
}

TEST_CASE("a short sentence is joined to its neighbour") {
  CHECK(cleaned("Yes. No. This is one whole sentence.") == "yes no this is one whole sentence");
  CHECK(cleaned("This is one whole sentence. Yes.") == "this is one whole sentence yes");
  CHECK(cleaned("Yes.") == "yes");
}

TEST_CASE("a sentence without end is cut") {
  std::string text;
  for (int i = 0; i < 200; ++i) text += "words and ";
  auto sentences = clean_sentences(text);
  CHECK(sentences.size() == 8);
  for (const auto& sentence : sentences) CHECK(sentence.letters < 2 * sentence_letters_max);
  CHECK(clean_sentences(std::string(10'000, 'a')).size() == 50);
  std::string slashes;
  for (int i = 0; i < 1000; ++i) slashes += "and/or/";
  CHECK(clean_sentences(slashes).size() == 25);
}

TEST_CASE("letters weigh what they say") {
  CHECK(clean_sentences("twenty letters, 1234")[0].letters == 13);
  CHECK(clean_sentences("四个汉字")[0].letters == 12);
  CHECK(clean_sentences("ひらがな")[0].letters == 8);
  CHECK(clean_sentences("한국어")[0].letters == 6);
  CHECK(clean_sentences("1 + 2 = 3").empty());
  CHECK(clean_sentences("").empty());
}

TEST_CASE("characters are spaced, words are not") {
  CHECK(space_characters("我有3个apple 了") == "我 有 3 个 apple 了");
  CHECK(space_characters("three words here") == "three words here");
  CHECK(space_characters("カタカナ") == "カ タ カ ナ");
}

TEST_CASE("bytes that are no UTF-8 separate words") {
  CHECK(cleaned("one\xff\xfetwo\xc3") == "one two");
}

TEST_CASE("hostile text takes no longer than other text") {
  for (const char* part :
      {"$a ", "\\(", "\\[", "[asy]", "`", "```", "\\boxed{", "\\begin{a}", "<a", "_a ", "' "}) {
    std::string text;
    while (text.size() < 1U << 20) text += part;
    clean_sentences(text);  // quadratic time would be minutes, and the suite's time limit
  }
}

TEST_CASE("what is no prose reaches to the next space of whatever script, and over other signs") {
  CHECK(cleaned("so a=b\u2014c holds") == "so holds");
  CHECK(cleaned("so a=b\u1680c holds") == "so c holds");
}

TEST_CASE("maths, code and drawings of nothing end where they close") {
  for (const char* nothing : {"\\(\\)", "\\[\\]", "$$$$", "``````", "~~~~~~", "[asy][/asy]", "``"})
    CHECK(cleaned("so " + std::string(nothing) + " it holds") == "so it holds");
}
