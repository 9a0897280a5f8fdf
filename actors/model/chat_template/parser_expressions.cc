#include "actors/model/chat_template/methods.h"
#include "actors/model/chat_template/parser_state.h"
#include "runtime/base/check.h"

#include <algorithm>

namespace tramontane::jinja {

namespace {

// What Jinja2 defines and this interpreter does not.
const char* const names_refused[] = {"cycler", "joiner", "lipsum", "self", "super"};

bool is_constant(const Expression& e) {
  auto constant = [](const ExpressionPtr& part) { return !part || is_constant(*part); };
  return e.type != Expression::Type::name && e.type != Expression::Type::call &&
         std::ranges::all_of(e.parts, constant) && std::ranges::all_of(e.arguments, constant);
}

bool is_one_of(const Token& token, std::initializer_list<std::string_view> ops) {
  return token.type == Token::Type::op && std::ranges::find(ops, token.text) != ops.end();
}

}  // namespace

ExpressionPtr Parser::node(Type type, std::size_t at, std::string text) {
  auto made = std::make_unique<Expression>();
  made->type = type;
  made->at = at;
  made->text = std::move(text);
  return made;
}

void Parser::put(Expression& whole, ExpressionPtr part) {
  if (part) {
    whole.depth = std::max(whole.depth, part->depth + 1);
    if (whole.depth > depth_max)
      fail_at(source_, part->at, "an expression that nests too deeply, or has too many operators");
  }
  whole.parts.push_back(std::move(part));
}

ExpressionPtr Parser::binary(Type type, std::string text, ExpressionPtr a, ExpressionPtr b) {
  auto made = node(type, a->at, std::move(text));
  put(*made, std::move(a));
  put(*made, std::move(b));
  return made;
}

bool Parser::at_tuple_end(std::string_view end_name) const {
  return now().type == Token::Type::print_end || now().type == Token::Type::block_end ||
         at_op(")") || (!end_name.empty() && at_name(end_name));
}

ExpressionPtr Parser::listed(
    const std::function<ExpressionPtr()>& one, std::string_view end_name, bool may_be_empty) {
  std::size_t at = now().at;
  std::vector<ExpressionPtr> parts;
  bool is_tuple = false;
  for (;;) {
    if (!parts.empty()) want_op(",");
    if (at_tuple_end(end_name)) break;
    parts.push_back(one());
    if (!at_op(",")) break;
    is_tuple = true;
  }
  if (parts.empty() && !may_be_empty) unexpected();
  if (!parts.empty() && !is_tuple) return std::move(parts[0]);
  auto made = node(Type::tuple, at);
  for (auto& part : parts) put(*made, std::move(part));
  return made;
}

ExpressionPtr Parser::tuple(bool conditions, std::string_view end_name, bool brackets) {
  return listed([&] { return conditions ? expression() : either(); }, end_name, brackets);
}

ExpressionPtr Parser::expression() {
  Level level(*this);
  auto whole = either();
  while (skip_name("if")) {
    auto made = node(Type::choice, whole->at);
    put(*made, std::move(whole));
    put(*made, either());
    put(*made, skip_name("else") ? expression() : nullptr);
    whole = std::move(made);
  }
  return whole;
}

ExpressionPtr Parser::either() {
  Level level(*this);
  auto whole = both();
  while (skip_name("or")) whole = binary(Type::either, {}, std::move(whole), both());
  return whole;
}

ExpressionPtr Parser::both() {
  auto whole = negation();
  while (skip_name("and")) whole = binary(Type::both, {}, std::move(whole), negation());
  return whole;
}

ExpressionPtr Parser::negation() {
  if (!at_name("not")) return comparison();
  Level level(*this);
  auto made = node(Type::negation, take().at);
  put(*made, negation());
  return made;
}

ExpressionPtr Parser::comparison() {
  auto first = sum();
  auto made = node(Type::comparison, first->at);
  put(*made, std::move(first));
  for (;;) {
    if (is_one_of(now(), {"==", "!=", "<", ">", "<=", ">="})) {
      made->operators.push_back(take().text);
    } else if (skip_name("in")) {
      made->operators.emplace_back("in");
    } else if (at_name("not") && ahead().is(Token::Type::name, "in")) {
      take();
      take();
      made->operators.emplace_back("not in");
    } else {
      break;
    }
    put(*made, sum());
  }
  return made->operators.empty() ? std::move(made->parts[0]) : std::move(made);
}

ExpressionPtr Parser::sum() {
  auto whole = joined();
  while (is_one_of(now(), {"+", "-"})) {
    std::string op = take().text;
    whole = binary(Type::arithmetic, op, std::move(whole), joined());
  }
  return whole;
}

ExpressionPtr Parser::joined() {
  auto first = product();
  if (!at_op("~")) return first;
  auto made = node(Type::joined, first->at);
  put(*made, std::move(first));
  while (skip_op("~")) put(*made, product());
  return made;
}

ExpressionPtr Parser::product() {
  auto whole = power();
  while (is_one_of(now(), {"*", "/", "//", "%"})) {
    std::string op = take().text;
    whole = binary(Type::arithmetic, op, std::move(whole), power());
  }
  return whole;
}

ExpressionPtr Parser::power() {
  auto whole = unary();
  while (skip_op("**")) whole = binary(Type::arithmetic, "**", std::move(whole), unary());
  return whole;
}

ExpressionPtr Parser::unary(bool with_filters) {
  Level level(*this);
  ExpressionPtr whole;
  if (at_op("-") || at_op("+")) {
    whole = node(at_op("-") ? Type::minus : Type::plus, now().at);
    take();
    put(*whole, unary(false));
  } else {
    whole = primary();
  }
  whole = postfix(std::move(whole));
  return with_filters ? filters(std::move(whole)) : std::move(whole);
}

ExpressionPtr Parser::primary() {
  Level level(*this);
  if (now().type == Token::Type::name) {
    std::string name = now().text;
    if (name == "true" || name == "false" || name == "none" || name == "True" || name == "False" ||
        name == "None")
      return literal();
    if (std::ranges::find(names_refused, name) != std::end(names_refused))
      refuse_at(source_, now().at, "`" + name + "`");
    std::size_t at = take().at;
    return node(Type::name, at, name);
  }
  if (now().type == Token::Type::string || now().type == Token::Type::integer ||
      now().type == Token::Type::real)
    return literal();
  if (at_op("[")) return list();
  if (at_op("{")) return dict();
  if (!skip_op("(")) unexpected();
  auto whole = tuple(true, {}, true);
  want_op(")");
  return whole;
}

ExpressionPtr Parser::literal() {
  Token token = take();
  auto made = node(Type::literal, token.at);
  Literal& value = made->literal;
  switch (token.type) {
    case Token::Type::string:
      value.type = Literal::Type::text;
      value.text = token.text;
      while (now().type == Token::Type::string) value.text += take().text;
      break;
    case Token::Type::integer:
      value.type = Literal::Type::integer;
      value.integer = token.integer;
      break;
    case Token::Type::real:
      value.type = Literal::Type::real;
      value.real = token.real;
      break;
    default: {
      bool none = token.text == "none" || token.text == "None";
      value.type = none ? Literal::Type::none : Literal::Type::boolean;
      value.integer = token.text == "true" || token.text == "True" ? 1 : 0;
    }
  }
  return made;
}

ExpressionPtr Parser::list() {
  auto made = node(Type::list, take().at);
  while (!at_op("]")) {
    if (!made->parts.empty()) {
      want_op(",");
      if (at_op("]")) break;
    }
    put(*made, expression());
  }
  want_op("]");
  return made;
}

ExpressionPtr Parser::dict() {
  auto made = node(Type::dict, take().at);
  while (!at_op("}")) {
    if (!made->parts.empty()) {
      want_op(",");
      if (at_op("}")) break;
    }
    auto key = expression();
    if (is_constant(*key) && key->type != Type::literal)
      refuse_at(source_, key->at, "a dict's key that is a constant expression");
    put(*made, std::move(key));
    want_op(":");
    put(*made, expression());
  }
  want_op("}");
  return made;
}

ExpressionPtr Parser::postfix(ExpressionPtr whole) {
  for (;;) {
    if (at_op(".") || at_op("["))
      whole = subscript(std::move(whole));
    else if (at_op("("))
      whole = call(std::move(whole));
    else
      return whole;
  }
}

ExpressionPtr Parser::subscript(ExpressionPtr whole) {
  std::size_t at = whole->at;
  if (at_op("[")) return element(std::move(whole));
  take();
  if (now().type == Token::Type::integer) {
    auto index = literal();
    return binary(Type::element, {}, std::move(whole), std::move(index));
  }
  std::size_t place = now().at;
  std::string name = want_name();
  if (name.starts_with("__") || (at_op("(") && is_refused_method(name)))
    refuse_at(source_, place, "`." + name + "`");
  auto made = node(Type::attribute, at, name);
  put(*made, std::move(whole));
  return made;
}

ExpressionPtr Parser::element(ExpressionPtr whole) {
  std::size_t at = whole->at;
  want_op("[");
  auto bound = [&]() -> ExpressionPtr {
    return at_op(":") || at_op("]") || at_op(",") ? nullptr : expression();
  };
  if (at_op("]")) fail_here("`[]` without an index");
  ExpressionPtr first = bound();
  if (!at_op(":")) {
    if (!first) unexpected();
    if (at_op(",")) refuse_at(source_, now().at, "`,` within `[]` of an index");
    want_op("]");
    return binary(Type::element, {}, std::move(whole), std::move(first));
  }
  // Jinja2 computes a constant when it compiles, and takes what is wrong with it for undefined.
  bool plain =
      whole->type == Type::list || whole->type == Type::tuple || whole->type == Type::literal;
  bool text = whole->type == Type::literal && whole->literal.type == Literal::Type::text;
  if (is_constant(*whole) && (!plain || (whole->type == Type::literal && !text)))
    refuse_at(source_, at, "a slice of a constant expression");
  auto made = node(Type::slice, at);
  put(*made, std::move(whole));
  put(*made, std::move(first));
  want_op(":");
  put(*made, bound());
  put(*made, skip_op(":") ? bound() : nullptr);
  if (at_op(",")) refuse_at(source_, now().at, "`,` within `[]` of a slice");
  want_op("]");
  return made;
}

ExpressionPtr Parser::filters(ExpressionPtr whole) {
  for (;;) {
    if (at_op("|")) {
      take();
      whole = filter(std::move(whole));
    } else if (at_name("is")) {
      whole = test(std::move(whole));
    } else if (at_op("(")) {
      whole = call(std::move(whole));
    } else {
      return whole;
    }
  }
}

}  // namespace tramontane::jinja
