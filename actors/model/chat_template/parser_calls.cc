#include "actors/model/chat_template/filters.h"
#include "actors/model/chat_template/parser_state.h"
#include "actors/model/chat_template/predicates.h"

#include <algorithm>
#include <set>

namespace tramontane::jinja {

std::string Parser::dotted_name() {
  std::string name = want_name();
  while (skip_op(".")) name += "." + want_name();
  return name;
}

ExpressionPtr Parser::filter(ExpressionPtr whole) {
  std::size_t at = now().at;
  auto made = node(Type::filter, at, dotted_name());
  check_filter(made->text, source_, at);
  put(*made, std::move(whole));
  if (at_op("(")) arguments(*made);
  bool by_name = made->text == "map" || made->text == "select" || made->text == "reject" ||
                 made->text == "selectattr" || made->text == "rejectattr";
  std::size_t place = made->text.ends_with("attr") ? 1 : 0;
  if (by_name && made->arguments.size() > place) {
    const Expression& name = *made->arguments[place];
    if (name.type == Type::literal && name.literal.type == Literal::Type::text) {
      if (made->text == "map")
        check_filter(name.literal.text, source_, name.at);
      else
        check_test(name.literal.text, source_, name.at);
    }
  }
  return made;
}

ExpressionPtr Parser::test(ExpressionPtr whole) {
  take();
  bool negated = skip_name("not");
  std::size_t at = now().at;
  auto made = node(Type::test, at, dotted_name());
  check_test(made->text, source_, at);
  put(*made, std::move(whole));
  bool operand = now().type == Token::Type::name || now().type == Token::Type::string ||
                 now().type == Token::Type::integer || now().type == Token::Type::real ||
                 at_op("[") || at_op("{");
  if (at_op("(")) {
    arguments(*made);
  } else if (operand && !at_name("else") && !at_name("or") && !at_name("and")) {
    if (at_name("is")) fail_here("tests cannot be chained with `is`");
    auto argument = postfix(primary());
    made->depth = std::max(made->depth, argument->depth + 1);
    made->arguments.push_back(std::move(argument));
  }
  if (!negated) return made;
  auto outer = node(Type::negation, at);
  put(*outer, std::move(made));
  return outer;
}

ExpressionPtr Parser::call(ExpressionPtr whole) {
  auto made = node(Type::call, whole->at);
  put(*made, std::move(whole));
  arguments(*made);
  return made;
}

void Parser::arguments(Expression& whole) {
  Level level(*this);
  want_op("(");
  auto below = [&](ExpressionPtr part) {
    whole.depth = std::max(whole.depth, part->depth + 1);
    if (whole.depth > depth_max) fail_at(source_, part->at, "an expression that nests too deeply");
    return part;
  };
  auto want = [&](bool fine) {
    if (!fine) fail_here("arguments in an order that is not allowed");
  };
  std::set<std::string> names;
  for (bool first = true; !at_op(")"); first = false) {
    if (!first) {
      want_op(",");
      if (at_op(")")) break;
    }
    if (skip_op("*")) {
      want(!whole.rest && !whole.named_rest);
      whole.rest = below(expression());
    } else if (skip_op("**")) {
      want(!whole.named_rest);
      whole.named_rest = below(expression());
    } else if (now().type == Token::Type::name && ahead().is(Token::Type::op, "=")) {
      want(!whole.named_rest);
      std::string name = take().text;
      take();
      if (!names.insert(name).second) fail_here("the argument `" + name + "` twice");
      whole.named.emplace_back(name, below(expression()));
    } else {
      want(!whole.rest && !whole.named_rest && whole.named.empty());
      whole.arguments.push_back(below(expression()));
    }
  }
  want_op(")");
}

}  // namespace tramontane::jinja
