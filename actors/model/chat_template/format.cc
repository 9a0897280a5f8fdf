#include "actors/model/chat_template/format.h"

#include "actors/model/chat_template/letters.h"
#include "actors/model/chat_template/operators.h"
#include "actors/model/chat_template/printing.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>

namespace tramontane::jinja {

namespace {

constexpr int width_max = 10'000;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// One `%…` of a pattern.
struct Conversion {
  std::string key;
  bool has_key = false;
  bool left = false, zero = false, sign = false, space = false;
  int width = 0;
  int precision = -1;
  char type = 0;
};

class Percent {
 public:
  Percent(std::string_view pattern, const Value& values, Work& work)
      : pattern_(pattern), values_(values), work_(work) {}

  std::string run() {
    std::string out;
    while (at_ < pattern_.size()) {
      if (pattern_[at_] != '%') {
        out += pattern_[at_++];
        continue;
      }
      ++at_;
      Conversion conversion = read();
      if (conversion.type == '%') {
        out += '%';
        continue;
      }
      std::string piece = padded(conversion, convert(conversion));
      work_.spend(static_cast<std::int64_t>(piece.size()) + 8);
      out += piece;
    }
    bool all = values_.is(Kind::tuple) ? used_ == values_.items().size()
                                       : used_ > 0 || keyed_ || is_mapping();
    if (!all) fail("`%` of a text has more values than the text takes");
    return out;
  }

 private:
  // What Python lets stand unused, because it might be asked by key.
  bool is_mapping() const {
    return values_.is(Kind::dict) || values_.is(Kind::list) || values_.is(Kind::range) ||
           values_.is(Kind::undefined);
  }

  char peek() const {
    if (at_ >= pattern_.size()) fail("`%` of a text that ends inside a conversion");
    return pattern_[at_];
  }

  int number() {
    int value = 0;
    if (peek() == '*') refuse("`*` in a format");
    while (is_digit(peek())) {
      value = value * 10 + (pattern_[at_++] - '0');
      if (value > width_max) fail("a format with too large a width");
    }
    return value;
  }

  Conversion read() {
    Conversion c;
    if (peek() == '(') {
      std::size_t end = pattern_.find(')', at_);
      if (end == std::string_view::npos) fail("a format with an open `(`");
      c.key = std::string(pattern_.substr(at_ + 1, end - at_ - 1));
      if (c.key.find('(') != std::string::npos) refuse("`(` in the key of a format");
      c.has_key = true;
      at_ = end + 1;
    }
    for (;; ++at_) {
      char flag = peek();
      if (flag == '-')
        c.left = true;
      else if (flag == '0')
        c.zero = true;
      else if (flag == '+')
        c.sign = true;
      else if (flag == ' ')
        c.space = true;
      else if (flag == '#')
        refuse("`#` in a format");
      else
        break;
    }
    c.width = number();
    if (peek() == '.') {
      ++at_;
      c.precision = number();
    }
    if (peek() == 'l' || peek() == 'h' || peek() == 'L') ++at_;
    c.type = peek();
    ++at_;
    return c;
  }

  Value next(const Conversion& c) {
    if (c.has_key) {
      if (!values_.is(Kind::dict)) fail("a format with keys wants a dict");
      keyed_ = true;
      const Value* found = find(values_.pairs(), c.key);
      if (found == nullptr) fail("a format's key " + text_repr(c.key) + " is not in the dict");
      return *found;
    }
    if (values_.is(Kind::tuple)) {
      if (used_ >= values_.items().size()) fail("`%` of a text has too few values");
      return values_.items()[used_++];
    }
    if (used_++ > 0) fail("`%` of a text has too few values");
    return values_;
  }

  std::string convert(const Conversion& c) {
    Value value = next(c);
    switch (c.type) {
      case 's':
      case 'r': {
        std::string text = c.type == 's' ? to_text(value, work_) : to_repr(value, work_);
        auto offsets = point_offsets(text);
        auto keep = static_cast<std::size_t>(std::max(c.precision, 0));
        if (c.precision >= 0 && keep < offsets.size()) text.resize(offsets[keep]);
        return text;
      }
      case 'd':
      case 'i':
      case 'u':
        return whole(c, value);
      case 'f':
      case 'F':
      case 'e':
      case 'E':
      case 'g':
      case 'G':
        return real(c, value);
      default:
        refuse(std::string("`%") + c.type + "` in a format");
    }
  }

  static std::string signed_text(const Conversion& c, bool negative, std::string digits) {
    std::string sign = negative ? "-" : c.sign ? "+" : c.space ? " " : "";
    if (c.zero && !c.left) {
      auto width = static_cast<std::size_t>(c.width);
      std::size_t size = sign.size() + digits.size();
      if (size < width) digits.insert(0, width - size, '0');
    }
    return sign + digits;
  }

  static std::string whole(const Conversion& c, const Value& value) {
    if (!value.is_number()) {
      want_defined(value);
      fail("`%d` wants a number, not a value of type " + type_name(value));
    }
    std::int64_t number = value.as_integer();
    if (value.is(Kind::real)) {
      double down = std::trunc(value.as_real());
      if (!(std::abs(down) < 0x1p62)) refuse("`%d` of so large a number");
      number = static_cast<std::int64_t>(down);
    }
    std::string digits = std::to_string(number);
    if (number < 0) digits.erase(0, 1);
    while (static_cast<int>(digits.size()) < c.precision) digits.insert(0, "0");
    return signed_text(c, number < 0, std::move(digits));
  }

  static std::string real(const Conversion& c, const Value& value) {
    if (!value.is_number()) {
      want_defined(value);
      fail("a format wants a number, not a value of type " + type_name(value));
    }
    double number = value.as_real();
    if (!std::isfinite(number)) refuse("a number that is not finite in a format");
    std::string spec = std::string("%.*") + c.type;
    std::string digits(static_cast<std::size_t>(std::max(c.precision, 6)) + 400, '\0');
    int length = std::snprintf(digits.data(), digits.size(), spec.c_str(),
        c.precision < 0 ? 6 : c.precision, std::abs(number));
    digits.resize(static_cast<std::size_t>(length));
    return signed_text(c, std::signbit(number), std::move(digits));
  }

  static std::string padded(const Conversion& c, std::string text) {
    auto width = static_cast<std::size_t>(c.width);
    std::size_t size = count_points(text);
    if (size < width) text.insert(c.left ? text.size() : 0, width - size, ' ');
    return text;
  }

  std::string_view pattern_;
  const Value& values_;
  Work& work_;
  std::size_t at_ = 0;
  std::size_t used_ = 0;
  bool keyed_ = false;
};

// One field of str.format(), between its braces.
Value field_value(
    std::string_view field, const Arguments& values, std::size_t& automatic, Work& work) {
  std::size_t end = field.find_first_of(".[");
  std::string first(field.substr(0, end));
  Value value;
  if (first.empty() || std::ranges::all_of(first, is_digit)) {
    std::size_t index = automatic;
    if (first.empty())
      ++automatic;
    else if (first.size() > 6)
      fail("a format's field " + text_repr(first) + " has no value");
    else
      std::from_chars(first.data(), first.data() + first.size(), index);
    if (index >= values.positional.size())
      fail("a format's field " + text_repr(first) + " has no value");
    value = values.positional[index];
  } else {
    for (const auto& [name, named] : values.named)
      if (name == first) value = named;
    if (value.is(Kind::missing)) fail("a format's field " + text_repr(first) + " has no value");
  }
  if (end == std::string_view::npos) return value;
  if (field[end] == '[') refuse("`[` in a format's field");
  std::string name(field.substr(end + 1));
  if (name.empty() || name.find_first_of(".[") != std::string::npos || name.starts_with("_"))
    refuse("the format's field " + text_repr(field));
  return attribute(value, name, work);
}

}  // namespace

std::string percent_format(std::string_view pattern, const Value& values, Work& work) {
  work.spend(static_cast<std::int64_t>(pattern.size()));
  return Percent(pattern, values, work).run();
}

std::string brace_format(std::string_view pattern, const Arguments& values, Work& work) {
  work.spend(static_cast<std::int64_t>(pattern.size()));
  std::string out;
  std::size_t automatic = 0;
  bool numbered = false;
  for (std::size_t at = 0; at < pattern.size();) {
    char c = pattern[at++];
    if (c != '{' && c != '}') {
      out += c;
      continue;
    }
    if (at < pattern.size() && pattern[at] == c) {
      out += c;
      ++at;
      continue;
    }
    if (c == '}') fail("a format with a single `}`");
    std::size_t end = pattern.find('}', at);
    if (end == std::string_view::npos) fail("a format with an open `{`");
    std::string_view field = pattern.substr(at, end - at);
    at = end + 1;
    if (field.find_first_of("{:") != std::string_view::npos)
      refuse("a format's field with a specification, " + text_repr(field) + ",");
    std::size_t mark = field.find('!');
    std::string_view conversion = mark == std::string_view::npos ? "!s" : field.substr(mark);
    field = field.substr(0, mark);
    numbered = numbered || (!field.empty() && is_digit(field[0]));
    Value value = field_value(field, values, automatic, work);
    if (numbered && automatic > 0) fail("a format that counts its fields and names them");
    if (conversion != "!s" && conversion != "!r")
      refuse("the format's conversion " + text_repr(conversion));
    // format(None, ""), of whatever type, is str().
    out += conversion == "!s" ? to_text(value, work) : to_repr(value, work);
  }
  return out;
}

std::string escape_html(std::string_view text) {
  std::string out;
  for (char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&#34;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

}  // namespace tramontane::jinja
