#include "actors/model/tokenizer/json_fields.h"

#include "runtime/base/check.h"
#include "runtime/base/json_text.h"

#include <boost/json.hpp>

namespace tramontane::detail {

namespace json = boost::json;

void refuse(Errc code, const std::string& text) {
  throw Error(code, "tokenizer.json: " + text);
}

const json::value* find(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value != nullptr && !value->is_null() ? value : nullptr;
}

std::string string_of(const json::value* value, const std::string& what) {
  if (value == nullptr || !value->is_string()) refuse(Errc::bad_input, what + " is no string");
  return json::value_to<std::string>(*value);
}

std::string string_or(
    const json::object& object, std::string_view name, std::string_view fallback) {
  const json::value* value = find(object, name);
  return value == nullptr ? std::string(fallback) : string_of(value, str("'", name, "'"));
}

bool flag_of(const json::object& object, std::string_view name, bool fallback) {
  const json::value* value = find(object, name);
  if (value == nullptr) return fallback;
  if (!value->is_bool()) refuse(Errc::bad_input, str("'", name, "' is neither true nor false"));
  return value->as_bool();
}

std::int64_t whole_of(const json::value* value, const std::string& what, std::int64_t most) {
  if (value == nullptr || !value->is_int64() || value->as_int64() < 0 || value->as_int64() > most)
    refuse(Errc::bad_input, str(what, " is no number in 0..", most));
  return value->as_int64();
}

Token id_of(const json::value* value, const std::string& what) {
  if (value == nullptr || !value->is_int64() || value->as_int64() < 0 ||
      value->as_int64() >= ids_max)
    refuse(Errc::bad_input, str(what, " is no token id in 0..", ids_max - 1));
  return static_cast<Token>(value->as_int64());
}

std::string type_of(const json::value& value, const std::string& what) {
  if (!value.is_object()) refuse(Errc::bad_input, "a " + what + " is no object");
  return string_of(find(value.as_object(), "type"), "the " + what + "'s type");
}

void refuse_if_set(const json::object& object, std::string_view name, std::string_view where) {
  const json::value* value = find(object, name);
  if (value == nullptr) return;
  if (value->is_bool() && !value->as_bool()) return;
  if (value->is_string() && value->as_string().empty()) return;
  if (value->is_number() && value->to_number<double>() == 0) return;
  refuse(Errc::unsupported,
      str(where, " has '", name, "': ", json_text(*value).substr(0, 80), "; it is not supported"));
}

Pattern pattern_of(const json::object& object, const std::string& where) {
  const json::value* pattern = find(object, "pattern");
  if (pattern == nullptr || !pattern->is_object())
    refuse(Errc::bad_input, where + " has no 'pattern' object");
  const json::value* literal = find(pattern->as_object(), "String");
  const json::value* expression =
      literal != nullptr ? literal : find(pattern->as_object(), "Regex");
  std::string text = string_of(expression, "the pattern of " + where + ", 'Regex' or 'String',");
  try {
    return Pattern(text, literal != nullptr);
  } catch (const Error& error) {
    refuse(error.errc(), where + ": " + error.text());
  }
}

}  // namespace tramontane::detail
