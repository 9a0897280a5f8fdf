#include "actors/model/chat_template/string_literal.h"

#include "actors/model/chat_template/letters.h"
#include "actors/model/chat_template/lexer.h"

#include <cstdint>

namespace tramontane::jinja {

namespace {

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return 99;
}

std::string hex(char32_t point) {
  constexpr const char* digit = "0123456789abcdef";
  int size = point < 0x100 ? 2 : point < 0x10000 ? 4 : 8;
  std::string out(1, size == 2 ? 'x' : size == 4 ? 'u' : 'U');
  for (int i = size - 1; i >= 0; --i) out += digit[point >> (4 * i) & 0xFU];
  return out;
}

class Unescape {
 public:
  Unescape(std::string_view text, std::string_view source, std::size_t at)
      : text_(text), source_(source), place_(at) {}

  std::string run() {
    while (at_ < text_.size()) {
      char c = text_[at_++];
      if (c == '\\')
        escape();
      else
        out_ += c;
    }
    return std::move(out_);
  }

 private:
  void escape() {
    std::size_t begin = at_;
    char32_t c = next_point(text_, at_);
    constexpr std::string_view letters = "\\'\"abfnrtv";
    constexpr std::string_view meanings = "\\'\"\a\b\f\n\r\t\v";
    std::size_t known = c < 0x80 ? letters.find(static_cast<char>(c)) : std::string_view::npos;
    if (known != std::string_view::npos) {
      out_ += meanings[known];
    } else if (c == '\n') {
      // Both lines are one.
    } else if (c >= '0' && c <= '7') {
      at_ = begin;
      add(digits(8, 3, 1, begin), begin);
    } else if (c == 'x' || c == 'u' || c == 'U') {
      int size = c == 'x' ? 2 : c == 'u' ? 4 : 8;
      add(digits(16, size, size, begin), begin);
    } else if (c == 'N') {
      refuse_at(source_, place_ + begin - 1, "a character by its name, `\\N`,");
    } else {
      out_ += '\\';
      // Jinja2 writes what is not ASCII as escapes first, of which this backslash takes the first.
      if (c >= 0x80)
        out_ += hex(c);
      else
        out_ += static_cast<char>(c);
    }
  }

  std::uint32_t digits(int base, int most, int least, std::size_t begin) {
    std::uint32_t value = 0;
    int count = 0;
    for (; count < most && at_ < text_.size() && digit_of(text_[at_]) < base; ++count)
      value = value * static_cast<std::uint32_t>(base) +
              static_cast<std::uint32_t>(digit_of(text_[at_++]));
    if (count < least) fail_at(source_, place_ + begin - 1, "an escape with too few digits");
    return value;
  }

  void add(std::uint32_t point, std::size_t begin) {
    if (point > 0x10FFFF) fail_at(source_, place_ + begin - 1, "an escape of no character");
    if (point >= 0xD800 && point <= 0xDFFF)
      refuse_at(source_, place_ + begin - 1, "half a surrogate pair");
    append_point(out_, point);
  }

  std::string_view text_;
  std::string_view source_;
  std::size_t place_;
  std::size_t at_ = 0;
  std::string out_;
};

}  // namespace

std::string string_literal(std::string_view text, std::string_view source, std::size_t at) {
  return Unescape(text, source, at).run();
}

}  // namespace tramontane::jinja
