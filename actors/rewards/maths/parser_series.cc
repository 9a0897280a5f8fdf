// Sums, products, congruences; and the forms of analysis that are told by name.
#include "actors/rewards/maths/parser_state.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace tramontane::maths {

// "\sum_{k=1}^{n} k^2": its term reaches to the next "+".
Node Parser::series(std::string name) {
  const std::string what = name == "sum" ? "a sum" : "a product";
  if (!at_mark("_")) return fail(what + " whose bounds are not given");
  ++at_;
  Node below = argument_list();
  bool counts = below.kind == Kind::relation && below.text == std::string(1, sign::equal) &&
                below.parts[0].kind == Kind::symbol;
  // "\sum_{i=1}": the i of a sum is no imaginary unit.
  if (below.kind == Kind::relation && below.parts[0] == make(Kind::constant, "i")) counts = true;
  if (!counts) return fail(what + " over a condition is not computed");
  if (!take_mark("^")) return fail(what + " without an end is not computed");
  Node to = argument();
  if (contains(to, Kind::infinity)) return fail(what + " without an end is not computed");
  std::string variable = below.parts[0].text;
  bool imaginary = std::exchange(index_i_, index_i_ || variable == "i");
  Node term = this->term();
  index_i_ = imaginary;
  return make(Kind::series, std::move(name),
      {make(Kind::symbol, std::move(variable)), std::move(below.parts[1]), std::move(to),
          std::move(term)});
}

// The braces below a sum: a relation.
Node Parser::argument_list() {
  if (!take_mark("{")) return argument();
  Node inside = items();
  expect("}");
  return inside;
}

// "(mod 7)", "\pmod{7}", and, after "≡", "mod 7".
bool Parser::take_modulus(bool congruence, Node& modulus) {
  bool bracketed = at_mark("(") && peek(1).kind == TokenKind::command && peek(1).text == "bmod";
  if (!bracketed && !at_command("pmod") && !(congruence && at_command("bmod"))) return false;
  at_ += bracketed ? 2 : 1;
  modulus = bracketed ? sum() : argument();
  if (bracketed) expect(")");
  return true;
}

Node Parser::congruence(Node node) {
  bool congruent = node.kind == Kind::relation && node.text.find(sign::congruent) != node.text.npos;
  Node modulus;
  if (!take_modulus(congruent, modulus)) return node;
  if (node.kind != Kind::relation) return make(Kind::residue, std::move(node), std::move(modulus));
  for (std::size_t i = 1; i < node.parts.size(); ++i) {
    if (node.text[i - 1] == sign::congruent) node.text[i - 1] = sign::equal;
    node.parts[i] = make(Kind::residue, std::move(node.parts[i]), modulus);
  }
  return node;
}

// "(k ∈ ℤ)" behind a value, "for any integer k", "where k is an integer".
bool Parser::at_condition() const {
  if (at_mark("(")) return peek(1).kind == TokenKind::letter && peek(2).text == "\\in";
  if (peek().kind != TokenKind::word) return false;
  const std::string& word = peek().text;
  return word == "for" || word == "where" || word == "with";
}

// The relation that the condition says.
Node Parser::condition() {
  if (take_mark("(")) {
    Node inside = relation();
    expect(")");
    return inside;
  }
  static constexpr std::string_view fillers[] = {"for", "where", "with", "any", "all", "each",
      "every", "some", "a", "an", "is", "are", "number", "numbers", "whole", "integral", "of",
      "be"};
  bool whole = false;
  Node about;
  while (peek().kind == TokenKind::word || peek().kind == TokenKind::letter) {
    const std::string word = peek().text;
    bool filler = std::find(std::begin(fillers), std::end(fillers), word) != std::end(fillers);
    if (word == "integer" || word == "integers" || word == "whole") {
      whole = true;
    } else if (!filler) {
      if (peek().kind == TokenKind::word || about.kind == Kind::relation) break;
      about = peek(1).kind == TokenKind::word ? letter() : relation();
      if (failed()) return about;
      if (about.kind == Kind::symbol) continue;
      about = about.kind == Kind::relation ? std::move(about) : fail("a condition");
      continue;
    }
    ++at_;
  }
  if (about.kind == Kind::relation) return about;
  if (about.kind != Kind::symbol || !whole) return fail("words after a value");
  return make(Kind::relation, std::string(1, sign::in),
      {std::move(about), make(Kind::symbol, "\\mathbbZ")});
}

// What needs analysis, told by its name.
Node Parser::not_computed(const std::string& name) {
  if (name == "lim") return fail("holds a limit, which is not computed");
  if (name == "int" || name == "iint" || name == "iiint" || name == "oint")
    return fail("holds an integral, which is not computed");
  return fail("cannot read \\" + name);
}

}  // namespace tramontane::maths
