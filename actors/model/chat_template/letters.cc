#include "actors/model/chat_template/letters.h"

#include <unicode/locid.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

namespace tramontane::jinja {

namespace {

bool is_ascii(std::string_view text) {
  for (char c : text)
    if (static_cast<unsigned char>(c) >= 0x80) return false;
  return true;
}

char ascii_upper(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
}

char ascii_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

template <class Change>
std::string by_icu(std::string_view text, Change change) {
  auto units = icu::UnicodeString::fromUTF8({text.data(), static_cast<std::int32_t>(text.size())});
  change(units);
  std::string out;
  units.toUTF8String(out);
  return out;
}

// One code point in title case.
std::string title_point(std::string_view point) {
  if (point.size() == 1) return std::string(1, ascii_upper(point[0]));
  return by_icu(point, [](icu::UnicodeString& units) {
    units.toTitle(nullptr, icu::Locale::getRoot(), U_TITLECASE_NO_BREAK_ADJUSTMENT);
  });
}

bool is_line_end(char32_t c) {
  return (c >= 0x0A && c <= 0x0D) || (c >= 0x1C && c <= 0x1E) || c == 0x85 || c == 0x2028 ||
         c == 0x2029;
}

}  // namespace

char32_t next_point(std::string_view text, std::size_t& at) {
  auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  unsigned char first = byte(at);
  int more = first < 0x80 ? 0 : first < 0xE0 ? 1 : first < 0xF0 ? 2 : 3;
  char32_t point = more == 0 ? first : first & (0x3FU >> more);
  ++at;
  for (; more > 0 && at < text.size(); --more, ++at) point = point << 6 | (byte(at) & 0x3FU);
  return point;
}

void append_point(std::string& text, char32_t point) {
  auto add = [&](char32_t byte) { text += static_cast<char>(byte); };
  if (point < 0x80) {
    add(point);
  } else if (point < 0x800) {
    add(0xC0 | point >> 6);
    add(0x80 | (point & 0x3F));
  } else if (point < 0x10000) {
    add(0xE0 | point >> 12);
    add(0x80 | (point >> 6 & 0x3F));
    add(0x80 | (point & 0x3F));
  } else {
    add(0xF0 | point >> 18);
    add(0x80 | (point >> 12 & 0x3F));
    add(0x80 | (point >> 6 & 0x3F));
    add(0x80 | (point & 0x3F));
  }
}

std::size_t count_points(std::string_view text) {
  std::size_t count = 0;
  for (char c : text)
    if ((static_cast<unsigned char>(c) & 0xC0U) != 0x80U) ++count;
  return count;
}

std::vector<std::size_t> point_offsets(std::string_view text) {
  std::vector<std::size_t> offsets;
  offsets.reserve(text.size() + 1);
  for (std::size_t at = 0; at < text.size(); ++at)
    if ((static_cast<unsigned char>(text[at]) & 0xC0U) != 0x80U) offsets.push_back(at);
  offsets.push_back(text.size());
  return offsets;
}

bool is_space(char32_t c) {
  return (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x20) || c == 0x85 || c == 0xA0 ||
         c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F ||
         c == 0x205F || c == 0x3000;
}

bool is_printable(char32_t c) {
  if (c < 0x7F) return c >= 0x20;
  switch (u_charType(static_cast<UChar32>(c))) {
    case U_UNASSIGNED:
    case U_CONTROL_CHAR:
    case U_FORMAT_CHAR:
    case U_SURROGATE:
    case U_PRIVATE_USE_CHAR:
    case U_LINE_SEPARATOR:
    case U_PARAGRAPH_SEPARATOR:
    case U_SPACE_SEPARATOR:
      return false;
    default:
      return true;
  }
}

bool is_letter(Letter kind, char32_t point) {
  auto c = static_cast<UChar32>(point);
  auto numeric = [&] { return u_getIntPropertyValue(c, UCHAR_NUMERIC_TYPE); };
  switch (kind) {
    case Letter::alpha:
      return u_isalpha(c) != 0;
    case Letter::decimal:
      return numeric() == U_NT_DECIMAL;
    case Letter::digit:
      return numeric() == U_NT_DECIMAL || numeric() == U_NT_DIGIT;
    case Letter::numeric:
      return numeric() != U_NT_NONE;
    case Letter::upper:
      return u_hasBinaryProperty(c, UCHAR_UPPERCASE) != 0;
    case Letter::lower:
      return u_hasBinaryProperty(c, UCHAR_LOWERCASE) != 0;
    case Letter::title:
      return u_charType(c) == U_TITLECASE_LETTER;
    case Letter::cased:
      return u_hasBinaryProperty(c, UCHAR_CASED) != 0;
  }
  return false;
}

std::string upper(std::string_view text) {
  if (!is_ascii(text))
    return by_icu(text, [](icu::UnicodeString& u) { u.toUpper(icu::Locale::getRoot()); });
  std::string out(text);
  for (char& c : out) c = ascii_upper(c);
  return out;
}

std::string lower(std::string_view text) {
  if (!is_ascii(text))
    return by_icu(text, [](icu::UnicodeString& u) { u.toLower(icu::Locale::getRoot()); });
  std::string out(text);
  for (char& c : out) c = ascii_lower(c);
  return out;
}

std::string fold(std::string_view text) {
  return by_icu(text, [](icu::UnicodeString& u) { u.foldCase(); });
}

std::string capitalize(std::string_view text) {
  if (text.empty()) return {};
  std::size_t at = 0;
  next_point(text, at);
  // The rest is made lower in its context, which a final sigma depends on.
  std::string rest = lower(text);
  std::string first = lower(text.substr(0, at));
  return title_point(text.substr(0, at)) +
         (rest.starts_with(first) ? rest.substr(first.size()) : lower(text.substr(at)));
}

std::string title(std::string_view text) {
  std::string out;
  bool inside = false;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t begin = at;
    char32_t c = next_point(text, at);
    std::string_view point = text.substr(begin, at - begin);
    out += inside ? lower(point) : title_point(point);
    inside = is_letter(Letter::cased, c);
  }
  return out;
}

std::string swap_case(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t begin = at;
    char32_t c = next_point(text, at);
    std::string_view point = text.substr(begin, at - begin);
    out += is_letter(Letter::upper, c)   ? lower(point)
           : is_letter(Letter::lower, c) ? upper(point)
                                         : std::string(point);
  }
  return out;
}

std::string_view strip(std::string_view text, const std::string* set, std::string_view ends) {
  auto goes = [&](std::string_view point) {
    std::size_t at = 0;
    if (set == nullptr) return is_space(next_point(point, at));
    return set->find(point) != std::string::npos;
  };
  while (!text.empty() && ends.find('l') != std::string_view::npos) {
    std::size_t at = 0;
    next_point(text, at);
    if (!goes(text.substr(0, at))) break;
    text.remove_prefix(at);
  }
  while (!text.empty() && ends.find('r') != std::string_view::npos) {
    std::size_t begin = text.size() - 1;
    while (begin > 0 && (static_cast<unsigned char>(text[begin]) & 0xC0U) == 0x80U) --begin;
    if (!goes(text.substr(begin))) break;
    text.remove_suffix(text.size() - begin);
  }
  return text;
}

std::vector<std::string_view> split_lines(std::string_view text, bool keep_ends) {
  std::vector<std::string_view> lines;
  std::size_t begin = 0;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at;
    char32_t c = next_point(text, at);
    if (!is_line_end(c)) continue;
    if (c == '\r' && at < text.size() && text[at] == '\n') ++at;
    lines.push_back(text.substr(begin, (keep_ends ? at : end) - begin));
    begin = at;
  }
  if (begin < text.size()) lines.push_back(text.substr(begin));
  return lines;
}

}  // namespace tramontane::jinja
