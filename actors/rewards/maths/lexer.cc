#include "actors/rewards/maths/lexer.h"

#include "actors/rewards/maths/characters.h"
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

  std::optional<std::vector<Token>> run(std::string& why) {
    while (at_ < text_.size() && good()) step();
    why = why_;
    if (!good()) return std::nullopt;
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
    } else if (is_letter(c)) {
      letters();
    } else if (static_cast<unsigned char>(c) >= 0x80) {
      foreign_letters();
    } else {
      mark();
    }
  }

  bool good() const { return why_.empty(); }

  void fail(std::string why) {
    if (good()) why_ = std::move(why);
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
    // "14,15,600": the comma before it makes this number one of a list, not of thousands.
    bool listed = at_ > 1 && text_[at_ - 1] == ',' && is_digit(text_[at_ - 2]);
    auto taken = take_number(text_.substr(at_), list_depth_ == 0 && !listed);
    if (!taken) return fail("has a number of too many digits");
    push(TokenKind::number, std::move(taken->text));
    at_ += taken->length;
    at_ += ordinal_suffix(text_.substr(at_));
  }

  void letters() {
    for (std::string_view half : {"a.m.", "p.m.", "A.M.", "P.M."})
      if (text_.substr(at_).starts_with(half) && after_value()) {
        at_ += half.size();
        return push(TokenKind::word, std::string(1, lower(half)[0]) + "m");
      }
    std::size_t end = at_;
    bool ascii = true;
    while (end < text_.size()) {
      if (is_letter(text_[end]) || (text_[end] == '\'' && in_text_)) {
        ++end;
        continue;
      }
      std::size_t more = joining(end, false);
      if (more == 0) break;
      ascii = false;
      end += more;
    }
    std::string_view run = text_.substr(at_, end - at_);
    at_ = end;
    if (ascii) return classify(run);
    push(TokenKind::word, lower(run));
  }

  // The length of a letter that is not ASCII, of this kind, or of a mark on the letter before it.
  std::size_t joining(std::size_t at, bool ideographs) const {
    if (static_cast<unsigned char>(text_[at]) < 0x80) return 0;
    auto [code, length] = decode(text_.substr(at));
    bool letter = is_foreign_letter(code) && is_ideograph(code) == ideographs;
    return letter || (is_combining(code) && at > at_) ? length : 0;
  }

  // A run of ideographs says "or" with its first characters; other scripts join ASCII's letters.
  void foreign_letters() {
    if (joining(at_, false) > 0) return letters();
    if (auto joint = joint_at(text_.substr(at_)); !joint.sign.empty()) {
      at_ += joint.length;
      return push(TokenKind::mark, std::string(joint.sign));
    }
    std::size_t end = at_;
    while (end < text_.size()) {
      std::size_t more = joining(end, true);
      if (more == 0) break;
      end += more;
    }
    if (end == at_) return fail("has " + character_name(text_.substr(at_)) + ", which is not read");
    push(TokenKind::word, std::string(text_.substr(at_, end - at_)));
    at_ = end;
  }

  // Where letters may be a unit's: after a number, another unit, "per".
  bool may_be_unit() const {
    if (after_value() || after("/")) return true;
    if (tokens_.empty()) return false;
    const Token& last = tokens_.back();
    if (last.text == "*" && tokens_.size() > 1)
      return tokens_[tokens_.size() - 2].kind == TokenKind::word;
    return last.kind == TokenKind::word && in_text_ &&
           (find_unit(last.text) || last.text == "per" || last.text == "square" ||
               last.text == "cubic" || last.text == "sq");
  }

  void classify(std::string_view run) {
    if (run.size() == 1 && !in_text_) return push(TokenKind::letter, std::string(run));
    std::string small = lower(run);
    if (small == "and" || small == "or") return push(TokenKind::mark, std::move(small));
    bool unit = may_be_unit() && find_unit(run);
    std::size_t next = text_.find_first_not_of(' ', at_);
    bool applied =
        next < text_.size() && (text_[next] == '(' || text_[next] == '\\' || text_[next] == '{');
    if (unit && (in_text_ || (run == "min" && !applied)))
      return push(TokenKind::word, unit_spelling(run));
    if (is_function_name(run)) return push(TokenKind::command, std::string(command_spelling(run)));
    if (small == "mod") return push(TokenKind::command, "bmod");
    if (small == "infinity" || run == "infty" || run == "inf")
      return push(TokenKind::command, "infty");
    if (run.size() == 1) return push(TokenKind::letter, std::string(run));
    bool half_day = (after_value() || after("/")) && (small == "am" || small == "pm");
    if (unit && !half_day && !is_ambiguous_unit(run))
      return push(TokenKind::word, unit_spelling(run));
    if (half_day) return push(TokenKind::word, std::move(small));
    if (in_text_ || looks_like_word(run)) return push(TokenKind::word, word_spelling(run));
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
    if (text_.substr(at_).starts_with("**")) {  // Python's power, whose digits need no braces
      at_ += 2;
      push(TokenKind::mark, "^");
      std::size_t end = at_;
      while (end < text_.size() && is_digit(text_[end])) ++end;
      if (end - at_ < 2) return;
      push(TokenKind::mark, "{");
      push(TokenKind::number, std::string(text_.substr(at_, end - at_)));
      at_ = end;
      return push(TokenKind::mark, "}");
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
    if (std::size_t skipped = skipped_arguments(name); skipped > 0) {
      for (; skipped > 0; --skipped) skip_argument();
      if (has_shown_argument(name)) text_argument("mathbf");
      return;
    }
    if (is_text_command(name)) return text_argument(name);
    if (name == "vec" || name == "overrightarrow") {  // an arrow over one letter is a typeface
      std::string_view rest = text_.substr(at_);
      if (rest.size() > 2 && rest[0] == '{' && std::islower(rest[1]) != 0 && rest[2] == '}')
        return text_argument("mathbf");
      while (rest.starts_with(' ')) rest.remove_prefix(1);
      if (!rest.empty() && std::islower(static_cast<unsigned char>(rest[0])) != 0) return;
    }
    if (name == "degree" || name == "textdegree" || name == "celsius") {
      push(TokenKind::mark, "^");
      push(TokenKind::command, "circ");
      if (name == "celsius") push(TokenKind::letter, "C");
      return;
    }
    if (name == "left" || name == "right" || name == "mleft" || name == "mright") {
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
    if (is_money_command(name)) return money(name);
    if (name == "angstrom" || name == "AA") return push(TokenKind::word, "angstrom");
    push(TokenKind::command, std::string(command_spelling(name)));
  }

  // "€5" and "5 €": a sign before its number, a word after it.
  void money(std::string_view name) {
    std::size_t next = text_.find_first_not_of(' ', at_);
    bool last = after_value() && (next == text_.npos || !is_digit(text_[next]));
    if (!last) return push(TokenKind::mark, "\\" + std::string(name));
    bool renamed = name == "$" || name == "pounds";
    push(TokenKind::word, !renamed ? std::string(name) : name == "$" ? "dollar" : "sterling");
  }

  void skip_argument() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
    if (at_ < text_.size() && text_[at_] == '[')
      at_ = std::min(text_.find(']', at_), text_.size() - 1) + 1;
    if (at_ >= text_.size() || text_[at_] != '{') return;
    std::size_t close = closing_brace(text_, at_);
    if (close == text_.npos) return fail("has a brace that stays open");
    at_ = close + 1;
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
        return money("$");
      case '\\':
        return push(TokenKind::mark, "\\\\");
      case '|':
        return push(TokenKind::mark, "|");
      case '%':
        return push(TokenKind::mark, "%");
      case '#':  // "#5"
      case '/':  // a correction of spacing
      case '-':  // a hyphen that may be
        return;
      case '_':
      case '&':
        return push(TokenKind::mark, std::string(1, c));
      default:
        return fail("has \\ before " + character_name(text_.substr(at_ - 1)));
    }
  }

  void text_argument(std::string_view name) {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
    if (at_ >= text_.size() || text_[at_] != '{') return;
    std::size_t close = closing_brace(text_, at_);
    if (close == text_.npos) return fail("has a brace that stays open");
    if (in_text_depth_ > 4) return fail("has text in text in text");
    std::string_view rest = text_.substr(close + 1);
    std::string_view whole = text_;
    text_ = text_.substr(0, close);
    ++at_;
    bool outer = std::exchange(in_text_, in_text_ || is_prose_command(name));
    ++in_text_depth_;
    spaced_ = true;
    while (at_ < text_.size() && good()) step();
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
    if (letter >= text_.size() || !is_letter(text_[letter]))
      return fail("has \\" + std::string(name) + " without a letter");
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
  std::string why_;  // it cannot be read
};

}  // namespace

std::optional<std::vector<Token>> lex(std::string_view text, std::string& why) {
  return Lexer(text).run(why);
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
