#include "actors/model/chat_template/filters.h"
#include "actors/model/chat_template/format.h"
#include "actors/model/chat_template/letters.h"
#include "actors/model/chat_template/methods.h"
#include "actors/model/chat_template/operators.h"
#include "actors/model/chat_template/printing.h"
#include "runtime/base/check.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <optional>

namespace tramontane::jinja {

namespace {

// A text made of `from`, which stays safe if that was.
Value like(const Value& from, std::string text) {
  return from.is_safe() ? Value::safe_text(std::move(text)) : Value::text(std::move(text));
}

// Jinja2's own: a word begins behind white space, a dash or an opening bracket.
std::string title_words(std::string_view text) {
  std::string out;
  std::size_t begin = 0;
  auto separates = [](char32_t c) {
    return is_space(c) || c == '-' || c == '(' || c == '{' || c == '[' || c == '<';
  };
  auto flush = [&](std::size_t end) {
    if (begin == end) return;
    std::size_t first = begin;
    next_point(text, first);
    out += upper(text.substr(begin, first - begin)) + lower(text.substr(first, end - first));
    begin = end;
  };
  bool inside = false;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t here = at;
    bool separator = separates(next_point(text, at));
    if (here > 0 && separator == inside) flush(here);
    inside = !separator;
  }
  flush(text.size());
  return out;
}

std::optional<std::int64_t> whole_of(std::string_view text, std::int64_t base) {
  if (base != 0 && (base < 2 || base > 36)) fail("`int` wants a base from 2 to 36");
  text = strip(text);
  bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text.size() > 2 && text[0] == '0') {
    char mark = static_cast<char>(text[1] | 0x20);
    int named = mark == 'x' ? 16 : mark == 'o' ? 8 : mark == 'b' ? 2 : 0;
    if (named != 0 && (base == 0 || base == named)) {
      base = named;
      text.remove_prefix(text[2] == '_' ? 3 : 2);
    }
  }
  if (base == 0) refuse("`int` with a base of 0");
  std::string digits(text);
  for (std::size_t i = 0; i < digits.size(); ++i)
    if (digits[i] == '_' && (i == 0 || i + 1 == digits.size() || digits[i + 1] == '_'))
      return std::nullopt;
  std::erase(digits, '_');
  if (digits.empty() || digits[0] == '-') return std::nullopt;
  std::int64_t value = 0;
  auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), value, static_cast<int>(base));
  if (end != digits.data() + digits.size()) {
    for (char c : digits)
      if (static_cast<unsigned char>(c) >= 0x80) refuse("`int` of digits that are not ASCII");
    return std::nullopt;
  }
  if (error != std::errc{}) refuse("an integer of more than 64 bits");
  return negative ? -value : value;
}

std::optional<double> real_of(std::string_view text) {
  text = strip(text);
  bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  std::string digits = lower(text);
  double value = 0;
  if (digits == "inf" || digits == "infinity") {
    value = HUGE_VAL;
  } else if (digits == "nan") {
    value = NAN;
  } else {
    for (std::size_t i = 0; i < digits.size(); ++i) {
      auto digit = [&](std::size_t at) {
        return at < digits.size() && digits[at] >= '0' && digits[at] <= '9';
      };
      if (digits[i] == '_' && (i == 0 || !digit(i - 1) || !digit(i + 1))) return std::nullopt;
      if (static_cast<unsigned char>(digits[i]) >= 0x80)
        refuse("`float` of a text that is not ASCII");
    }
    std::erase(digits, '_');
    if (digits.empty() || digits.find_first_not_of("0123456789.e+-") != std::string::npos ||
        digits[0] == '-' || digits[0] == '+')
      return std::nullopt;
    auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (end != digits.data() + digits.size()) return std::nullopt;
    if (error != std::errc{}) refuse("so large or small a number");
  }
  return negative ? -value : value;
}

Value whole_of(double value) {
  if (!(std::abs(value) < 0x1p63)) refuse("an integer of more than 64 bits");
  return Value::integer(static_cast<std::int64_t>(value));
}

Value int_filter(const Value& value, const Arguments& arguments) {
  Bound got(arguments, {"default", "base"}, "int");
  want_defined(value);
  Value otherwise = got.value(0, Value::integer(0));
  if (value.is_whole()) return Value::integer(value.as_integer());
  std::optional<double> real;
  if (value.is(Kind::real)) {
    real = value.as_real();
    if (std::isinf(*real)) fail("`int` of a number that is not finite");
  } else if (value.is(Kind::text)) {
    if (auto whole = whole_of(value.as_text(), got.integer(1, 10))) return Value::integer(*whole);
    real = real_of(value.as_text());
  }
  return real && std::isfinite(*real) ? whole_of(*real) : otherwise;
}

Value float_filter(const Value& value, const Arguments& arguments) {
  Bound got(arguments, {"default"}, "float");
  want_defined(value);
  if (value.is_number()) return Value::real(value.as_real());
  std::optional<double> real;
  if (value.is(Kind::text)) real = real_of(value.as_text());
  return real ? Value::real(*real) : got.value(0, Value::real(0));
}

Value abs_filter(const Value& value) {
  if (value.is(Kind::real)) return Value::real(std::abs(value.as_real()));
  if (!value.is_whole()) fail("`abs` of a value of type " + type_name(value));
  return value.as_integer() < 0 ? negative(value) : Value::integer(value.as_integer());
}

Value round_filter(const Value& value, const Arguments& arguments) {
  Bound got(arguments, {"precision", "method"}, "round");
  std::int64_t precision = got.integer(0, 0);
  std::string method = got.has(1) ? got.text(1) : "common";
  if (method != "common" && method != "ceil" && method != "floor")
    fail("`round` has the methods common, ceil and floor");
  if (!value.is_number()) fail("`round` of a value of type " + type_name(value));
  if (precision < 0 || precision > 22) refuse("`round` to fewer than 0 or more than 22 places");
  double number = value.as_real();
  if (method == "common") {
    if (value.is_whole()) return Value::integer(value.as_integer());
    if (!std::isfinite(number)) {
      if (!got.has(0) || precision == 0) return Value::real(number);
      return value;
    }
    char text[400];  // the C library rounds the exact value, and halves to even, as Python does
    std::snprintf(text, sizeof text, "%.*f", static_cast<int>(precision), number);
    return Value::real(std::strtod(text, nullptr));
  }
  double scale = std::pow(10.0, static_cast<double>(precision));
  if (value.is_whole() && std::abs(number) * scale >= 0x1p53)
    refuse("`round` of so large a number");
  double scaled = method == "ceil" ? std::ceil(number * scale) : std::floor(number * scale);
  if (!std::isfinite(scaled)) fail("`round` of a number that is not finite");
  return Value::real(scaled == 0 ? 0.0 : scaled / scale);  // an integer has no -0
}

const std::string& want_text(const Value& value, const std::string& filter) {
  want_defined(value);
  if (!value.is(Kind::text)) fail("`" + filter + "` of a value of type " + type_name(value));
  return value.as_text();
}

Value indent_filter(const Value& value, const Arguments& arguments, Work& work) {
  Bound got(arguments, {"width", "first", "blank"}, "indent");
  std::string text = want_text(value, "indent") + "\n";
  std::string by = "    ";
  if (got.has(0) && got[0].is(Kind::text)) {
    by = got.text(0);
  } else {
    std::int64_t width = std::max<std::int64_t>(got.integer(0, 4), 0);
    work.spend(width);
    by = std::string(static_cast<std::size_t>(width), ' ');
  }
  bool blank = got.truth(2, false);
  std::string out = got.truth(1, false) ? by : "";
  bool first = true;
  for (std::string_view line : split_lines(text)) {
    work.spend(static_cast<std::int64_t>(by.size() + line.size()) + 1);
    if (!first) out += '\n';
    if (!first && (blank || !line.empty())) out += by;
    out += line;
    first = false;
  }
  return like(value, std::move(out));
}

Value truncate_filter(const Value& value, const Arguments& arguments) {
  Bound got(arguments, {"length", "killwords", "end", "leeway"}, "truncate");
  std::string end = got.has(2) ? got.text(2) : "...";
  std::int64_t length = got.integer(0, 255);
  std::int64_t leeway = got.has(3) && got[3].is(Kind::none) ? 5 : got.integer(3, 5);
  auto end_length = static_cast<std::int64_t>(count_points(end));
  if (length < end_length) fail("`truncate` to less than its end");
  if (leeway < 0) fail("`truncate` with a negative leeway");
  auto size = length_of(value);
  if (!size) fail("`truncate` of a value of type " + type_name(value));
  if (*size <= length || *size - length <= leeway) return value;
  const std::string& text = want_text(value, "truncate");
  auto offsets = point_offsets(text);
  std::string kept = text.substr(0, offsets[static_cast<std::size_t>(length - end_length)]);
  std::size_t space = kept.rfind(' ');
  if (!got.truth(1, false) && space != std::string::npos) kept.resize(space);
  return like(value, kept + end);
}

std::int64_t count_words(std::string_view text) {
  std::int64_t count = 0;
  bool inside = false;
  for (std::size_t at = 0; at < text.size();) {
    char32_t c = next_point(text, at);
    bool word = c == '_' || is_letter(Letter::alpha, c) || is_letter(Letter::numeric, c);
    if (word && !inside) ++count;
    inside = word;
  }
  return count;
}

Value format_filter(const Value& value, const Arguments& arguments, Work& work) {
  if (!arguments.named.empty() && !arguments.positional.empty())
    fail("`format` takes positional arguments or named ones");
  Value values = Value::tuple(arguments.positional);
  if (!arguments.named.empty()) {
    Value::Pairs pairs;
    for (const auto& [name, named] : arguments.named) put(pairs, Value::text(name), named, work);
    values = Value::dict(std::move(pairs));
  }
  if (value.is_safe()) refuse("`format` of a text that was marked as safe");
  return Value::text(percent_format(to_text(value, work), values, work));
}

}  // namespace

Value apply_text_filter(
    const std::string& name, const Value& value, const Arguments& arguments, Work& work) {
  if (name == "int") return int_filter(value, arguments);
  if (name == "float") return float_filter(value, arguments);
  if (name == "round") return round_filter(value, arguments);
  if (name == "indent") return indent_filter(value, arguments, work);
  if (name == "truncate") return truncate_filter(value, arguments);
  if (name == "format") return format_filter(value, arguments, work);
  if (name == "trim") {
    Bound got(arguments, {"chars"}, name);
    bool spaces = !got.has(0) || got[0].is(Kind::none);
    std::string text = to_text(value, work);
    return like(value, std::string(strip(text, spaces ? nullptr : &got.text(0))));
  }
  if (name == "replace") {
    Bound got(arguments, {"old", "new", "count"}, name, 2);
    std::int64_t count = got.has(2) && got[2].is(Kind::none) ? -1 : got.integer(2, -1);
    return Value::text(
        replaced(to_text(value, work), to_text(got[0], work), to_text(got[1], work), count, work));
  }
  if (name == "center") {
    Bound got(arguments, {"width"}, name);
    Arguments width{{got.value(0, Value::integer(80))}, {}};
    Value text = Value::text(to_text(value, work));
    return like(value, call_text_method(text, "center", width, work).as_text());
  }
  static constexpr const char* plain[] = {"abs", "capitalize", "e", "escape", "forceescape",
      "lower", "safe", "string", "title", "upper", "wordcount"};
  if (std::ranges::find(plain, name) == std::end(plain)) return {};
  Bound none(arguments, {}, name);
  if (name == "abs") return abs_filter(value);
  std::string text = to_text(value, work);
  work.spend(static_cast<std::int64_t>(text.size()));
  if (name == "string") return like(value, std::move(text));
  if (name == "safe") return Value::safe_text(std::move(text));
  if (name == "escape" || name == "e" || name == "forceescape")
    return value.is_safe() && name != "forceescape" ? value : Value::safe_text(escape_html(text));
  if (name == "wordcount") return Value::integer(count_words(text));
  if (name == "upper") return like(value, upper(text));
  if (name == "lower") return like(value, lower(text));
  if (name == "title") return Value::text(title_words(text));
  return like(value, capitalize(text));
}

}  // namespace tramontane::jinja
