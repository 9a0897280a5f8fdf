#pragma once
// Cuts the LaTeX or plain text of an answer into tokens. Here spelling ends: \dfrac and \tfrac are
// \frac, \left and spaces are gone, "12,345" and "12{,}345" and "12\,345" are one number.
//
// The trap of the comma: "32,349" is a number, "32, 349" two, and inside brackets a comma always
// separates.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tramontane::maths {

enum class TokenKind : std::uint8_t {
  number,   // text: a canonical decimal, see Decimal
  letter,   // one variable: "x", "\alpha", "\mathbb{R}"
  word,     // of text: lower case, but for a unit's symbol ("kW")
  command,  // without its backslash: "frac", "pi", "sin"
  mark,     // "+", "<=", "\\{", "and", …
  end,
};

struct Token {
  TokenKind kind = TokenKind::end;
  bool spaced = false;   // white space before it
  bool in_text = false;  // it came from \text{…}
  std::string text;
};

inline bool is_mark(const Token& token, std::string_view text) {
  return token.kind == TokenKind::mark && token.text == text;
}

inline bool is_command(const Token& token, std::string_view text) {
  return token.kind == TokenKind::command && token.text == text;
}

// Nothing if it cannot be LaTeX (unbalanced \text, a number of absurd length) or has a character
// that is no sign of mathematics; `why` then names it.
std::optional<std::vector<Token>> lex(std::string_view text, std::string& why);

// The tokens joined: equal for two spellings of the same text.
std::string spelled(const std::vector<Token>& tokens);

}  // namespace tramontane::maths
