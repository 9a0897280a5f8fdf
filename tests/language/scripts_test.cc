// Scripts, and what they say of a language.
#include "actors/rewards/language/scripts.h"

#include <string>
#include <vector>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

// "Han 答案|Latin and so": each run with its script's name.
std::string runs(std::string_view sentence) {
  std::string out;
  for (const auto& run : script_runs(sentence))
    out += (out.empty() ? "" : "|") + name_of(run.script) + " " + run.text;
  return out;
}

}  // namespace

TEST_CASE("a sentence is cut where its script changes") {
  CHECK(runs("so the answer 所以答案 is this") == "Latin so the answer|Han 所以答案|Latin is this");
  CHECK(runs("うちの sort と list") == "Han うちの|Latin sort|Han と|Latin list");
  CHECK(runs("그래서 therefore") == "Hangul 그래서|Latin therefore");
  CHECK(runs("один и ещё один") == "Cyrillic один и ещё один");
  CHECK(runs("").empty());
}

TEST_CASE("characters and letters that touch are two runs") {
  CHECK(runs("用python写") == "Han 用|Latin python|Han 写");
}

TEST_CASE("a word of letters that look alike in several alphabets is mixed") {
  CHECK(runs("wе sоld it") == "mixed wе sоld|Latin it");
  CHECK(runs("wе") == "mixed wе");
}

TEST_CASE("a run knows its letters, its kana and its longest word") {
  auto all = script_runs("りんごを三個 ab c");
  REQUIRE(all.size() == 2);
  CHECK(all[0].letters == 4 * 2 + 2 * 3);
  CHECK(all[0].kana == 4 * 2);
  CHECK(all[1].words == 2);
  CHECK(all[1].letters == 3);
  CHECK(all[1].word_letters_max == 2);
}

TEST_CASE("a mark is no letter, though it is one of kana") {
  auto all = script_runs("asn\u309a");
  REQUIRE(all.size() == 1);
  CHECK(all[0].letters == 3);
  CHECK(all[0].kana == 0);
}

TEST_CASE("many scripts have one language, some have several") {
  auto of = [](std::string_view text) { return language_of(script_runs(text).at(0).script); };
  CHECK(of("คำตอบ") == "th");
  CHECK(of("উত্তর") == "bn");
  CHECK(of("సమాధానం") == "te");
  CHECK(of("விடை") == "ta");
  CHECK(of("જવાબ") == "gu");
  CHECK(of("απάντηση") == "el");
  CHECK(of("תשובה") == "he");
  CHECK(of("პასუხი") == "ka");
  CHECK(of("պատասխան") == "hy");
  CHECK(of("답은") == "ko");
  CHECK(of("答案") == "zh");
  CHECK(of("answer").empty());
  CHECK(of("ответ").empty());
  CHECK(of("الجواب").empty());
  CHECK(of("उत्तर").empty());
}

TEST_CASE("a language has its script") {
  CHECK(script_of_language("fr") == Script::latin);
  CHECK(script_of_language("vi") == Script::latin);
  CHECK(script_of_language("ja") == Script::characters);
  CHECK(name_of(script_of_language("ru")) == "Cyrillic");
  CHECK(name_of(script_of_language("hi")) == "Devanagari");
}

TEST_CASE("a language has its letters, and a name or two with others") {
  Alphabet english("en");
  CHECK_FALSE(english.lacks_letters_of("björn gave the rest of the apples to his friend zoë"));
  CHECK(english.lacks_letters_of("ayşe kalan elmaları arkadaşına verdi"));
  CHECK(english.lacks_letters_of("bạn ấy cho em gái hai quả táo"));
  Alphabet russian("ru");
  CHECK_FALSE(russian.lacks_letters_of("она отдала два яблока брату"));
  CHECK(russian.lacks_letters_of("її брат з'їв два яблука і пішов"));
  CHECK_FALSE(Alphabet("no language").lacks_letters_of("björn ayşe"));
}
