#include "actors/rewards/maths/rewriting.h"

#include "actors/rewards/maths/words.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>
#include <utility>

namespace tramontane::maths {

namespace {

using Tokens = std::vector<Token>;

constexpr std::size_t letters_max = 40;  // of a word
constexpr std::size_t infix_max = 16;    // \over and \choose in one answer

bool is_one_letter(const Token& token) {
  return token.kind == TokenKind::letter && token.text.size() == 1;
}

bool is_upper(const Token& token) {
  return is_one_letter(token) && std::isupper(static_cast<unsigned char>(token.text[0])) != 0;
}

bool is_lower(const Token& token) {
  return is_one_letter(token) && std::islower(static_cast<unsigned char>(token.text[0])) != 0;
}

bool is_digits(const Token& token) {
  return token.kind == TokenKind::number &&
         token.text.find_first_not_of("0123456789") == std::string::npos;
}

bool relates(const Token& token) {
  return token.kind == TokenKind::mark && !token.text.empty() &&
         std::string_view("=~<>!").find(token.text[0]) != std::string_view::npos;
}

// Whether what begins at `at` stands alone to its left: after nothing, a comma, a bracket of a
// group. A bracket after a name or a number would be a call or a product.
bool alone_before(const Tokens& tokens, std::size_t at) {
  while (at > 0 && (is_mark(tokens[at - 1], "(") || is_mark(tokens[at - 1], "["))) --at;
  return at == 0 || separates(tokens[at - 1]);
}

bool alone_after(const Tokens& tokens, std::size_t at) {
  while (is_mark(tokens[at], ")") || is_mark(tokens[at], "]") || is_mark(tokens[at], ".")) ++at;
  return separates(tokens[at]);
}

// "no" and "up", which would be products of two variables.
bool is_short_word(std::string_view run) {
  static constexpr std::array<std::string_view, 47> words = {"no", "up", "on", "us", "we", "he",
      "me", "go", "ok", "hi", "my", "by", "yes", "one", "two", "six", "ten", "any", "all", "nil",
      "non", "nun", "sun", "mon", "tue", "wed", "thu", "fri", "sat", "jan", "feb", "mar", "apr",
      "jun", "jul", "aug", "sep", "oct", "nov", "dec", "man", "men", "pen", "ten", "can", "win",
      "run"};
  return std::find(words.begin(), words.end(), run) != words.end();
}

// What letters alone are: a word, capitals in their order ("HTH", "BCA"), a name ("Al"), or a
// product of variables ("abc", "Bh").
bool reads_as_word(std::string_view run) {
  auto upper = [](unsigned char c) { return std::isupper(c) != 0; };
  auto capitals = static_cast<std::size_t>(std::count_if(run.begin(), run.end(), upper));
  if (capitals == run.size()) return true;
  if (capitals == 0) return is_short_word(run);
  bool first = capitals == 1 && upper(static_cast<unsigned char>(run[0]));
  if (!first) return run.size() > 2;
  return run.size() > 2 || run.find_first_of("aeiouAEIOU") != run.npos;
}

// Letters from `at` on, up to `end`.
std::string letters_at(const Tokens& tokens, std::size_t at, std::size_t& end) {
  std::string run;
  for (end = at; is_one_letter(tokens[end]) && run.size() < letters_max; ++end)
    run += tokens[end].text;
  return run;
}

// "H_2O", "C_6H_{12}O_6", "CO2": symbols of elements, at least two of them and a number, from `at`
// on. "" if it is none.
std::string formula_at(const Tokens& tokens, std::size_t at, std::size_t& end) {
  std::string out;
  std::size_t elements = 0;
  bool numbered = false;
  end = at;
  while (is_upper(tokens[end]) && out.size() < letters_max) {
    out += tokens[end++].text;
    ++elements;
    if (is_lower(tokens[end]) && !tokens[end].spaced) out += tokens[end++].text;
    std::size_t digits = end;
    bool braced = false;
    if (is_mark(tokens[digits], "_")) braced = is_mark(tokens[++digits], "{");
    if (braced) ++digits;
    if (!is_digits(tokens[digits])) continue;
    if (braced && !is_mark(tokens[digits + 1], "}")) return "";
    out += tokens[digits].text;
    end = digits + (braced ? 2 : 1);
    numbered = true;
  }
  return elements > 1 && numbered ? out : "";
}

void replace(Tokens& tokens, std::size_t begin, std::size_t end, Token token) {
  tokens[begin] = std::move(token);
  tokens.erase(tokens.begin() + static_cast<std::ptrdiff_t>(begin) + 1,
      tokens.begin() + static_cast<std::ptrdiff_t>(end));
}

// AB = CD compares two lengths; x = HTH has a word for its value.
bool names_in_relation(const Tokens& tokens, std::size_t at, std::size_t end, std::size_t size) {
  if (relates(tokens[end])) return true;
  if (at == 0 || !relates(tokens[at - 1])) return false;
  return size < 3 || at < 2 || (at > 2 && is_one_letter(tokens[at - 3]));
}

void join_words(Tokens& tokens) {
  for (std::size_t at = 0; at + 1 < tokens.size(); ++at) {
    if (!is_one_letter(tokens[at]) || !alone_before(tokens, at)) continue;
    std::size_t end = at;
    std::string word = formula_at(tokens, at, end);
    if (word.empty()) {
      word = letters_at(tokens, at, end);
      if (word.size() < 2 || !reads_as_word(word)) continue;
      word = word_spelling(word);
    }
    if (!alone_after(tokens, end) || names_in_relation(tokens, at, end, word.size())) continue;
    bool spaced = tokens[at].spaced;
    replace(tokens, at, end, {TokenKind::word, spaced, true, std::move(word)});
  }
}

// The beginning of the group that `at` is in, and its end.
std::pair<std::size_t, std::size_t> group_around(const Tokens& tokens, std::size_t at) {
  std::size_t begin = at;
  for (std::size_t depth = 0; begin > 0; --begin) {
    const Token& before = tokens[begin - 1];
    if (is_mark(before, "}") || is_mark(before, ")")) ++depth;
    if ((is_mark(before, "{") || is_mark(before, "(")) && depth-- == 0) break;
    if (depth == 0 && separates(before)) break;
  }
  std::size_t end = at + 1;
  for (std::size_t depth = 0; tokens[end].kind != TokenKind::end; ++end) {
    if (is_mark(tokens[end], "{") || is_mark(tokens[end], "(")) ++depth;
    if ((is_mark(tokens[end], "}") || is_mark(tokens[end], ")")) && depth-- == 0) break;
    if (depth == 0 && separates(tokens[end])) break;
  }
  return {begin, end};
}

// "a \over b" to "\frac{a}{b}".
void turn_infix(Tokens& tokens) {
  std::size_t turned = 0;
  for (std::size_t at = 0; at < tokens.size() && turned < infix_max; ++at) {
    bool over = is_command(tokens[at], "over");
    if (!over && !is_command(tokens[at], "choose")) continue;
    ++turned;
    auto [begin, end] = group_around(tokens, at);
    auto place = [&tokens](
                     std::size_t i) { return tokens.begin() + static_cast<std::ptrdiff_t>(i); };
    Token open{TokenKind::mark, false, false, "{"};
    Token close{TokenKind::mark, false, false, "}"};
    tokens.insert(place(end), close);
    tokens[at] = close;
    tokens.insert(place(at + 1), open);
    tokens.insert(place(begin), {{TokenKind::command, true, false, over ? "frac" : "binom"}, open});
    at += 3;
  }
}

// "1.5 x 10^3"
void find_powers_of_ten(Tokens& tokens) {
  for (std::size_t at = 1; at + 2 < tokens.size(); ++at) {
    bool times = (tokens[at].text == "x" || tokens[at].text == "X") && is_one_letter(tokens[at]) &&
                 tokens[at - 1].kind == TokenKind::number && tokens[at + 1].text == "10" &&
                 is_mark(tokens[at + 2], "^");
    if (times) tokens[at] = {TokenKind::mark, true, false, "*"};
  }
}

// "10^12", which can mean nothing else, to "10^{12}".
void brace_powers_of_ten(Tokens& tokens) {
  for (std::size_t at = 0; at + 2 < tokens.size(); ++at) {
    bool ten = tokens[at].kind == TokenKind::number && tokens[at].text == "10" &&
               is_mark(tokens[at + 1], "^") && is_digits(tokens[at + 2]) &&
               tokens[at + 2].text.size() > 1;
    if (!ten) continue;
    auto exponent = tokens.begin() + static_cast<std::ptrdiff_t>(at) + 2;
    exponent = tokens.insert(exponent, {TokenKind::mark, false, false, "{"});
    tokens.insert(exponent + 2, {TokenKind::mark, false, false, "}"});
  }
}

// "30° 30' 15''" to "(30 + 30/60 + 15/3600)°".
void join_minutes(Tokens& tokens) {
  for (std::size_t at = 0; at + 4 < tokens.size(); ++at) {
    bool degrees = tokens[at].kind == TokenKind::number && is_mark(tokens[at + 1], "^");
    if (!degrees) continue;
    std::size_t end = at + 2;
    bool braced = is_mark(tokens[end], "{");
    if (braced) ++end;
    if (!is_command(tokens[end], "circ")) continue;
    end += braced ? 2 : 1;
    Tokens sum = {{TokenKind::mark, true, false, "("}, tokens[at]};
    std::size_t parts = 0;
    for (const char* part : {"60", "3600"}) {
      if (end + 2 >= tokens.size() || tokens[end].kind != TokenKind::number) break;
      std::size_t primes = 0;
      while (is_mark(tokens[end + 1 + primes], "'")) ++primes;
      bool seconds = is_mark(tokens[end + 1], "\"") || primes == 2;
      if ((primes != 1 && !seconds) || seconds != (std::string_view(part) == "3600")) continue;
      sum.push_back({TokenKind::mark, false, false, "+"});
      sum.push_back(tokens[end]);
      sum.push_back({TokenKind::mark, false, false, "/"});
      sum.push_back({TokenKind::number, false, false, part});
      end += 1 + std::max<std::size_t>(primes, 1);
      ++parts;
    }
    if (parts == 0) continue;
    for (const char* text : {")", "^"}) sum.push_back({TokenKind::mark, false, false, text});
    sum.push_back({TokenKind::command, false, false, "circ"});
    auto place = tokens.begin() + static_cast<std::ptrdiff_t>(at);
    tokens.erase(place, tokens.begin() + static_cast<std::ptrdiff_t>(end));
    tokens.insert(tokens.begin() + static_cast<std::ptrdiff_t>(at), sum.begin(), sum.end());
    at += sum.size();
  }
}

}  // namespace

bool separates(const Token& token) {
  if (token.kind != TokenKind::mark) return token.kind == TokenKind::end;
  const std::string& text = token.text;
  if (text.size() == 1) return std::string_view(",;=~<>&:").find(text[0]) != std::string_view::npos;
  return text == "and" || text == "or" || text == "<=" || text == ">=" || text == "!=" ||
         text == "\\{" || text == "\\}" || text == "\\\\";
}

void rewrite(std::vector<Token>& tokens, const RewritingOptions& options) {
  bool letters = false;
  bool infix = false;
  bool quotes = false;
  bool units = false;
  for (const Token& token : tokens) {
    letters = letters || token.kind == TokenKind::letter;
    units = units || token.kind == TokenKind::letter || token.kind == TokenKind::word;
    infix = infix || is_command(token, "over") || is_command(token, "choose");
    quotes = quotes || is_mark(token, "'") || is_mark(token, "\"");
  }
  brace_powers_of_ten(tokens);
  if (infix) turn_infix(tokens);
  if (quotes) join_minutes(tokens);
  if (letters) find_powers_of_ten(tokens);
  if (units) find_units(tokens, options);
  if (units) join_quantities(tokens);
  if (letters) join_words(tokens);
}

std::string shown_otherwise(const std::vector<Token>& tokens) {
  for (std::size_t at = 0; at + 1 < tokens.size(); ++at) {
    const Token& next = tokens[at + 1];
    if (next.kind != TokenKind::number || next.text.size() < 2) continue;
    bool ten = at > 0 && tokens[at - 1].kind == TokenKind::number && tokens[at - 1].text == "10";
    bool power = is_mark(tokens[at], "^") && !ten;
    if (power || is_command(tokens[at], "sqrt"))
      return (power ? "has ^" : "has \\sqrt") + next.text +
             " without braces, which LaTeX shows as " + next.text.substr(0, 1) +
             " and the rest beside it";
  }
  return "";
}

}  // namespace tramontane::maths
