#include "actors/rewards/maths/parser.h"

#include "actors/rewards/maths/parser_state.h"

#include <utility>

namespace tramontane::maths {

std::optional<Node> parse(std::vector<Token> tokens, const ParseLimits& limits, std::string& why) {
  Parser parser(std::move(tokens), limits);
  Node node = parser.answer();
  if (!parser.failed()) return node;
  why = parser.why();
  return std::nullopt;
}

namespace {

// "x ≡ 1, 3 (mod 7)": the modulus is that of all.
void spread_modulus(Node& list) {
  const Node& last = list.parts.back();
  if (last.kind != Kind::residue) return;
  Node modulus = last.parts[1];
  for (Node& part : list.parts) {
    if (is_expression(part)) {
      part = make(Kind::residue, std::move(part), modulus);
    } else if (part.kind == Kind::relation && part.text == std::string(1, sign::congruent)) {
      part.text[0] = sign::equal;
      part.parts[1] = make(Kind::residue, std::move(part.parts[1]), modulus);
    }
  }
}

// "x ≠ 1, 2": neither.
void spread_unequal(Node& list) {
  const Node first = list.parts.front();
  if (first.kind != Kind::relation || first.text != std::string(1, sign::unequal)) return;
  for (Node& part : list.parts)
    if (is_expression(part))
      part = make(Kind::relation, first.text, {first.parts[0], std::move(part)});
}

}  // namespace

Node Parser::answer() {
  if (at_mark("=") || at_mark("~")) ++at_;  // "= 5", "≈ 3.1416"
  if (peek().kind == TokenKind::end) return fail("empty");
  Node node = items();
  if (!failed() && peek().kind != TokenKind::end)
    return fail("cannot read from '" + peek().text + "'");
  return node;
}

Node Parser::items() {
  Node list{Kind::list, ",", {}};
  list.parts.push_back(relation());
  auto joint = [this] {
    return at_mark(",") || at_mark(";") || at_mark("and") || at_mark("or") || at_condition();
  };
  while (!failed() && joint()) {
    if (at_condition()) {
      list.parts.push_back(condition());
      continue;
    }
    while (joint()) {
      if (at_condition()) break;
      if (at_mark("and") || at_mark("or")) list.text = peek().text;
      ++at_;
    }
    list.parts.push_back(at_condition() ? condition() : relation());
  }
  if (list.parts.size() == 1) return std::move(list.parts[0]);
  spread_modulus(list);
  spread_unequal(list);
  return list;
}

char Parser::relation_sign() const {
  if (peek().kind != TokenKind::mark) return 0;
  const std::string& text = peek().text;
  if (text == "=") return sign::equal;
  if (text == "<") return sign::less;
  if (text == ">") return sign::more;
  if (text == "<=") return sign::at_most;
  if (text == ">=") return sign::at_least;
  if (text == "!=") return sign::unequal;
  if (text == "~") return sign::about;
  if (text == "\\in") return sign::in;
  if (text == "===") return sign::congruent;
  return 0;
}

// "P(x) = …": the name of what is given, not a product. Leaves the place alone otherwise.
Node Parser::named_call() {
  if (peek().kind != TokenKind::letter || peek(1).text != "(") return {};
  std::string name = peek().text + "(";
  std::size_t end = at_ + 2;
  for (; end < tokens_.size() && end < at_ + 8; ++end) {
    const Token& token = tokens_[end];
    name += token.text;
    if (token.text == ")") break;
    bool plain =
        token.kind == TokenKind::letter || token.kind == TokenKind::number || token.text == ",";
    if (!plain) return {};
  }
  if (end + 1 >= tokens_.size() || tokens_[end].text != ")" || tokens_[end + 1].text != "=")
    return {};
  at_ = end + 1;
  return make(Kind::symbol, std::move(name));
}

Node Parser::relation() {
  Node first = named_call();
  if (first.kind != Kind::symbol) first = ratio();
  Node out{Kind::relation, "", {}};
  out.parts.push_back(std::move(first));
  bool outer = std::exchange(congruence_, false);
  while (char code = relation_sign()) {
    ++at_;
    congruence_ = congruence_ || code == sign::congruent;
    out.text += code;
    out.parts.push_back(ratio());
    if (failed()) break;
  }
  congruence_ = outer;
  return congruence(out.parts.size() == 1 ? std::move(out.parts[0]) : std::move(out));
}

Node Parser::ratio() {
  Node first = sets();
  if (!at_mark(":") || builder_) return first;
  Node out = make(Kind::ratio, std::move(first));
  while (take_mark(":")) out.parts.push_back(sets());
  return out;
}

Node Parser::sets() {
  Node left = sum();
  for (;;) {
    Kind kind = at_mark("\\cup")        ? Kind::unite
                : at_mark("\\cap")      ? Kind::intersect
                : at_mark("\\setminus") ? Kind::without
                                        : Kind::number;
    if (kind == Kind::number || failed()) return left;
    ++at_;
    Node right = sum();
    if (kind == Kind::unite && left.kind == Kind::unite) {
      left.parts.push_back(std::move(right));
    } else {
      left = make(kind, std::move(left), std::move(right));
    }
  }
}

Node Parser::negated(Node node) {
  if (node.kind == Kind::quantity) {
    node.parts[0] = negated(std::move(node.parts[0]));
    return node;
  }
  return make(Kind::negative, std::move(node));
}

Node Parser::sum() {
  if (++depth_ > limits_.depth_max) return fail("nested too deeply");
  Node total;
  if (at_mark("+-") || at_mark("-+")) {
    total = integer(0);
  } else {
    bool negative = false;
    while (at_mark("-") || at_mark("+")) {
      if (at_mark("-")) negative = !negative;
      ++at_;
    }
    total = term();
    if (negative) total = negated(std::move(total));
  }
  while (!failed()) {
    if (at_mark("+-") || at_mark("-+")) {
      std::string which = peek().text;
      ++at_;
      total = make(Kind::plus_minus, std::move(which), {std::move(total), term()});
      continue;
    }
    bool plus = at_mark("+");
    if (!plus && !at_mark("-")) break;
    ++at_;
    while (at_mark("-") || at_mark("+")) {  // "1 - -2"
      if (at_mark("-")) plus = !plus;
      ++at_;
    }
    Node next = term();
    if (!plus) next = negated(std::move(next));
    if (total.kind == Kind::sum) {
      total.parts.push_back(std::move(next));
    } else {
      total = make(Kind::sum, std::move(total), std::move(next));
    }
  }
  --depth_;
  return total;
}

}  // namespace tramontane::maths
