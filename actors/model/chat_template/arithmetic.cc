#include "actors/model/chat_template/format.h"
#include "actors/model/chat_template/operators.h"
#include "actors/model/chat_template/printing.h"

#include <cmath>

namespace tramontane::jinja {

namespace {

[[noreturn]] void no_operation(const std::string& op, const Value& a, const Value& b) {
  want_defined(a);
  want_defined(b);
  fail("`" + op + "` of a value of type " + type_name(a) + " and one of type " + type_name(b));
}

[[noreturn]] void too_large() {
  refuse("an integer of more than 64 bits");
}

Value whole_power(std::int64_t base, std::int64_t exponent) {
  if (exponent < 0) {
    if (base == 0) fail("0 to a negative power");
    return Value::real(std::pow(static_cast<double>(base), static_cast<double>(exponent)));
  }
  if (base == 0 || base == 1) return Value::integer(exponent == 0 ? 1 : base);
  if (base == -1) return Value::integer(exponent % 2 == 0 ? 1 : -1);
  if (exponent > 63) too_large();
  std::int64_t result = 1;
  for (std::int64_t i = 0; i < exponent; ++i)
    if (__builtin_mul_overflow(result, base, &result)) too_large();
  return Value::integer(result);
}

Value whole(const std::string& op, std::int64_t a, std::int64_t b) {
  std::int64_t result = 0;
  if (op == "+") {
    if (__builtin_add_overflow(a, b, &result)) too_large();
  } else if (op == "-") {
    if (__builtin_sub_overflow(a, b, &result)) too_large();
  } else if (op == "*") {
    if (__builtin_mul_overflow(a, b, &result)) too_large();
  } else if (op == "**") {
    return whole_power(a, b);
  } else {
    if (b == 0) fail("division by zero");
    if (op == "/") {
      constexpr std::int64_t exact = std::int64_t{1} << 53;
      if (std::abs(a / 2) > exact / 2 || std::abs(b / 2) > exact / 2)
        refuse("`/` of integers of more than 53 bits");
      return Value::real(static_cast<double>(a) / static_cast<double>(b));
    }
    if (b == -1) {  // the one quotient that overflows, and no remainder
      if (op == "%") return Value::integer(0);
      if (__builtin_sub_overflow(std::int64_t{0}, a, &result)) too_large();
      return Value::integer(result);
    }
    std::int64_t quotient = a / b;
    std::int64_t rest = a % b;
    if (rest != 0 && (rest < 0) != (b < 0)) {  // Python rounds down
      --quotient;
      rest += b;
    }
    result = op == "//" ? quotient : rest;
  }
  return Value::integer(result);
}

// float.__mod__ and float.__floordiv__ of CPython.
Value float_division(const std::string& op, double a, double b) {
  double rest = std::fmod(a, b);
  double quotient = (a - rest) / b;
  if (rest != 0) {
    if ((b < 0) != (rest < 0)) {
      rest += b;
      quotient -= 1;
    }
  } else {
    rest = std::copysign(0.0, b);
  }
  if (op == "%") return Value::real(rest);
  if (quotient == 0) return Value::real(std::copysign(0.0, a / b));
  double down = std::floor(quotient);
  return Value::real(quotient - down > 0.5 ? down + 1 : down);
}

Value real(const std::string& op, double a, double b) {
  if (op == "+") return Value::real(a + b);
  if (op == "-") return Value::real(a - b);
  if (op == "*") return Value::real(a * b);
  if (op == "**") {
    if (a == 0 && b < 0) fail("0.0 to a negative power");
    if (a < 0 && std::isfinite(b) && b != std::floor(b)) refuse("a complex number");
    double power = std::pow(a, b);
    if (std::isinf(power) && std::isfinite(a) && std::isfinite(b)) fail("the power is too large");
    return Value::real(power);
  }
  if (b == 0) fail("division by zero");
  return op == "/" ? Value::real(a / b) : float_division(op, a, b);
}

Value repeat(const Value& value, std::int64_t times, Work& work) {
  times = std::max<std::int64_t>(times, 0);
  auto size = static_cast<std::int64_t>(
      value.is(Kind::text) ? value.as_text().size() : 32 * value.items().size());
  std::int64_t all = 0;
  if (__builtin_mul_overflow(size, times, &all)) fail("it repeats a text or list too often");
  work.spend(all + 8);
  if (size == 0) times = 0;
  if (value.is(Kind::text)) {
    std::string text;
    text.reserve(static_cast<std::size_t>(all));
    for (std::int64_t i = 0; i < times; ++i) text += value.as_text();
    return value.is_safe() ? Value::safe_text(std::move(text)) : Value::text(std::move(text));
  }
  Value::Items items;
  for (std::int64_t i = 0; i < times; ++i)
    items.insert(items.end(), value.items().begin(), value.items().end());
  return value.is(Kind::list) ? Value::list(std::move(items)) : Value::tuple(std::move(items));
}

bool is_sequence(const Value& value) {
  return value.is(Kind::text) || value.is(Kind::list) || value.is(Kind::tuple);
}

// Whether Python makes a set of what is of the one and not of the other.
bool is_set_of(const Value& a, const Value& b) {
  auto has_items = [](const Value& value) {
    return is_sequence(value) || value.is(Kind::dict) || value.is(Kind::view) ||
           value.is(Kind::range) || value.is(Kind::generator);
  };
  return (a.is(Kind::view) && has_items(b)) || (has_items(a) && b.is(Kind::view));
}

Value joined(const Value& a, const Value& b, Work& work) {
  if (a.is(Kind::text)) {
    work.spend(static_cast<std::int64_t>(a.as_text().size() + b.as_text().size()));
    if (!a.is_safe() && !b.is_safe()) return Value::text(a.as_text() + b.as_text());
    auto safe = [&](const Value& text) {
      return text.is_safe() ? text.as_text() : escape_html(text.as_text());
    };
    return Value::safe_text(safe(a) + safe(b));
  }
  Value::Items items = a.items();
  items.insert(items.end(), b.items().begin(), b.items().end());
  work.spend(32 * static_cast<std::int64_t>(items.size()));
  return a.is(Kind::list) ? Value::list(std::move(items)) : Value::tuple(std::move(items));
}

}  // namespace

Value arithmetic(const std::string& op, const Value& a, const Value& b, Work& work) {
  work.spend(8);
  if (a.is_whole() && b.is_whole()) return whole(op, a.as_integer(), b.as_integer());
  if (a.is_number() && b.is_number()) return real(op, a.as_real(), b.as_real());
  if (op == "%" && a.is(Kind::text)) {
    if (a.is_safe()) refuse("`%` of a text that was marked as safe");
    return Value::text(percent_format(a.as_text(), b, work));
  }
  if (op == "+" && a.kind() == b.kind() && is_sequence(a)) return joined(a, b, work);
  if (op == "*" && is_sequence(a) && b.is_whole()) return repeat(a, b.as_integer(), work);
  if (op == "*" && is_sequence(b) && a.is_whole()) return repeat(b, a.as_integer(), work);
  if (op == "-" && is_set_of(a, b)) refuse("`-` of a view of a dict");
  no_operation(op, a, b);
}

Value negative(const Value& value) {
  if (value.is(Kind::real)) return Value::real(-value.as_real());
  if (value.is_whole()) return whole("-", 0, value.as_integer());
  want_defined(value);
  fail("`-` before a value of type " + type_name(value));
}

Value positive(const Value& value) {
  if (value.is(Kind::real)) return value;
  if (value.is_whole()) return Value::integer(value.as_integer());
  want_defined(value);
  fail("`+` before a value of type " + type_name(value));
}

}  // namespace tramontane::jinja
