#pragma once
// Values as text: as Python's str() and repr() write them, and as its json.dumps() does.
//
//   to_text(Value::real(1e16), work);      // 1e+16
//   to_repr(Value::text("it's"), work);    // "it's"
//
// Pure but for the work that they spend. What Python prints with an address, and numbers that are
// none in JSON, are errors.

#include "actors/model/chat_template/value.h"
#include "actors/model/chat_template/work.h"

#include <optional>
#include <string>
#include <string_view>

namespace tramontane::jinja {

std::string to_text(const Value& value, Work& work);
std::string to_repr(const Value& value, Work& work);

std::string float_repr(double value);
std::string text_repr(std::string_view text);

// Python's name of a value's type, for errors: "str".
std::string type_name(const Value& value);

struct JsonForm {
  bool ascii = false;
  bool sort_keys = false;
  std::optional<std::string> indent;  // on several lines, by so much a level
  std::string item_separator = ", ";
  std::string key_separator = ": ";
};

std::string to_json(const Value& value, const JsonForm& form, Work& work);

}  // namespace tramontane::jinja
