#include "actors/model/chat_template/lexer.h"

#include "actors/model/chat_template/letters.h"
#include "actors/model/chat_template/string_literal.h"
#include "runtime/base/check.h"
#include "runtime/base/result.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace tramontane::jinja {

namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_word(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

class Lexer {
 public:
  explicit Lexer(std::string_view source) : source_(source) {}

  std::vector<Token> run() {
    while (at_ < source_.size()) text();
    add(Token::Type::end, source_.size(), "the end of the template");
    return std::move(tokens_);
  }

 private:
  void add(Token::Type type, std::size_t at, std::string text) {
    tokens_.push_back({type, at, std::move(text)});
  }

  void add_text(std::string_view text, std::size_t at) {
    if (!text.empty()) add(Token::Type::text, at, std::string(text));
  }

  char peek(std::size_t ahead = 0) const {
    return at_ + ahead < source_.size() ? source_[at_ + ahead] : '\0';
  }

  bool starts(std::string_view what) const { return source_.substr(at_).starts_with(what); }

  void skip_spaces() {
    while (at_ < source_.size()) {
      std::size_t next = at_;
      if (!is_space(next_point(source_, next))) return;
      at_ = next;
    }
  }

  void moved_to(std::size_t at) {
    at_ = at;
    line_starts_ = at_ > 0 && source_[at_ - 1] == '\n';
  }

  // What stands before a tag, with the white space taken off that its sign and lstrip_blocks say.
  std::string_view stripped(std::string_view text, char sign, bool block) const {
    if (sign == '-') return strip(text, nullptr, "r");
    if (sign == '+' || !block) return text;
    std::size_t line = text.rfind('\n') + 1;  // 0 where there is none
    if (line == 0 && !line_starts_) return text;
    return strip(text.substr(line), nullptr, "r").empty() ? text.substr(0, line) : text;
  }

  // Text up to the next tag, and the tag.
  void text() {
    std::size_t begin = at_;
    std::size_t tag = begin;
    do tag = source_.find('{', tag);
    while (tag != std::string_view::npos && !is_tag(tag) && ++tag < source_.size());
    if (tag == std::string_view::npos || tag >= source_.size()) {
      add_text(source_.substr(begin), begin);
      return moved_to(source_.size());
    }
    char kind = source_[tag + 1];
    at_ = tag + 2;
    char sign = peek() == '-' || peek() == '+' ? peek() : '\0';
    add_text(stripped(source_.substr(begin, tag - begin), sign, kind != '{'), begin);
    if (sign != '\0') ++at_;
    if (kind == '#') return comment(tag);
    if (kind == '%' && raw(tag)) return;
    moved_to(at_);
    add(kind == '%' ? Token::Type::block_begin : Token::Type::print_begin, tag,
        kind == '%' ? "{%" : "{{");
    code(kind == '%', tag);
  }

  bool is_tag(std::size_t at) const {
    if (at + 1 >= source_.size()) return false;
    char next = source_[at + 1];
    return next == '{' || next == '%' || next == '#';
  }

  // Behind the end of a tag: what its sign and trim_blocks take off.
  void after(char sign, bool block) {
    if (sign == '-')
      skip_spaces();
    else if (block && sign != '+' && peek() == '\n')
      ++at_;
    moved_to(at_);
  }

  void comment(std::size_t tag) {
    std::size_t end = source_.find("#}", at_);
    if (end == std::string_view::npos) fail_at(source_, tag, "a comment without its `#}`");
    char sign =
        end > at_ && (source_[end - 1] == '-' || source_[end - 1] == '+') ? source_[end - 1] : '\0';
    at_ = end + 2;
    after(sign, true);
  }

  // Takes `word` and the end of a tag, or stays where it is.
  bool tag_of(std::string_view word, bool trims) {
    std::size_t begin = at_;
    skip_spaces();
    if (starts(word)) {
      at_ += word.size();
      skip_spaces();
      char sign = peek() == '-' || (trims && peek() == '+') ? peek() : '\0';
      if (sign != '\0') ++at_;
      if (starts("%}")) {
        at_ += 2;
        after(sign, trims);
        return true;
      }
    }
    at_ = begin;
    return false;
  }

  bool raw(std::size_t tag) {
    if (!tag_of("raw", false)) return false;
    std::size_t begin = at_;
    bool starts_line = line_starts_;
    for (std::size_t end = begin; (end = source_.find("{%", end)) != std::string_view::npos;
         ++end) {
      at_ = end + 2;
      char sign = peek() == '-' || peek() == '+' ? peek() : '\0';
      if (sign != '\0') ++at_;
      if (!tag_of("endraw", true)) continue;
      std::swap(line_starts_, starts_line);
      add_text(stripped(source_.substr(begin, end - begin), sign, true), begin);
      line_starts_ = starts_line;
      return true;
    }
    fail_at(source_, tag, "a `raw` without its `endraw`");
  }

  // The tokens of a tag, and its end.
  void code(bool block, std::size_t tag) {
    std::string open;  // brackets
    for (;;) {
      skip_spaces();
      if (at_ >= source_.size())
        fail_at(source_, tag, block ? "a `{%` without its `%}`" : "a `{{` without its `}}`");
      if (open.empty() && end_of_code(block)) return;
      std::size_t begin = at_;
      if (is_digit(peek())) {
        number(begin);
      } else if (is_word(peek())) {
        while (is_word(peek())) ++at_;
        if (static_cast<unsigned char>(peek()) >= 0x80)
          refuse_at(source_, begin, "a name that is not ASCII");
        add(Token::Type::name, begin, std::string(source_.substr(begin, at_ - begin)));
      } else if (peek() == '\'' || peek() == '"') {
        string(begin);
      } else {
        op(begin, open);
      }
    }
  }

  bool end_of_code(bool block) {
    std::string_view mark = block ? "%}" : "}}";
    bool signed_end =
        (peek() == '-' || (block && peek() == '+')) && source_.substr(at_ + 1).starts_with(mark);
    if (!signed_end && !starts(mark)) return false;
    char sign = signed_end ? peek() : '\0';
    add(block ? Token::Type::block_end : Token::Type::print_end, at_, std::string(mark));
    at_ += signed_end ? 3 : 2;
    after(sign, block);
    return true;
  }

  void op(std::size_t begin, std::string& open) {
    constexpr std::string_view pairs[] = {"//", "**", "==", "!=", ">=", "<="};
    auto found = std::ranges::find_if(pairs, [&](std::string_view pair) { return starts(pair); });
    std::string text = found != std::end(pairs) ? std::string(*found) : std::string(1, peek());
    if (std::string_view("+-/*%~[](){}><=.:|,;").find(text[0]) == std::string_view::npos &&
        text.size() == 1) {
      std::size_t next = at_;
      next_point(source_, next);
      fail_at(source_, begin, "unexpected `" + std::string(source_.substr(at_, next - at_)) + "`");
    }
    std::size_t bracket = std::string_view("([{").find(text);
    if (bracket != std::string_view::npos) {
      open += ")]}"[bracket];
    } else if (text == ")" || text == "]" || text == "}") {
      if (open.empty() || open.back() != text[0])
        fail_at(source_, begin,
            "unexpected `" + text + "`" +
                (open.empty() ? "" : str(", expected `", open.back(), "`")));
      open.pop_back();
    }
    at_ += text.size();
    add(Token::Type::op, begin, std::move(text));
  }

  // The digits of `from`, which single underscores may stand between.
  std::size_t digits(std::size_t from) const {
    std::size_t end = from;
    while (
        end < source_.size() &&
        (is_digit(source_[end]) || (source_[end] == '_' && end > from && end + 1 < source_.size() &&
                                       is_digit(source_[end - 1]) && is_digit(source_[end + 1]))))
      ++end;
    return end;
  }

  void number(std::size_t begin) {
    std::size_t end = digits(begin);
    bool real = false;
    bool behind_dot = begin > 0 && source_[begin - 1] == '.';
    if (!behind_dot) {
      auto digit_at = [&](std::size_t at) { return at < source_.size() && is_digit(source_[at]); };
      if (end < source_.size() && source_[end] == '.' && digit_at(end + 1)) {
        real = true;
        end = digits(end + 1);
      }
      if (end < source_.size() && (source_[end] == 'e' || source_[end] == 'E')) {
        std::size_t power = end + 1;
        if (power < source_.size() && (source_[power] == '+' || source_[power] == '-')) ++power;
        if (digit_at(power)) {
          real = true;
          end = digits(power);
        }
      }
    }
    if (!real && source_[begin] == '0' && begin + 1 < source_.size() &&
        std::string_view("xXoObB").find(source_[begin + 1]) != std::string_view::npos)
      refuse_at(source_, begin, "an integer that is not decimal");
    std::string text(source_.substr(begin, end - begin));
    std::erase(text, '_');
    if (!real && text.size() > 1 && text[0] == '0' &&
        text.find_first_not_of('0') != std::string::npos)
      fail_at(source_, begin, "a decimal integer that begins with 0");
    at_ = end;
    Token token{real ? Token::Type::real : Token::Type::integer, begin, text};
    const char* last = text.data() + text.size();
    std::errc error = real ? std::from_chars(text.data(), last, token.real).ec
                           : std::from_chars(text.data(), last, token.integer).ec;
    if (error != std::errc{}) refuse_at(source_, begin, "so large a number");
    tokens_.push_back(std::move(token));
  }

  void string(std::size_t begin) {
    char quote = peek();
    std::size_t end = begin + 1;
    while (end < source_.size() && source_[end] != quote) end += source_[end] == '\\' ? 2 : 1;
    if (end >= source_.size()) fail_at(source_, begin, "a text without its closing quote");
    add(Token::Type::string, begin,
        string_literal(source_.substr(begin + 1, end - begin - 1), source_, begin + 1));
    at_ = end + 1;
  }

  std::string_view source_;
  std::size_t at_ = 0;
  bool line_starts_ = true;
  std::vector<Token> tokens_;
};

}  // namespace

std::string normal_source(std::string_view source) {
  std::string out;
  out.reserve(source.size());
  for (std::size_t i = 0; i < source.size(); ++i) {
    if (source[i] != '\r') {
      out += source[i];
    } else {
      out += '\n';
      if (i + 1 < source.size() && source[i + 1] == '\n') ++i;
    }
  }
  if (out.ends_with('\n')) out.pop_back();
  return out;
}

std::vector<Token> lex(std::string_view source) {
  return Lexer(source).run();
}

std::string place_of(std::string_view source, std::size_t at) {
  std::string_view before = source.substr(0, std::min(at, source.size()));
  auto line = std::ranges::count(before, '\n') + 1;
  std::size_t column = count_points(before.substr(before.rfind('\n') + 1)) + 1;
  return str("line ", line, ", column ", column);
}

void fail_at(std::string_view source, std::size_t at, const std::string& text) {
  throw Error(Errc::bad_input, place_of(source, at) + ": " + text);
}

void refuse_at(std::string_view source, std::size_t at, const std::string& what) {
  throw Error(Errc::unsupported, (source.empty() ? "" : place_of(source, at) + ": ") + what +
                                     " is not supported in a chat template");
}

}  // namespace tramontane::jinja
