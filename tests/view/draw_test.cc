// Figures, columns, bars and curves, up to their bounds.
#include "actors/view/draw.h"

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

std::string as_utf8(char32_t code) {
  std::string out;
  if (code < 0x10000) {
    out += static_cast<char>(0xE0 | (code >> 12));
  } else {
    out += static_cast<char>(0xF0 | (code >> 18));
    out += static_cast<char>(0x80 | ((code >> 12) & 0x3F));
  }
  out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
  out += static_cast<char>(0x80 | (code & 0x3F));
  return out;
}

}  // namespace

TEST_CASE("figures go over to the next unit where they would round to it") {
  CHECK(count(9999.4) == "9,999");
  CHECK(count(9999.5) == "10.0k");
  CHECK(count(99949) == "99.9k");
  CHECK(count(99950) == "100k");
  CHECK(count(999499) == "999k");
  CHECK(count(999500) == "1.00M");
  CHECK(count(99.94e6) == "99.94M");
  CHECK(count(99.95e6) == "100M");
  CHECK(count(999.4e6) == "999M");
  CHECK(count(999.5e6) == "1.00G");
  CHECK(count(1e15) == "1e+15");
  CHECK(count(-12345) == "-12.3k");
  CHECK(duration(-1) == "0.0 s");
  CHECK(duration(9.94) == "9.9 s");
  CHECK(duration(9.95) == "10 s");
  CHECK(duration(59.4) == "59 s");
  CHECK(duration(59.5) == "1:00");
  CHECK(duration(3599) == "59:59");
  CHECK(duration(3600) == "1:00:00");
  CHECK(duration(36'000 + 61) == "10:01:01");
  CHECK(duration(2e12) == "–");
  CHECK(micros(9.94) == "9.9 µs");
  CHECK(micros(9.95) == "10 µs");
  CHECK(micros(999.4) == "999 µs");
  CHECK(micros(999.5) == "1.0 ms");
  CHECK(micros(999.4e3) == "999.4 ms");
  CHECK(micros(999.5e3) == "1.0 s");
  CHECK(bytes_text(999.4) == "999 B");
  CHECK(bytes_text(999.5) == "1 kB");
  CHECK(bytes_text(999.4e3) == "999 kB");
  CHECK(bytes_text(999.5e3) == "1.0 MB");
  CHECK(bytes_text(999.4e6) == "999.4 MB");
  CHECK(bytes_text(999.5e6) == "1.0 GB");
  CHECK(whole(999) == "999");
  CHECK(whole(1000) == "1,000");
  CHECK(whole(-0.4) == "0");
  CHECK(whole(0.6) == "1");
  CHECK(whole(-0.6) == "-1");
  CHECK(whole(999'999'999'999'999) == "999,999,999,999,999");
  CHECK(whole(1e15) == "1e+15");
  CHECK(fixed(1.25, 1) == "1.2");
  CHECK(fixed(-1e15, 1) == "-1e+15");
  CHECK(fixed(999e12, 0) == "999000000000000");
}

TEST_CASE("marks take no column, wide symbols two, up to the ends of their ranges") {
  for (auto [first, last] : std::vector<std::pair<char32_t, char32_t>>{
           {0x200B, 0x200F}, {0xFE00, 0xFE0F}, {0x20D0, 0x20F0}}) {
    CAPTURE(first);
    CHECK(columns(as_utf8(first)) == 0);
    CHECK(columns(as_utf8(last)) == 0);
    CHECK(columns(as_utf8(first - 1)) == 1);
    CHECK(columns(as_utf8(last + 1)) == 1);
  }
  CHECK(columns("\u02FF\u0300\u036F\u0370") == 2);
  for (auto [first, last] : std::vector<std::pair<char32_t, char32_t>>{{0x1100, 0x115F},
           {0x2E80, 0xA4CF}, {0xAC00, 0xD7A3}, {0xF900, 0xFAFF}, {0xFE30, 0xFE6F}, {0xFF00, 0xFF60},
           {0xFFE0, 0xFFE6}, {0x1F300, 0x1FAFF}, {0x20000, 0x3FFFD}}) {
    CAPTURE(first);
    CHECK(columns(as_utf8(first)) == 2);
    CHECK(columns(as_utf8(last)) == 2);
    CHECK(columns(as_utf8(first - 1)) == 1);
    CHECK(columns(as_utf8(last + 1)) == 1);
  }
}

TEST_CASE("text is cut at a column, never in a symbol") {
  CHECK(cut("abc", 3) == "abc");
  CHECK(cut("abcd", 3) == "ab…");
  CHECK(cut("abcd", 1) == "…");
  CHECK(cut("abcd", 0) == "");
  CHECK(cut("abcd", -1) == "");
  CHECK(cut("日本語", 5) == "日本…");
  CHECK(cut("日本語", 4) == "日…");
  CHECK(cut("aé…日🙂", 7) == "aé…日🙂");
  CHECK(columns("aé…日🙂") == 7);
}

TEST_CASE("a bar is filled in eighths, a sparkline in eight heights") {
  CHECK(bar(0, 3) == "░░░");
  CHECK(bar(1.5, 3) == "███");
  CHECK(bar(-1, 2) == "░░");
  CHECK(bar(1.0 / 24, 3) == "▏░░");
  CHECK(bar(0.5, 3) == "█▌░");
  CHECK(bar(23.0 / 24, 3) == "██▉");
  CHECK(bar(std::nan(""), 2) == "░░");
  CHECK(bar(1, 0) == "");
  CHECK(sparkline({0, 1, 2, 3, 4, 5, 6, 7}, 8) == "▁▂▃▄▅▆▇█");
  CHECK(sparkline({100, 0, 1}, 2) == "▁█");
  CHECK(sparkline({3, 3, 3}, 5) == "▁▁▁");
  CHECK(sparkline({-1, std::nan(""), 1}, 3) == "▁ █");
  CHECK(sparkline({1, 2}, 0) == "");
}

TEST_CASE("a line is cut over its pieces, and each tone has its code") {
  Line line;
  line.add("ab").add("cd", Tone::dim).add("ef", Tone::strong).add("g", Tone::first);
  line.add("h", Tone::second).add("i", Tone::good).add("j", Tone::warn).add("k", Tone::bad);
  CHECK(line.width() == 11);
  CHECK(line.str(20, true) ==
        "ab\x1b[2mcd\x1b[0m\x1b[1mef\x1b[0m\x1b[36mg\x1b[0m\x1b[33mh\x1b[0m\x1b[32mi\x1b[0m"
        "\x1b[33;1mj\x1b[0m\x1b[31;1mk\x1b[0m");
  CHECK(line.str(11, false) == "abcdefghijk");
  CHECK(line.str(5, false) == "abcd…");
  CHECK(line.str(0, false) == "");
  Line column;
  column.add("ab").to(4).add("c").to(3);
  CHECK(column.str(9, false) == "ab  c");
  CHECK(Line().add(line).add("l", Tone::bad).str(20, true).ends_with("\x1b[31;1mkl\x1b[0m"));
}

TEST_CASE("a chart has eight dots in a cell, and joins the points of a curve") {
  auto drawn = [](std::vector<std::pair<double, double>> points, int columns, int rows) {
    Chart chart(columns, rows, {.x_from = 0, .x_to = 1, .y_from = 0, .y_to = 1});
    Series series;
    for (auto [x, y] : points) series.add(x, y);
    chart.curve(series, Tone::first);
    std::string out;
    for (const auto& line : chart.lines()) out += (out.empty() ? "" : "/") + line.str(99, false);
    return out;
  };
  const char* left[] = {"⡀", "⠄", "⠂", "⠁"};
  const char* right[] = {"⢀", "⠠", "⠐", "⠈"};
  for (int up = 0; up < 4; ++up) {
    CHECK(drawn({{0, up / 3.0}}, 1, 1) == left[up]);
    CHECK(drawn({{1, up / 3.0}}, 1, 1) == right[up]);
  }
  CHECK(drawn({{0, -5}}, 1, 1) == "⡀");  // beyond the axes: at their ends
  CHECK(drawn({{2, 5}}, 1, 1) == "⠈");
  CHECK(drawn({{0, 0}, {1, 1}}, 2, 1) == "⡠⠊");
  CHECK(drawn({{0, 1}, {1, 0}}, 2, 1) == "⠑⢄");
  CHECK(drawn({{0, 0}, {1, 0}}, 3, 2) == "   /⣀⣀⣀");
  CHECK(drawn({{0, 1}}, 2, 2) == "⠁ /  ");
}
