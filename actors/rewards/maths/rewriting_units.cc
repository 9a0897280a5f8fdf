// Letters and words after a number as its unit.
#include "actors/rewards/maths/rewriting.h"
#include "actors/rewards/maths/units.h"

#include <utility>

namespace tramontane::maths {

namespace {

using Tokens = std::vector<Token>;

bool is_one_letter(const Token& token) {
  return token.kind == TokenKind::letter && token.text.size() == 1;
}

bool is_digits(const Token& token) {
  return token.kind == TokenKind::number &&
         token.text.find_first_not_of("0123456789") == std::string::npos;
}

// Whether the number before `at` may be measured by what follows: no variables in it.
bool measurable(const Tokens& tokens, std::size_t at) {
  const Token& last = tokens[at - 1];
  bool value = last.kind == TokenKind::number || is_mark(last, "}") || is_mark(last, ")") ||
               is_command(last, "pi");
  if (!value) return false;
  for (std::size_t i = at; i-- > 0;) {
    if (separates(tokens[i])) return true;
    if (tokens[i].kind == TokenKind::letter || tokens[i].kind == TokenKind::word) return false;
  }
  return true;
}

// One symbol from `at` on: letters that touch, "\Omega", "\mu m", a word. "" if it is no unit.
std::string symbol_at(const Tokens& tokens, std::size_t at, std::size_t& end) {
  end = at + 1;
  const Token& first = tokens[at];
  if (first.kind == TokenKind::word)
    return find_unit(first.text) || first.text == "per" ? first.text : "";
  if (first.kind != TokenKind::letter) return "";
  if (first.text == "\\Omega") return "ohm";
  std::string run = first.text == "\\mu" ? "u" : first.text;
  while (is_one_letter(tokens[end]) && (first.text == "\\mu" || !tokens[end].spaced))
    run += tokens[end++].text;
  return find_unit(run) ? unit_spelling(run) : "";
}

// One unit with its power, "s^2" or "s^{-1}", as words; false if it is none.
bool unit_at(const Tokens& tokens, std::size_t at, std::size_t& end, Tokens& words) {
  std::string symbol = symbol_at(tokens, at, end);
  if (symbol.empty()) return false;
  words.push_back({TokenKind::word, true, true, std::move(symbol)});
  if (!is_mark(tokens[end], "^")) return true;
  while (is_mark(tokens[end], "^") || is_mark(tokens[end], "{") || is_mark(tokens[end], "-"))
    words.push_back(tokens[end++]);
  if (!is_digits(tokens[end])) return false;
  bool braced = is_mark(words.back(), "{") || is_mark(words[words.size() - 2], "{");
  words.push_back(tokens[end++]);
  if (braced && is_mark(tokens[end], "}")) words.push_back(tokens[end++]);
  return true;
}

// "\frac{km}{h}", "\frac{m}{s^2}"
bool fraction_at(const Tokens& tokens, std::size_t at, std::size_t& end, Tokens& words) {
  if (!is_command(tokens[at], "frac")) return false;
  end = at + 1;
  for (int side = 0; side < 2; ++side) {
    if (!is_mark(tokens[end], "{")) return false;
    if (side == 1) words.push_back({TokenKind::mark, false, false, "/"});
    if (!unit_at(tokens, end + 1, end, words) || !is_mark(tokens[end], "}")) return false;
    ++end;
  }
  return true;
}

// A product of units from `at` to the end of the item or of the bracket that it stands in, as
// words; false if it is something else.
bool units_at(const Tokens& tokens, std::size_t at, std::size_t& end, Tokens& words) {
  end = at;
  while (!separates(tokens[end]) && !is_mark(tokens[end], ")") && !is_mark(tokens[end], "]")) {
    if (is_command(tokens[end], "frac")) {
      if (!fraction_at(tokens, end, end, words)) return false;
      continue;
    }
    if ((is_mark(tokens[end], "/") || is_mark(tokens[end], "*")) && !words.empty())
      words.push_back(tokens[end++]);
    bool next = !words.empty() && tokens[end].kind == TokenKind::number &&
                tokens[end + 1].kind == TokenKind::word;
    if (next) break;  // "2 h 5 min"
    if (!unit_at(tokens, end, end, words)) return false;
  }
  return !words.empty();
}

}  // namespace

void find_units(Tokens& tokens, const RewritingOptions& options) {
  for (std::size_t at = 1; at + 1 < tokens.size(); ++at) {
    const Token& token = tokens[at];
    bool may = token.kind == TokenKind::letter || token.kind == TokenKind::word ||
               is_command(token, "frac");
    bool apart = token.spaced || token.in_text || options.close_units;
    if (!may || !apart || !measurable(tokens, at)) continue;
    Tokens words;
    std::size_t end = at;
    if (!units_at(tokens, at, end, words)) continue;
    auto place = [&tokens](
                     std::size_t i) { return tokens.begin() + static_cast<std::ptrdiff_t>(i); };
    tokens.erase(place(at), place(end));
    tokens.insert(place(at), words.begin(), words.end());
    at += words.size();
  }
}

void join_quantities(Tokens& tokens) {
  for (std::size_t at = 2; at + 2 < tokens.size(); ++at) {
    bool joined = is_mark(tokens[at], "and") && tokens[at - 1].kind == TokenKind::word &&
                  tokens[at - 2].kind == TokenKind::number &&
                  tokens[at + 1].kind == TokenKind::number &&
                  tokens[at + 2].kind == TokenKind::word;
    if (!joined) continue;
    auto larger = find_unit(tokens[at - 1].text);
    auto smaller = find_unit(tokens[at + 2].text);
    if (!larger || !smaller || larger->name != smaller->name || larger->powers != smaller->powers)
      continue;
    if (larger->factor == smaller->factor) continue;  // two quantities: "3 cm and 5 cm"
    tokens.erase(tokens.begin() + static_cast<std::ptrdiff_t>(at));
  }
}

}  // namespace tramontane::maths
