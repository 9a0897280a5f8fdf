#include "actors/rewards/maths/lexer.h"

#include "actors/rewards/maths/lexer_numbers.h"
#include "actors/rewards/maths/spelling.h"
#include "actors/rewards/maths/units.h"
#include "actors/rewards/maths/words.h"

#include <algorithm>
#include <cctype>
#include <utility>

namespace tramontane::maths {

namespace {

bool is_letter(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) != 0;
}

bool is_digit(char c) {
  return std::isdigit(static_cast<unsigned char>(c)) != 0;
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
      [](char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); });
  return out;
}

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  std::optional<std::vector<Token>> run() {
    while (at_ < text_.size() && good_) step();
    if (!good_) return std::nullopt;
    push(TokenKind::end, "");
    return std::move(tokens_);
  }

 private:
  void step() {
    char c = text_[at_];
    if (std::isspace(static_cast<unsigned char>(c)) || c == '~' || c == '$') {
      spaced_ = true;
      ++at_;
    } else if (c == '\\') {
      command();
    } else if (is_digit(c) || (c == '.' && at_ + 1 < text_.size() && is_digit(text_[at_ + 1]))) {
      number();
    } else if (is_letter(c) || static_cast<unsigned char>(c) >= 0x80) {
      letters();
    } else {
      mark();
    }
  }

  void push(TokenKind kind, std::string text) {
    tokens_.push_back({kind, spaced_, in_text_, std::move(text)});
    spaced_ = false;
  }

  bool after(std::string_view mark) const {
    return !tokens_.empty() && tokens_.back().text == mark;
  }

  bool after_value() const {
    if (tokens_.empty()) return false;
    const Token& last = tokens_.back();
    return last.kind == TokenKind::number || last.text == ")" || last.text == "}" ||
           last.text == "pi";
  }

  void number() {
    auto taken = take_number(text_.substr(at_), list_depth_ == 0);
    if (!taken) {
      good_ = false;
      return;
    }
    push(TokenKind::number, std::move(taken->text));
    at_ += taken->length;
    ordinal();
  }

  // "5th": the suffix says nothing.
  void ordinal() {
    std::string_view rest = text_.substr(at_);
    if (rest.starts_with("^{")) rest.remove_prefix(2);
    if (rest.starts_with("^")) rest.remove_prefix(1);
    bool wrapped = false;
    for (std::string_view wrap : {"\\text{", "\\mathrm{", "\\textsuperscript{", "\\mbox{"})
      if (rest.starts_with(wrap)) {
        rest.remove_prefix(wrap.size());
        wrapped = true;
        break;
      }
    for (std::string_view suffix : {"st", "nd", "rd", "th"}) {
      if (!rest.starts_with(suffix)) continue;
      if (rest.size() > 2 && is_letter(rest[2])) continue;
      rest.remove_prefix(2);
      bool raised = text_.substr(at_).starts_with("^{");
      if (wrapped && rest.starts_with('}')) rest.remove_prefix(1);
      if (raised && rest.starts_with('}')) rest.remove_prefix(1);
      at_ = text_.size() - rest.size();
      return;
    }
  }

  void letters() {
    for (std::string_view half : {"a.m.", "p.m.", "A.M.", "P.M."})
      if (text_.substr(at_).starts_with(half) && after_value()) {
        at_ += half.size();
        return push(TokenKind::word, std::string(1, lower(half)[0]) + "m");
      }
    std::size_t end = at_;
    while (end < text_.size() &&
           (is_letter(text_[end]) || static_cast<unsigned char>(text_[end]) >= 0x80 ||
               (text_[end] == '\'' && in_text_)))
      ++end;
    std::string_view run = text_.substr(at_, end - at_);
    at_ = end;
    classify(run);
  }

  void classify(std::string_view run) {
    std::string small = lower(run);
    if (small == "and" || small == "or") return push(TokenKind::mark, std::move(small));
    if (is_function_name(run)) return push(TokenKind::command, std::string(run));
    if (small == "infinity" || run == "infty" || run == "inf")
      return push(TokenKind::command, "infty");
    if (run.size() == 1 && !(in_text_ && (after_value() || after("/")) && find_unit(run)))
      return push(TokenKind::letter, std::string(run));
    bool half_day = small == "am" || small == "pm";
    bool unit = (after_value() || after("/")) && (half_day || find_unit(small));
    if (unit || in_text_ || looks_like_word(run)) return push(TokenKind::word, std::move(small));
    if (run.size() > 3 && (run.starts_with("sin") || run.starts_with("cos") ||
                              run.starts_with("tan") || run.starts_with("log"))) {
      push(TokenKind::command, std::string(run.substr(0, 3)));
      run.remove_prefix(3);
    }
    for (char c : run) push(TokenKind::letter, std::string(1, c));
  }

  void mark() {
    for (std::string_view two : {"<=", ">=", "!=", "=="})
      if (text_.substr(at_).starts_with(two) && !(two == "!=" && after_value())) {
        push(TokenKind::mark, two == "==" ? "=" : std::string(two));
        at_ += 2;
        return;
      }
    if (text_.substr(at_).starts_with("...")) {
      push(TokenKind::command, "dots");
      at_ += 3;
      return;
    }
    if (text_.substr(at_).starts_with("**")) {  // Python's power
      push(TokenKind::mark, "^");
      at_ += 2;
      return;
    }
    bracket(text_[at_]);
    if (text_[at_] == '.' && in_text_) {
      ++at_;
      return;
    }
    push(TokenKind::mark, std::string(1, text_[at_++]));
  }

  // Commas separate inside brackets, and inside braces that are no argument.
  void bracket(char c) {
    if (c == '(' || c == '[') ++list_depth_;
    if ((c == ')' || c == ']') && list_depth_ > 0) --list_depth_;
    if (c == '{') {
      bool argument = after("^") || after("_") || after("}") ||
                      (!tokens_.empty() && tokens_.back().kind == TokenKind::command);
      braces_.push_back(!argument);
      if (!argument) ++list_depth_;
    }
    if (c == '}' && !braces_.empty()) {
      if (braces_.back() && list_depth_ > 0) --list_depth_;
      braces_.pop_back();
    }
  }

  void command() {
    std::size_t end = at_ + 1;
    while (end < text_.size() && is_letter(text_[end])) ++end;
    if (end == at_ + 1) return escaped();
    std::string_view name = text_.substr(at_ + 1, end - at_ - 1);
    at_ = end;
    if (is_text_command(name)) return text_argument(name);
    if (name == "left" || name == "right") {
      if (at_ < text_.size() && text_[at_] == '.') ++at_;
      return;
    }
    if (is_ignored_command(name)) {
      spaced_ = true;
      return;
    }
    if (name == "mathbb" || name == "mathcal") return styled(name);
    if (auto sign = sign_of_command(name)) return push(TokenKind::mark, std::string(*sign));
    if (is_greek(name)) return push(TokenKind::letter, "\\" + std::string(name));
    if (is_money_command(name)) return push(TokenKind::mark, "\\" + std::string(name));
    push(TokenKind::command, std::string(command_spelling(name)));
  }

  void escaped() {
    char c = at_ + 1 < text_.size() ? text_[at_ + 1] : ' ';
    at_ = std::min(at_ + 2, text_.size());
    switch (c) {
      case '!':
      case ',':
      case ';':
      case ':':
      case '>':
      case ' ':
      case '(':
      case ')':
      case '[':
      case ']':
      case '\n':
        spaced_ = true;
        return;
      case '{':
        ++list_depth_;
        return push(TokenKind::mark, "\\{");
      case '}':
        if (list_depth_ > 0) --list_depth_;
        return push(TokenKind::mark, "\\}");
      case '$':
        return push(TokenKind::mark, "\\$");
      case '\\':
        return push(TokenKind::mark, "\\\\");
      case '|':
        return push(TokenKind::mark, "|");
      case '%':
        return push(TokenKind::mark, "%");
      default:
        return;
    }
  }

  void text_argument(std::string_view name) {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
    if (at_ >= text_.size() || text_[at_] != '{') return;
    std::size_t close = closing_brace(text_, at_);
    if (close == text_.npos || in_text_depth_ > 4) {
      good_ = false;
      return;
    }
    std::string_view rest = text_.substr(close + 1);
    std::string_view whole = text_;
    text_ = text_.substr(0, close);
    ++at_;
    bool outer = std::exchange(in_text_, in_text_ || is_prose_command(name));
    ++in_text_depth_;
    spaced_ = true;
    while (at_ < text_.size() && good_) step();
    --in_text_depth_;
    in_text_ = outer;
    text_ = whole;
    at_ = whole.size() - rest.size();
    spaced_ = true;
  }

  void styled(std::string_view name) {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
    bool braced = at_ + 2 < text_.size() && text_[at_] == '{' && text_[at_ + 2] == '}';
    std::size_t letter = braced ? at_ + 1 : at_;
    if (letter >= text_.size() || !is_letter(text_[letter])) {
      good_ = false;
      return;
    }
    push(TokenKind::letter, "\\" + std::string(name) + text_[letter]);
    at_ = letter + (braced ? 2 : 1);
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::vector<Token> tokens_;
  std::vector<bool> braces_;  // for each open plain brace, whether it counts as a list
  std::size_t list_depth_ = 0;
  std::size_t in_text_depth_ = 0;
  bool in_text_ = false;
  bool spaced_ = false;
  bool good_ = true;
};

}  // namespace

std::optional<std::vector<Token>> lex(std::string_view text) {
  return Lexer(text).run();
}

std::string spelled(const std::vector<Token>& tokens) {
  std::string out;
  bool was_alone = false;  // keeps "1 2" and "a b" apart from "12" and "ab" where it matters
  for (const Token& token : tokens) {
    bool alone = token.kind == TokenKind::number || token.kind == TokenKind::word ||
                 token.kind == TokenKind::command;
    if (alone && was_alone) out += ' ';
    out += token.text;
    was_alone = alone;
  }
  return out;
}

}  // namespace tramontane::maths
