#include "actors/model/chat_template/evaluator.h"
#include "actors/model/chat_template/filters.h"
#include "actors/model/chat_template/operators.h"
#include "actors/model/chat_template/predicates.h"
#include "actors/model/chat_template/printing.h"

namespace tramontane::jinja {

namespace {

Value value_of(const Literal& literal) {
  switch (literal.type) {
    case Literal::Type::none:
      return Value::none();
    case Literal::Type::boolean:
      return Value::boolean(literal.integer != 0);
    case Literal::Type::integer:
      return Value::integer(literal.integer);
    case Literal::Type::real:
      return Value::real(literal.real);
    case Literal::Type::text:
      return Value::text(literal.text);
  }
  return {};
}

}  // namespace

Value Evaluator::eval(const Expression& e, Frame& frame) {
  Work::Level level(work_);
  work_.spend(16);
  at_ = e.at;
  return dispatch(e, frame);
}

Value Evaluator::dispatch(const Expression& e, Frame& frame) {
  auto part = [&](std::size_t i) { return eval(*e.parts[i], frame); };
  auto optional = [&](std::size_t i) { return e.parts[i] ? part(i) : Value::none(); };
  switch (e.type) {
    case Expression::Type::literal:
      work_.spend(static_cast<std::int64_t>(e.literal.text.size()));
      return value_of(e.literal);
    case Expression::Type::name:
      return name(e, frame);
    case Expression::Type::attribute:
      return attribute(part(0), e.text, work_);
    case Expression::Type::element: {
      Value whole = part(0);
      return element(whole, part(1), work_);
    }
    case Expression::Type::slice: {
      Value whole = part(0), begin = optional(1), end = optional(2);
      return slice(whole, begin, end, optional(3), work_);
    }
    case Expression::Type::call: {
      Value callee = part(0);
      Arguments given = arguments(e, frame);
      at_ = e.at;
      return call(callee, std::move(given));
    }
    case Expression::Type::filter:
      return filter(e, frame, nullptr);
    case Expression::Type::test: {
      Value value = part(0);
      return Value::boolean(passes_test(e.text, value, arguments(e, frame), work_));
    }
    case Expression::Type::negation:
      return Value::boolean(!is_true(part(0)));
    case Expression::Type::minus:
      return negative(part(0));
    case Expression::Type::plus:
      return positive(part(0));
    case Expression::Type::arithmetic: {
      Value a = part(0);
      return arithmetic(e.text, a, part(1), work_);
    }
    case Expression::Type::comparison:
      return comparison(e, frame);
    case Expression::Type::both: {
      Value a = part(0);
      return is_true(a) ? part(1) : a;
    }
    case Expression::Type::either: {
      Value a = part(0);
      return is_true(a) ? a : part(1);
    }
    case Expression::Type::joined:
      return joined(e, frame);
    case Expression::Type::choice:
      if (is_true(part(1))) return part(0);
      return e.parts[2] ? part(2) : Value::undefined("an `if` without an `else` gave nothing");
    case Expression::Type::list:
    case Expression::Type::tuple:
    case Expression::Type::dict:
      return container(e, frame);
  }
  return {};
}

Value Evaluator::name(const Expression& e, Frame& frame) {
  Value* found = frame.find(e.text);
  if (found != nullptr && !found->is(Kind::missing)) return *found;
  if (found == nullptr) {
    auto variable = variables_.find(e.text);
    if (variable != variables_.end()) return variable->second;
  }
  return Value::undefined("'" + e.text + "' is undefined");
}

Value Evaluator::comparison(const Expression& e, Frame& frame) {
  Value left = eval(*e.parts[0], frame);
  for (std::size_t i = 0; i < e.operators.size(); ++i) {
    Value right = eval(*e.parts[i + 1], frame);
    if (!compare(e.operators[i], left, right, work_)) return Value::boolean(false);
    left = std::move(right);
  }
  return Value::boolean(true);
}

Value Evaluator::joined(const Expression& e, Frame& frame) {
  std::string text;
  for (const auto& part : e.parts) text += to_text(eval(*part, frame), work_);
  work_.spend(static_cast<std::int64_t>(text.size()));
  return Value::text(std::move(text));
}

Value Evaluator::container(const Expression& e, Frame& frame) {
  work_.spend(32 * static_cast<std::int64_t>(e.parts.size()));
  if (e.type == Expression::Type::dict) {
    Value::Pairs pairs;
    for (std::size_t i = 0; i + 1 < e.parts.size(); i += 2) {
      Value key = eval(*e.parts[i], frame);
      put(pairs, std::move(key), eval(*e.parts[i + 1], frame), work_);
    }
    return Value::dict(std::move(pairs));
  }
  Value::Items items;
  items.reserve(e.parts.size());
  for (const auto& part : e.parts) items.push_back(eval(*part, frame));
  return e.type == Expression::Type::list ? Value::list(std::move(items))
                                          : Value::tuple(std::move(items));
}

// `input` is what a block's innermost filter begins with.
Value Evaluator::filter(const Expression& e, Frame& frame, const Value* input) {
  Work::Level level(work_);
  Value value;
  if (!e.parts[0])
    value = *input;
  else if (input != nullptr)
    value = filter(*e.parts[0], frame, input);
  else
    value = eval(*e.parts[0], frame);
  Arguments given = arguments(e, frame);
  at_ = e.at;
  return apply_filter(e.text, value, given, work_);
}

Arguments Evaluator::arguments(const Expression& e, Frame& frame) {
  Arguments given;
  for (const auto& argument : e.arguments) given.positional.push_back(eval(*argument, frame));
  for (const auto& [name, argument] : e.named)
    given.named.emplace_back(name, eval(*argument, frame));
  if (e.rest)
    for (Value& item : items_of(eval(*e.rest, frame), work_))
      given.positional.push_back(std::move(item));
  if (!e.named_rest) return given;
  Value rest = eval(*e.named_rest, frame);
  if (!rest.is(Kind::dict)) fail("`**` of a value of type " + type_name(rest));
  for (const auto& [key, value] : rest.pairs()) {
    if (!key.is(Kind::text)) fail("`**` of a dict with a key of type " + type_name(key));
    for (const auto& [name, given_value] : given.named)
      if (name == key.as_text()) fail("the argument " + text_repr(name) + " twice");
    given.named.emplace_back(key.as_text(), value);
  }
  return given;
}

}  // namespace tramontane::jinja
