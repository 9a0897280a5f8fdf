// What stands by itself: numbers, names, brackets, commands.
#include "actors/rewards/maths/number.h"
#include "actors/rewards/maths/parser_state.h"
#include "actors/rewards/maths/words.h"

#include <algorithm>
#include <cctype>
#include <string>
#include <utility>

namespace tramontane::maths {

namespace {

bool contains_symbol(const Node& node, const std::string& name) {
  std::vector<std::string> names;
  collect_symbols(node, names);
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool takes_several(const std::string& name) {
  return name == "gcd" || name == "lcm" || name == "max" || name == "min";
}

}  // namespace

Node Parser::atom() {
  if (++nodes_ > limits_.nodes_max) return fail("too many terms");
  if (++depth_ > limits_.depth_max) return fail("nested too deeply");
  Node out;
  switch (peek().kind) {
    case TokenKind::number:
      out = number();
      break;
    case TokenKind::letter:
      out = letter();
      break;
    case TokenKind::word:
      out = words();
      break;
    case TokenKind::command:
      out = command();
      break;
    case TokenKind::mark:
      out = mark();
      break;
    case TokenKind::end:
      return fail("ends too early");
  }
  --depth_;
  return out;
}

Node Parser::number() {
  std::string text = tokens_[at_++].text;
  if (at_mark("_")) {
    std::string base = subscript();
    bool digits = !base.empty() && base.size() < 3 &&
                  base.find_first_not_of("0123456789") == std::string::npos;
    if (!digits) return fail("a number's subscript");
    return make(Kind::based, std::move(text), {make(Kind::number, std::move(base))});
  }
  return make(Kind::number, std::move(text));
}

// "_2", "_{10}", "_\text{max}": its text.
std::string Parser::subscript() {
  expect("_");
  if (!take_mark("{")) return failed() ? "" : tokens_[at_++].text;
  std::string out;
  for (int count = 0; !at_mark("}") && !failed(); ++count) {
    if (count == 8 || peek().kind == TokenKind::end) {
      fail("a long subscript");
      break;
    }
    out += tokens_[at_++].text;
  }
  expect("}");
  return out;
}

Node Parser::letter() {
  std::string name = tokens_[at_++].text;
  if (name == "e" || (name == "i" && !index_i_)) {
    if (!at_mark("_")) return make(Kind::constant, std::move(name));
  }
  bool known = name == "f" || name == "g";
  bool inverse = known && at_mark("^") && peek(1).text == "{" && peek(2).text == "-" &&
                 peek(3).text == "1" && peek(4).text == "}" && peek(5).text == "(";
  if (inverse) {
    name += "^-1";
    at_ += 5;
  }
  // h is as often a height: "h(a+b)".
  bool call = at_mark("(") && (known || (name == "h" && peek(2).text == ")"));
  if (at_mark("_")) name += "_" + subscript();
  while (at_mark("'")) {
    name += "'";
    ++at_;
    call = at_mark("(");
  }
  if (call && !failed()) {  // f(2x) is not 2 f(x): the call is a name of its own
    int open = 0;
    do {
      if (peek().kind == TokenKind::end) return fail("an open call");
      if (at_mark("(")) ++open;
      if (at_mark(")")) --open;
      name += tokens_[at_++].text;
    } while (open > 0);
  }
  return make(Kind::symbol, std::move(name));
}

Node Parser::words() {
  std::string text;
  while (peek().kind == TokenKind::word || (peek().kind == TokenKind::letter && peek().in_text)) {
    if (!text.empty()) text += ' ';
    text += tokens_[at_++].text;
  }
  return make(Kind::text, std::move(text));
}

Node Parser::mark() {
  if (at_mark("(") || at_mark("[") || at_mark("]")) return bracketed();
  if (at_mark("{") || at_mark("\\{")) return braced();
  if (take_mark("|")) return bars();
  if (at_mark("\\$") || is_money_command(std::string_view(peek().text).substr(1))) {
    std::string money = tokens_[at_++].text == "\\$" ? "money" : tokens_[at_ - 1].text.substr(1);
    bool negative = take_mark("-");
    Node value = power();
    if (negative) value = make(Kind::negative, std::move(value));
    if (value.kind == Kind::quantity) return fail("money twice");
    return make(Kind::quantity, std::move(money), {std::move(value), integer(1)});
  }
  return fail("cannot read '" + peek().text + "'");
}

// "(a)", "(a, b)", "[a, b)", "]a, b[".
Node Parser::bracketed() {
  std::string open = tokens_[at_++].text;
  std::uint32_t bars = std::exchange(bars_, 0);
  bool builder = std::exchange(builder_, false);
  Node inside = items();
  bars_ = bars;
  builder_ = builder;
  std::string close = peek().text;
  if (peek().kind != TokenKind::mark || (close != ")" && close != "]" && close != "["))
    return fail("a bracket stays open");
  ++at_;
  if (open == "]") open = "(";
  if (close == "[") close = ")";
  bool several = inside.kind == Kind::list && inside.text == ",";
  if (!several) {
    bool matched = (open == "(") == (close == ")");
    return matched ? inside : fail("brackets that do not match");
  }
  return make(Kind::tuple, open + close, std::move(inside.parts));
}

// "\{x | …\}" is what its condition says; "\{x ∈ ℤ | …\}" what of that lies in ℤ; "\{2k | k ∈ ℤ\}"
// a family with its condition.
Node Parser::such_that(Node element, Node condition) {
  if (element.kind == Kind::symbol) {
    bool own = condition.kind != Kind::relation || contains_symbol(condition, element.text);
    return own ? condition : make(Kind::list, ",", {std::move(element), std::move(condition)});
  }
  bool within = element.kind == Kind::relation && element.text == std::string(1, sign::in);
  if (!within) return make(Kind::list, ",", {std::move(element), std::move(condition)});
  if (element.parts[1].text == "\\mathbbR") return condition;
  return make(Kind::intersect, std::move(element.parts[1]), std::move(condition));
}

// "{…}" around an argument, or a set. "\{x | x > 2\}" is what its condition says.
Node Parser::braced() {
  bool plain = at_mark("{");
  ++at_;
  std::string_view close = plain ? "}" : "\\}";
  if (take_mark(close)) {
    if (plain) return fail("empty braces");
    return make(Kind::set, std::string());
  }
  std::uint32_t bars = std::exchange(bars_, 0);
  bool builder = std::exchange(builder_, !plain);
  Node inside = items();
  if (!plain && (at_mark("|") || at_mark(":"))) {
    ++at_;
    builder_ = false;
    Node element = std::move(inside);
    inside = items();
    if (inside.kind != Kind::relation && inside.kind != Kind::list) fail("a set's condition");
    expect(close);
    bars_ = bars;
    builder_ = builder;
    return such_that(std::move(element), std::move(inside));
  }
  bars_ = bars;
  builder_ = builder;
  expect(close);
  if (inside.kind == Kind::list) return make(Kind::set, std::string(), std::move(inside.parts));
  return plain ? inside : make(Kind::set, std::move(inside));
}

Node Parser::bars() {
  ++bars_;
  Node inside = items();
  --bars_;
  expect("|");
  return make(Kind::absolute, std::move(inside));
}

Node Parser::enclosed(Kind kind, std::string_view close) {
  Node inside = sum();
  if (!at_command(close)) return fail("expected \\" + std::string(close));
  ++at_;
  return make(kind, std::move(inside));
}

// A braced argument, or one digit or token as in "\frac12".
Node Parser::argument() {
  if (at_mark("{")) return atom();
  if (at_mark("(")) return bracketed();
  return atom();
}

Node Parser::command() {
  std::string name = tokens_[at_++].text;
  if (name == "frac") return fraction();
  if (name == "sqrt") return root();
  if (name == "pi") return make(Kind::constant, std::move(name));
  if (name == "infty") return make(Kind::infinity, std::string());
  if (name == "dots") return make(Kind::dots, std::string());
  if (name == "emptyset") return make(Kind::set, std::string());
  if (name == "binom") {
    Node n = one_token_argument();
    return make(Kind::binomial, std::move(n), one_token_argument());
  }
  if (name == "lfloor") return enclosed(Kind::floor, "rfloor");
  if (name == "lceil") return enclosed(Kind::ceiling, "rceil");
  if (name == "langle") {
    Node inside = items();
    if (!at_command("rangle") || inside.kind != Kind::list) return fail("\\langle");
    ++at_;
    return make(Kind::tuple, "()", std::move(inside.parts));
  }
  if (name == "overline" || name == "vec" || name == "hat" || name == "angle" ||
      name == "overrightarrow" || name == "triangle")
    return overlined();
  if (name == "begin") return matrix();
  if (name == "sum" || name == "prod") return series(std::move(name));
  if (is_function_name(name)) return function(std::move(name));
  return not_computed(name);
}

// "\overline{AB}": a name.
Node Parser::overlined() {
  std::string name = "\\" + tokens_[at_ - 1].text + " ";
  bool braced = take_mark("{");
  while (peek().kind == TokenKind::letter || peek().kind == TokenKind::word)
    name += tokens_[at_++].text;
  if (braced) expect("}");
  if (name.ends_with(' ')) return fail("a name");
  // A letter's arrow is as often left out, or the letter bold.
  if (name.starts_with("\\vec ") && name.size() == 6) return make(Kind::symbol, name.substr(5));
  return make(Kind::symbol, std::move(name));
}

// Of a number without braces a fraction takes one digit: "\frac12".
Node Parser::one_token_argument() {
  Token& token = tokens_[at_];
  bool several = token.kind == TokenKind::number && token.text.size() > 1 &&
                 token.text.find_first_not_of("0123456789") == std::string::npos;
  if (!several) return argument();
  Node digit = make(Kind::number, token.text.substr(0, 1));
  token.text.erase(0, 1);
  token.spaced = false;
  return digit;
}

Node Parser::fraction() {
  Node above = one_token_argument();
  return make(Kind::quotient, std::move(above), one_token_argument());
}

Node Parser::root() {
  Node degree = integer(2);
  if (take_mark("[")) {
    degree = sum();
    expect("]");
  }
  Node inside = argument();
  return make(Kind::root, std::move(inside), std::move(degree));
}

// What a function applies to without brackets: "2x" in "\sin 2x \cos x".
Node Parser::function_argument() {
  if (at_mark("(") || at_mark("{") || at_mark("[") || at_mark("|")) return atom();
  Node out = power();  // which takes a sign
  while (!failed() && starts_factor(out) && !at_mark("(")) {
    bool another = peek().kind == TokenKind::command && is_function_name(peek().text) &&
                   peek().text != "pi" && peek().text != "sqrt";
    if (another) break;
    multiply(out, power());
  }
  return out;
}

// "\\gcd(12, 18)", "\\max\\{a, b\\}".
Node Parser::several(std::string name, Node inside) {
  bool list = inside.kind == Kind::tuple || inside.kind == Kind::set || inside.kind == Kind::list;
  if (!list) return make(Kind::function, std::move(name), {std::move(inside)});
  return make(Kind::function, std::move(name), std::move(inside.parts));
}

Node Parser::function(std::string name) {
  Node base = integer(10);
  Node exponent;
  bool raised = false;
  for (int twice = 0; twice < 2; ++twice) {
    if (at_mark("_") && name == "log") {
      ++at_;
      base = argument();
    } else if (take_mark("^")) {
      raised = true;
      bool negative = take_mark("-");
      exponent = argument();
      if (negative) exponent = make(Kind::negative, std::move(exponent));
    }
  }
  Node inside = function_argument();
  if (takes_several(name)) return several(std::move(name), std::move(inside));
  if (raised && exponent == make(Kind::negative, integer(1)) && name != "log" && name != "ln") {
    name = "arc" + name;
    raised = false;
  }
  Node out;
  if (name == "log" || name == "lg") {
    out = make(Kind::logarithm, std::move(base), std::move(inside));
  } else {
    out = make(Kind::function, std::move(name), {std::move(inside)});
  }
  return raised ? make(Kind::power, std::move(out), std::move(exponent)) : out;
}

Node Parser::matrix_row() {
  Node row{Kind::tuple, "[]", {}};
  do {
    row.parts.push_back(sum());
  } while (take_mark("&") && !failed());
  return row;
}

Node Parser::matrix() {
  expect("{");
  std::string environment = tokens_[std::min(at_, tokens_.size() - 1)].text;
  ++at_;
  at_ = std::min(at_, tokens_.size() - 1);
  expect("}");
  bool determinant = environment == "vmatrix";
  bool known = environment == "pmatrix" || environment == "bmatrix" || environment == "matrix" ||
               environment == "array" || environment == "smallmatrix" || determinant;
  if (!known) return fail("environment " + environment);
  if (environment == "array" && take_mark("{")) {
    while (!at_mark("}") && peek().kind != TokenKind::end) ++at_;
    expect("}");
  }
  Node out{Kind::matrix, "", {}};
  while (!failed()) {
    if (at_command("end")) break;
    out.parts.push_back(matrix_row());
    if (!take_mark("\\\\") && !at_command("end")) return fail("a matrix row");
  }
  if (!at_command("end") || out.parts.empty()) return fail("a matrix");
  ++at_;
  expect("{");
  at_ = std::min(at_ + 1, tokens_.size() - 1);
  expect("}");
  return determinant ? make(Kind::function, "det", {std::move(out)}) : out;
}

}  // namespace tramontane::maths
