// Units: the words after a number.
#include "actors/rewards/maths/parser_state.h"
#include "actors/rewards/maths/units.h"

#include <string>
#include <utility>

namespace tramontane::maths {

namespace {

constexpr int unit_words_max = 8;

}  // namespace

// "^2", "^{2}", "^{-1}"; true if there is none. One digit.
bool Parser::take_unit_power(int& power) {
  if (!at_mark("^")) return true;
  std::size_t ahead = 1;
  bool braces = peek(ahead).text == "{";
  if (braces) ++ahead;
  bool negative = peek(ahead).text == "-";
  if (negative) ++ahead;
  const Token& exponent = peek(ahead);
  bool fine = exponent.kind == TokenKind::number && exponent.text.size() == 1 &&
              (!braces || peek(ahead + 1).text == "}");
  if (!fine) return false;
  power *= (negative ? -1 : 1) * (exponent.text[0] - '0');
  at_ += ahead + (braces ? 2 : 1);
  return true;
}

// The words after a value. A quantity's parts are its value and the unit's factor.
Node Parser::one_unit(Node value) {
  Dimension dimension;
  Node factor = integer(1);
  if (value.kind == Kind::quantity) {  // "$18 per day"
    dimension = Dimension(value.text);
    factor = value.parts[1];
    value = Node(value.parts[0]);
  }
  int raised = 1;
  bool below = false;
  for (int count = 0; peek().kind == TokenKind::word && !failed(); ++count) {
    if (count == unit_words_max) return fail("prose after a number");
    std::string word = tokens_[at_++].text;
    if (changes_meaning(word)) return fail("'" + word + "' after a number");
    if (word == "per") {
      below = true;
    } else if (word == "square" || word == "sq" || word == "cubic") {
      raised = word == "cubic" ? 3 : 2;
    } else if (word == "percent") {
      value = make(Kind::percent, std::move(value));
    } else if (word == "degree" || word == "degrees") {
      value = make(Kind::product, std::move(value), make(Kind::constant, "degree"));
    } else if (auto multiplier = find_multiplier(word)) {
      value = make(Kind::product, std::move(value), make(Kind::number, std::string(*multiplier)));
    } else {
      if (!take_unit_power(raised)) return fail("a unit's power");
      if (below) raised = -raised;
      auto known = find_unit(word);
      Unit unit = known ? std::move(*known) : Unit{singular(word), {}, "1"};
      dimension.multiply(unit, raised);
      Node one = make(Kind::number, std::move(unit.factor));
      int times = raised < 0 ? -raised : raised;
      if (times != 1) one = make(Kind::power, std::move(one), integer(times));
      Kind joined = raised < 0 ? Kind::quotient : Kind::product;
      factor = make(joined, std::move(factor), std::move(one));
      raised = 1;
      below = false;
    }
    if ((at_mark("/") || at_mark("*")) && peek(1).kind == TokenKind::word) {
      below = at_mark("/");
      ++at_;
    }
  }
  std::string text = dimension.text();
  if (text.empty()) return value;
  return make(Kind::quantity, std::move(text), {std::move(value), std::move(factor)});
}

// "2 hours 30 minutes", "5 ft 3 in" are one quantity: of one dimension, in falling units.
Node Parser::unit(Node value) {
  Node first = one_unit(std::move(value));
  for (int count = 0; count < 3 && !failed(); ++count) {
    bool more = first.kind == Kind::quantity && peek().kind == TokenKind::number &&
                peek(1).kind == TokenKind::word;
    if (!more) break;
    Node next = one_unit(number());
    if (failed()) break;
    if (next.kind != Kind::quantity || next.text != first.text)
      return fail("quantities of two dimensions");
    Node value_of_first = make(Kind::product, std::move(first.parts[0]), std::move(first.parts[1]));
    Node value_of_next = make(Kind::product, std::move(next.parts[0]), std::move(next.parts[1]));
    first.parts[0] = make(Kind::sum, std::move(value_of_first), std::move(value_of_next));
    first.parts[1] = integer(1);
  }
  return first;
}

}  // namespace tramontane::maths
