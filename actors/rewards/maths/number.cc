#include "actors/rewards/maths/number.h"

#include "actors/rewards/maths/spelling.h"

#include <algorithm>

namespace tramontane::maths {

namespace {

__extension__ using Wide = __int128;

constexpr std::size_t digits_max = 18;
constexpr std::int64_t exponent_max = 100000;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::size_t digits_at(std::string_view text) {
  return static_cast<std::size_t>(
      std::find_if_not(text.begin(), text.end(), is_digit) - text.begin());
}

// Takes an integer with optional thousands separators from the front of `text`.
bool take_integer(std::string_view& text, std::int64_t& value, std::size_t& digits) {
  std::size_t run = digits_at(text);
  if (run == 0) return false;
  value = 0;
  digits = 0;
  bool grouped = false;
  for (;;) {
    if (digits + run > digits_max) return false;
    for (char c : text.substr(0, run)) value = value * 10 + (c - '0');
    digits += run;
    text.remove_prefix(run);
    if (text.empty() || text.front() != ',') return true;
    if (!grouped && (digits > 3 || value == 0)) return false;
    text.remove_prefix(1);
    grouped = true;
    run = digits_at(text);
    if (run != 3) return false;  // "1,22": a list, or a decimal comma
  }
}

bool take_fraction(std::string_view& text, std::int64_t& over) {
  if (text.starts_with('/')) {
    text.remove_prefix(1);
    std::size_t digits = 0;
    std::size_t run = digits_at(text);
    return take_integer(text, over, digits) && digits == run && over != 0;
  }
  return true;
}

// "\frac{3}{4}" and its spellings: text is what follows "\frac".
std::optional<SimpleNumber> parse_latex_fraction(std::string_view text) {
  SimpleNumber number;
  std::int64_t* places[2] = {&number.numerator, &number.denominator};
  for (std::int64_t* place : places) {
    bool negative = false;
    if (!text.starts_with('{')) return std::nullopt;
    text.remove_prefix(1);
    if (text.starts_with('-')) {
      negative = true;
      text.remove_prefix(1);
    }
    std::size_t run = digits_at(text);
    std::size_t digits = 0;
    if (!take_integer(text, *place, digits) || digits != run) return std::nullopt;
    if (!text.starts_with('}')) return std::nullopt;
    text.remove_prefix(1);
    if (negative) *place = -*place;
  }
  if (!text.empty() || number.denominator == 0) return std::nullopt;
  if (number.denominator < 0) {
    number.numerator = -number.numerator;
    number.denominator = -number.denominator;
  }
  return number;
}

Wide power_of_ten(unsigned exponent) {
  Wide out = 1;
  while (exponent-- > 0) out *= 10;
  return out;
}

// |exact·10^d - shown| <= 1/2, where `rounded` shows d decimals.
bool rounds_to(const SimpleNumber& exact, const SimpleNumber& rounded) {
  Wide scaled = Wide{exact.numerator} * power_of_ten(rounded.decimals);
  Wide shown = Wide{rounded.numerator} * (power_of_ten(rounded.decimals) / rounded.denominator);
  Wide limit = Wide{1} << 60;
  if (shown > limit || shown < -limit) return false;
  Wide off = scaled - shown * exact.denominator;
  if (off < 0) off = -off;
  return 2 * off <= exact.denominator;
}

}  // namespace

std::optional<SimpleNumber> parse_simple(std::string_view text) {
  text = without_fences(text);
  bool negative = false;
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) {
    negative = text.front() == '-';
    text.remove_prefix(1);
    if (text.starts_with(' ')) text.remove_prefix(1);
  }
  for (std::string_view command : {"\\frac", "\\dfrac", "\\tfrac"})
    if (text.starts_with(command)) {
      auto fraction = parse_latex_fraction(text.substr(command.size()));
      if (fraction && negative) fraction->numerator = -fraction->numerator;
      return fraction;
    }

  SimpleNumber number;
  std::size_t digits = 0;
  if (!text.starts_with('.') && !take_integer(text, number.numerator, digits)) return std::nullopt;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    std::size_t run = digits_at(text);
    if (run == 0 || digits + run > digits_max) return std::nullopt;
    for (char c : text.substr(0, run)) number.numerator = number.numerator * 10 + (c - '0');
    text.remove_prefix(run);
    number.decimal = true;
    number.decimals = static_cast<std::uint8_t>(run);
    number.denominator = static_cast<std::int64_t>(power_of_ten(number.decimals));
  } else if (!take_fraction(text, number.denominator)) {
    return std::nullopt;
  }
  if (!text.empty()) return std::nullopt;
  for (std::int64_t left = number.numerator; left > 0; left /= 10) ++number.significant;
  if (negative) number.numerator = -number.numerator;
  return number;
}

bool same_number(const SimpleNumber& gold, const SimpleNumber& answer, std::uint32_t digits_min) {
  if (Wide{gold.numerator} * answer.denominator == Wide{answer.numerator} * gold.denominator)
    return true;
  if (gold.decimal == answer.decimal) return false;
  const SimpleNumber& rounded = gold.decimal ? gold : answer;
  const SimpleNumber& exact = gold.decimal ? answer : gold;
  return rounded.significant >= digits_min && rounds_to(exact, rounded);
}

std::optional<Decimal> parse_decimal(std::string_view text) {
  Decimal decimal;
  auto take = [&text](std::string& into) {
    std::size_t run = digits_at(text);
    into += text.substr(0, run);
    text.remove_prefix(run);
    return run;
  };
  take(decimal.digits);
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    decimal.point = true;
    decimal.exponent = -static_cast<std::int64_t>(take(decimal.digits));
  }
  if (text.starts_with('(')) {
    text.remove_prefix(1);
    if (take(decimal.repeating) == 0 || !text.starts_with(')')) return std::nullopt;
    text.remove_prefix(1);
    decimal.point = false;
  }
  if (text.starts_with('e')) {
    text.remove_prefix(1);
    bool negative = text.starts_with('-');
    if (negative) text.remove_prefix(1);
    std::string digits;
    if (take(digits) == 0 || digits.size() > 6) return std::nullopt;
    std::int64_t power = std::stol(digits);
    if (power > exponent_max) return std::nullopt;
    decimal.exponent += negative ? -power : power;
  }
  if (text.starts_with('~')) {
    text.remove_prefix(1);
    decimal.cut_off = true;
  }
  if (!text.empty() || decimal.digits.empty()) return std::nullopt;
  return decimal;
}

std::size_t significant_digits(const Decimal& decimal) {
  std::size_t zeros = decimal.digits.find_first_not_of('0');
  return zeros == std::string::npos ? 0 : decimal.digits.size() - zeros;
}

}  // namespace tramontane::maths
