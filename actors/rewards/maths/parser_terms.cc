// Products and powers.
#include "actors/rewards/maths/parser_state.h"
#include "actors/rewards/maths/words.h"

#include <string>
#include <utility>

namespace tramontane::maths {

namespace {

bool is_plain_integer(const Node& node) {
  return node.kind == Kind::number && node.text.size() <= 15 &&
         node.text.find_first_not_of("0123456789") == std::string::npos;
}

bool is_proper_fraction(const Node& node) {
  return node.kind == Kind::quotient && is_plain_integer(node.parts[0]) &&
         is_plain_integer(node.parts[1]) &&
         std::stoll(node.parts[0].text) < std::stoll(node.parts[1].text);
}

}  // namespace

void Parser::multiply(Node& product, Node factor) {
  if (product.kind == Kind::product) {
    product.parts.push_back(std::move(factor));
  } else {
    product = make(Kind::product, std::move(product), std::move(factor));
  }
}

// "1\frac{2}{3}" and "1 2/3": a number and a proper fraction of numbers.
bool Parser::take_mixed(Node& whole) {
  if (!is_plain_integer(whole)) return false;
  std::size_t before = at_;
  if (at_command("frac")) {
    std::vector<Token> kept(tokens_.begin() + static_cast<std::ptrdiff_t>(at_), tokens_.end());
    Node part = atom();
    if (!failed() && is_proper_fraction(part) && !at_mark("^") && !at_mark("!")) {
      whole = make(Kind::sum, std::move(whole), std::move(part));
      return true;
    }
    if (failed()) return false;
    // A fraction's argument may have split a token: put all of them back.
    at_ = before;
    std::copy(kept.begin(), kept.end(), tokens_.begin() + static_cast<std::ptrdiff_t>(at_));
    return false;
  }
  bool spaced = peek().kind == TokenKind::number && peek().spaced && peek(1).text == "/" &&
                peek(2).kind == TokenKind::number;
  if (!spaced) return false;
  Node part =
      make(Kind::quotient, make(Kind::number, peek().text), make(Kind::number, peek(2).text));
  if (!is_proper_fraction(part)) return false;
  at_ += 3;
  whole = make(Kind::sum, std::move(whole), std::move(part));
  return true;
}

bool Parser::starts_factor(const Node& left) const {
  const Token& token = peek();
  switch (token.kind) {
    case TokenKind::number:
      return left.kind != Kind::number;
    case TokenKind::letter:
      return true;
    case TokenKind::command:
      return token.text != "end" && token.text != "circ" && token.text != "rfloor" &&
             token.text != "rceil" && token.text != "rangle" && token.text != "bmod" &&
             token.text != "pmod";
    case TokenKind::mark:
      if (token.text == "(" && peek(1).kind == TokenKind::command && peek(1).text == "bmod")
        return false;
      if (at_condition()) return false;
      return token.text == "(" || token.text == "{" ||
             (token.text == "|" && bars_ == 0 && !builder_);
    case TokenKind::word:
    case TokenKind::end:
      return false;
  }
  return false;
}

Node Parser::term() {
  Node out = power();
  take_mixed(out);
  while (!failed()) {
    if (take_mark("*")) {
      multiply(out, power());
    } else if (at_command("bmod") && !congruence_) {
      ++at_;
      out = make(Kind::function, "mod", {std::move(out), power()});
    } else if (at_mark("/") && peek(1).kind != TokenKind::word) {
      ++at_;
      bool negative = take_mark("-");
      Node below = power();
      if (negative) below = make(Kind::negative, std::move(below));
      out = make(Kind::quotient, std::move(out), std::move(below));
    } else if (at_condition()) {  // NOLINT(bugprone-branch-clone): its place in the order counts
      break;
    } else if (peek().kind == TokenKind::word && out.kind != Kind::text) {
      out = unit(std::move(out));
    } else if (starts_factor(out)) {
      if (out.kind == Kind::quantity || out.kind == Kind::text)
        return fail("'" + peek().text + "' after a unit or a word");
      multiply(out, power());
    } else {
      break;
    }
  }
  return out;
}

bool Parser::take_degree() {
  if (!at_mark("^")) return false;
  bool bare = peek(1).text == "circ";
  bool braced = peek(1).text == "{" && peek(2).text == "circ" && peek(3).text == "}";
  if (!bare && !braced) return false;
  at_ += bare ? 2 : 4;
  if (peek().kind == TokenKind::letter && (peek().text == "C" || peek().text == "F")) ++at_;
  return true;
}

Node Parser::raise(Node base) {
  Node exponent;
  if (take_mark("-")) {  // "x^-1"
    exponent = make(Kind::negative, argument());
  } else {
    exponent = argument();
    // "2^3^4": from the right.
    if (at_mark("^")) {
      ++at_;
      if (++depth_ > limits_.depth_max) return fail("nested too deeply");
      exponent = raise(std::move(exponent));
      --depth_;
    }
  }
  return make(Kind::power, std::move(base), std::move(exponent));
}

Node Parser::power() {
  if (take_mark("-")) {  // "2·-3"
    if (++depth_ > limits_.depth_max) return fail("nested too deeply");
    Node negative = make(Kind::negative, power());
    --depth_;
    return negative;
  }
  Node base = atom();
  while (!failed()) {
    if (take_degree()) {
      base = make(Kind::product, std::move(base), make(Kind::constant, "degree"));
    } else if (take_mark("^")) {
      if (base.kind == Kind::quantity) return fail("a power of a quantity");
      base = raise(std::move(base));
    } else if (at_mark("!") && peek(1).text == "!" && peek(1).kind == TokenKind::mark) {
      at_ += 2;
      base = make(Kind::function, "double factorial", {std::move(base)});
    } else if (take_mark("!")) {
      base = make(Kind::factorial, std::move(base));
    } else if (take_mark("%")) {
      base = make(Kind::percent, std::move(base));
    } else {
      break;
    }
    if (++nodes_ > limits_.nodes_max) return fail("too many terms");
  }
  return base;
}

}  // namespace tramontane::maths
