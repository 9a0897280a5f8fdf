#include "actors/rewards/maths/times.h"

#include <array>
#include <cctype>
#include <cstdint>
#include <string>

namespace tramontane::maths {

namespace {

constexpr std::size_t text_bytes_max = 80;
constexpr std::int32_t noon = 12 * 3600;
constexpr std::int32_t day = 24 * 3600;

enum class Half : std::uint8_t {
  either,  // a clock face: 3:00, 3 o'clock
  known,
};

struct Time {
  std::int32_t seconds = 0;  // since midnight
  Half half = Half::known;
  bool named = false;  // it says that it is a time
};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Lower-case words, digits and colons, with one space between: no LaTeX, and no full stops.
std::string plain(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    bool space = c == ' ' || c == '~' || c == '{' || c == '}' || c == '$' || c == '\t';
    if (c == '\\') {
      std::size_t end = i + 1;
      while (end < text.size() && std::isalpha(static_cast<unsigned char>(text[end])) != 0) ++end;
      if (text.substr(i, end - i) == "\\colon") out += ':';
      i = end == i + 1 ? end : end - 1;
      space = true;
    }
    bool decimal = i > 0 && is_digit(text[i - 1]) && i + 1 < text.size() && is_digit(text[i + 1]);
    if (c == '.' && !decimal) continue;
    if (!space)
      out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    else if (!out.empty() && out.back() != ' ' && out.back() != ':')
      out += ' ';
    if (c == ':' && out.size() > 1 && out[out.size() - 2] == ' ') out.erase(out.size() - 2, 1);
  }
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

// One or two digits, or just two; -1 for anything else.
std::int32_t number(std::string_view& text, bool two) {
  std::int32_t value = 0;
  std::size_t digits = 0;
  while (digits < text.size() && is_digit(text[digits]) && digits < 3)
    value = 10 * value + (text[digits++] - '0');
  if (digits == 0 || digits > 2 || (two && digits != 2)) return -1;
  text.remove_prefix(digits);
  return value;
}

struct Word {
  std::string_view text;
  std::int32_t first;  // hour of the clock face from which it is in the afternoon: 0 all, 12 none
};

constexpr std::array words = {Word{"am", 12}, Word{"a m", 12}, Word{"in the morning", 12},
    Word{"pm", 0}, Word{"p m", 0}, Word{"in the afternoon", 0}, Word{"in the evening", 0},
    Word{"at night", 6}};

// `rest` is what stands behind the digits.
std::optional<Time> with_word(std::int32_t hour, std::int32_t seconds, std::string_view rest) {
  if (rest.starts_with(' ')) rest.remove_prefix(1);
  bool face = hour >= 1 && hour <= 12;
  if (rest == "o'clock" || rest == "oclock")
    return Time{hour * 3600 + seconds, face ? Half::either : Half::known, true};
  if (rest == "noon" || rest == "midnight") {
    if (hour != 12 || seconds != 0) return std::nullopt;
    return Time{rest == "noon" ? noon : 0, Half::known, true};
  }
  if (rest.starts_with("o'clock ")) rest.remove_prefix(8);
  for (const Word& word : words) {
    if (rest != word.text) continue;
    if (!face) return std::nullopt;
    bool afternoon = hour % 12 >= word.first && word.first < 12;
    return Time{(hour % 12) * 3600 + seconds + (afternoon ? noon : 0), Half::known, true};
  }
  return std::nullopt;
}

std::optional<Time> time_in(std::string_view whole) {
  if (whole.size() > text_bytes_max) return std::nullopt;
  std::string cleaned = plain(whole);
  std::string_view text = cleaned;
  if (text == "noon" || text == "midday") return Time{noon, Half::known, true};
  if (text == "midnight") return Time{0, Half::known, true};
  std::int32_t hour = number(text, false);
  if (hour < 0 || hour > 24) return std::nullopt;
  std::int32_t parts[2] = {};
  int count = 0;
  while (count < 2 && text.starts_with(':')) {
    text.remove_prefix(1);
    std::int32_t next = number(text, true);
    if (next < 0 || next > 59) return std::nullopt;
    parts[count++] = next;
  }
  std::int32_t seconds = 60 * parts[0] + parts[1];
  if (hour == 24 && seconds != 0) return std::nullopt;
  if (!text.empty()) return with_word(hour, seconds, text);
  if (count == 0) return std::nullopt;
  bool face = hour >= 1 && hour <= 12;
  return Time{(hour * 3600 + seconds) % day, face ? Half::either : Half::known, false};
}

}  // namespace

std::optional<Judgement> compare_times(std::string_view gold, std::string_view answer) {
  auto first = time_in(gold);
  if (!first) return std::nullopt;
  auto second = time_in(answer);
  if (!second || (!first->named && !second->named)) return std::nullopt;
  if (first->half == Half::known && second->half == Half::known)
    return judged(first->seconds % day == second->seconds % day, "as times of the day");
  // A clock face is any time of the 24 hours that shows it; that the half is missing is for the
  // rule of units to judge.
  if (first->seconds % day == second->seconds % day) return judged(true, "as times of the day");
  bool same_face = first->seconds % noon == second->seconds % noon;
  return same_face ? std::nullopt : std::optional(judged(false, "as times of the day"));
}

}  // namespace tramontane::maths
