#include "actors/model/chat_template/predicates.h"

#include "actors/model/chat_template/lexer.h"
#include "actors/model/chat_template/methods.h"
#include "actors/model/chat_template/operators.h"
#include "actors/model/chat_template/printing.h"

#include <algorithm>
#include <utility>

namespace tramontane::jinja {

namespace {

// Tests that are operators by another name.
const char* operator_of(std::string_view test) {
  constexpr std::pair<const char*, const char*> operators[] = {{"eq", "=="}, {"equalto", "=="},
      {"==", "=="}, {"ne", "!="}, {"!=", "!="}, {"gt", ">"}, {"greaterthan", ">"}, {">", ">"},
      {"ge", ">="}, {">=", ">="}, {"lt", "<"}, {"lessthan", "<"}, {"<", "<"}, {"le", "<="},
      {"<=", "<="}, {"in", "in"}};
  for (auto [name, op] : operators)
    if (test == name) return op;
  return nullptr;
}

constexpr const char* plain[] = {"boolean", "callable", "defined", "divisibleby", "escaped", "even",
    "false", "float", "integer", "iterable", "lower", "mapping", "none", "number", "odd", "sameas",
    "sequence", "string", "true", "undefined", "upper"};

bool is_even(const Value& value, Work& work) {
  return is_equal(arithmetic("%", value, Value::integer(2), work), Value::integer(0), work);
}

bool has_type(const std::string& name, const Value& value, Work& work) {
  Kind kind = value.kind();
  if (name == "defined") return kind != Kind::undefined;
  if (name == "undefined") return kind == Kind::undefined;
  if (name == "none") return kind == Kind::none;
  if (name == "boolean") return kind == Kind::boolean;
  if (name == "true" || name == "false")
    return kind == Kind::boolean && value.as_boolean() == (name == "true");
  if (name == "integer") return kind == Kind::integer;
  if (name == "float") return kind == Kind::real;
  if (name == "number") return value.is_number();
  if (name == "string") return kind == Kind::text;
  if (name == "mapping") return kind == Kind::dict;
  if (name == "escaped") return value.is_safe();
  if (name == "callable")
    return kind == Kind::function || kind == Kind::macro || kind == Kind::loop ||
           kind == Kind::undefined;
  if (name == "sequence")
    return kind == Kind::text || kind == Kind::list || kind == Kind::tuple || kind == Kind::dict ||
           kind == Kind::range || kind == Kind::undefined;
  if (name == "iterable")
    return kind != Kind::none && !value.is_number() && kind != Kind::function &&
           kind != Kind::macro && kind != Kind::space;
  std::string method = name == "upper" ? "isupper" : "islower";
  return is_true(call_text_method(Value::text(to_text(value, work)), method, {}, work));
}

}  // namespace

bool is_test(const std::string& name) {
  return operator_of(name) != nullptr || std::ranges::find(plain, name) != std::end(plain);
}

void check_test(const std::string& name, std::string_view source, std::size_t at) {
  if (name == "filter" || name == "test") refuse_at(source, at, "the test `" + name + "`");
}

bool passes_test(
    const std::string& name, const Value& value, const Arguments& arguments, Work& work) {
  work.spend(8);
  if (!is_test(name)) {
    check_test(name, {}, 0);
    fail("there is no test `" + name + "`");
  }
  if (const char* op = operator_of(name)) {
    Bound got(arguments, {"other"}, name, 1);
    if (!arguments.named.empty()) refuse("a named argument of the test `" + name + "`");
    return compare(op, value, got[0], work);
  }
  if (name == "divisibleby") {
    Bound got(arguments, {"num"}, name, 1);
    return is_equal(arithmetic("%", value, got[0], work), Value::integer(0), work);
  }
  if (name == "sameas") {
    Bound got(arguments, {"other"}, name, 1);
    const Value& other = got[0];
    bool single = value.is(Kind::none) || value.is(Kind::boolean);
    if (!single && value.kind() == other.kind() && (value.is_number() || value.is(Kind::text)))
      refuse("`sameas` of two values of type " + type_name(value));
    return value.same(other);
  }
  Bound none(arguments, {}, name);
  if (name == "even") return is_even(value, work);
  if (name == "odd")
    return is_equal(arithmetic("%", value, Value::integer(2), work), Value::integer(1), work);
  return has_type(name, value, work);
}

}  // namespace tramontane::jinja
