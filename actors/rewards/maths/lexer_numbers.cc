#include "actors/rewards/maths/lexer_numbers.h"

#include <algorithm>
#include <cctype>

namespace tramontane::maths {

namespace {

constexpr std::size_t digits_max = 2000;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::size_t run_of_digits(std::string_view text) {
  return static_cast<std::size_t>(
      std::find_if_not(text.begin(), text.end(), is_digit) - text.begin());
}

void skip_spaces(std::string_view& text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
}

// The length of a separator of thousands, with the spaces that LaTeX ignores after it.
std::size_t separator(std::string_view text, bool commas) {
  std::string_view rest = text;
  for (std::string_view one : {"{,}", ",\\!", "\\,", "\\ ", "\\;", "{\\,}", " ", "'"}) {
    if (!rest.starts_with(one)) continue;
    if (one == "'" || one == " ") return 1;
    rest.remove_prefix(one.size());
    if (rest.starts_with("\\!")) rest.remove_prefix(2);
    skip_spaces(rest);
    return text.size() - rest.size();
  }
  return commas && text.starts_with(',') ? 1 : 0;
}

// Takes ",345,678" from the front, all groups or none, all with the same separator.
std::size_t groups(std::string_view text, bool commas, std::string& digits) {
  std::string taken;
  std::string_view rest = text;
  std::size_t width = separator(rest, commas);
  std::string_view mark = rest.substr(0, width);
  while (width > 0 && run_of_digits(rest.substr(width)) == 3 &&
         rest.substr(0, 1) == mark.substr(0, 1)) {
    taken += rest.substr(width, 3);
    rest.remove_prefix(width + 3);
    width = separator(rest, commas);
  }
  if (taken.empty()) return 0;
  // "100,200,3" is a list after all; "1 000/3" would be a mixed number gone wrong.
  if (mark == "," && rest.size() > 1 && rest[0] == ',' && is_digit(rest[1])) return 0;
  if (mark == " " && rest.starts_with('/')) return 0;
  digits += taken;
  return text.size() - rest.size();
}

// "{,}5" and "{,}25" are decimals; three digits were thousands.
std::size_t decimal_comma(std::string_view text) {
  if (!text.starts_with("{,}")) return 0;
  return run_of_digits(text.substr(3)) > 0 ? 3 : 0;
}

// "\overline{6}" and "\bar{6}", "\overline 6".
std::size_t repeating(std::string_view text, std::string& digits) {
  std::string_view rest = text;
  for (std::string_view command : {"\\overline", "\\bar", "\\dot"}) {
    if (!rest.starts_with(command)) continue;
    rest.remove_prefix(command.size());
    skip_spaces(rest);
    bool braced = rest.starts_with('{');
    if (braced) rest.remove_prefix(1);
    std::size_t run = run_of_digits(rest);
    if (run == 0 || run > 40) return 0;
    if (!braced) run = 1;
    digits = rest.substr(0, run);
    rest.remove_prefix(run);
    if (braced) {
      if (!rest.starts_with('}')) return 0;
      rest.remove_prefix(1);
    }
    return text.size() - rest.size();
  }
  return 0;
}

std::size_t power_of_ten(std::string_view text, std::string& exponent) {
  if (text.size() < 2 || (text[0] != 'e' && text[0] != 'E')) return 0;
  std::size_t at = 1;
  exponent = "e";
  if (text[at] == '-' || text[at] == '+') {
    if (text[at] == '-') exponent += '-';
    ++at;
  }
  std::size_t run = run_of_digits(text.substr(at));
  if (run == 0 || run > 5) return 0;
  exponent += text.substr(at, run);
  return at + run;
}

std::size_t ellipsis(std::string_view text) {
  for (std::string_view dots : {"...", "\\ldots", "\\dots", "\\cdots"})
    if (text.starts_with(dots)) return dots.size();
  return 0;
}

}  // namespace

std::optional<TakenNumber> take_number(std::string_view text, bool commas) {
  TakenNumber out;
  std::string_view rest = text;
  std::size_t run = run_of_digits(rest);
  std::string whole(rest.substr(0, run));
  rest.remove_prefix(run);
  if (run >= 1 && run <= 3 && whole[0] != '0') rest.remove_prefix(groups(rest, commas, whole));
  whole.erase(0, std::min(whole.find_first_not_of('0'), whole.size()));
  if (whole.empty()) whole = "0";

  std::string decimals;
  std::string repeated;
  bool point = rest.starts_with('.') && !rest.starts_with("..");
  std::size_t mark = point ? 1 : decimal_comma(rest);
  if (mark > 0) {
    std::string_view after = rest.substr(mark);
    std::size_t digits = run_of_digits(after);
    decimals = after.substr(0, digits);
    after.remove_prefix(digits);
    std::size_t repeats = repeating(after, repeated);
    if (digits + repeats > 0 || after.empty()) rest = after.substr(repeats);
    // "1.234,56": points for thousands, a comma for the decimals.
    if (point && commas && digits == 3 && run <= 3 && whole != "0" && rest.starts_with(',')) {
      std::size_t cents = run_of_digits(rest.substr(1));
      if (cents == 1 || cents == 2) {
        whole += decimals;
        decimals = rest.substr(1, cents);
        rest.remove_prefix(1 + cents);
      }
    }
  }
  out.text = whole;
  if (!decimals.empty() || !repeated.empty()) out.text += "." + decimals;
  if (!repeated.empty()) out.text += "(" + repeated + ")";
  std::string exponent;
  if (std::size_t length = power_of_ten(rest, exponent)) {
    out.text += exponent;
    rest.remove_prefix(length);
  }
  if (!decimals.empty())
    if (std::size_t dots = ellipsis(rest)) {
      out.text += "~";
      rest.remove_prefix(dots);
    }
  out.length = text.size() - rest.size();
  if (out.text.size() > digits_max) return std::nullopt;
  return out;
}

std::size_t ordinal_suffix(std::string_view text) {
  std::string_view rest = text;
  bool raised = rest.starts_with("^{");
  if (rest.starts_with('^')) rest.remove_prefix(raised ? 2 : 1);
  bool wrapped = false;
  for (std::string_view wrap : {"\\text{", "\\mathrm{", "\\textsuperscript{", "\\mbox{"})
    if (rest.starts_with(wrap)) {
      rest.remove_prefix(wrap.size());
      wrapped = true;
      break;
    }
  for (std::string_view suffix : {"st", "nd", "rd", "th"}) {
    if (!rest.starts_with(suffix)) continue;
    if (rest.size() > 2 && std::isalpha(static_cast<unsigned char>(rest[2])) != 0) continue;
    rest.remove_prefix(2);
    if (wrapped && rest.starts_with('}')) rest.remove_prefix(1);
    if (raised && rest.starts_with('}')) rest.remove_prefix(1);
    return text.size() - rest.size();
  }
  return 0;
}

}  // namespace tramontane::maths
