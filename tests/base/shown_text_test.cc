#include "runtime/base/shown_text.h"

#include <string>

#include "tests/support/test.h"

using namespace tramontane;

TEST_CASE("bytes that are no UTF-8 are shown as such, each by itself") {
  CHECK(one_line("a\xC3z") == "a\xEF\xBF\xBDz");
  CHECK(one_line("\xFF\xFE") == "\xEF\xBF\xBD\xEF\xBF\xBD");
  CHECK(one_line("h\xC3\xA9, \xF0\x9F\x8C\xAC") == "h\xC3\xA9, \xF0\x9F\x8C\xAC");
}

TEST_CASE("no control character reaches a terminal, in one byte or in two") {
  for (int c = 0; c < 0x20; ++c) {
    std::string text = {'a', static_cast<char>(c), 'z'};
    bool space = c == '\n' || c == '\t' || c == '\r';
    CHECK(one_line(text) == (space ? "a z" : "a\xEF\xBF\xBDz"));
  }
  CHECK(one_line("\x1B[2J\x7F") == "\xEF\xBF\xBD[2J\xEF\xBF\xBD");
  CHECK(one_line("\xC2\x9B"
                 "2J") ==
        "\xEF\xBF\xBD"
        "2J");
  CHECK(one_line("\xC2\xA0") == "\xC2\xA0");
}

TEST_CASE("line ends and tabs stay where several lines are shown, a carriage return does not") {
  CHECK(several_lines("a\n\tb\r\nc") == "a\n\tb \nc");
  CHECK(one_line("a\n\tb\r\nc") == "a  b  c");
}
