#pragma once
// The fields of tokenizer.json, each checked as it is taken. Every error names the file.
//
//   const json::object& fields = …;
//   std::string type = type_of(value, "normalizer");
//   if (is_true(fields, "invert")) …
//
// Pure functions.

#include "actors/messages/types.h"
#include "actors/model/tokenizer/pattern.h"
#include "runtime/base/result.h"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <string>
#include <string_view>

namespace tramontane::detail {

constexpr std::int64_t ids_max = 1 << 20;

[[noreturn]] void refuse(Errc code, const std::string& text);

// The field's value, or null where it is absent or null.
const boost::json::value* find(const boost::json::object& object, std::string_view name);

std::string string_of(const boost::json::value* value, const std::string& what);
std::string string_or(
    const boost::json::object& object, std::string_view name, std::string_view fallback);

// Absent and null are `fallback`; what is no boolean is refused.
bool flag_of(const boost::json::object& object, std::string_view name, bool fallback);

inline bool is_true(const boost::json::object& object, std::string_view name) {
  return flag_of(object, name, false);
}

// From 0 to `most`.
std::int64_t whole_of(const boost::json::value* value, const std::string& what, std::int64_t most);
Token id_of(const boost::json::value* value, const std::string& what);

// The object's 'type'.
std::string type_of(const boost::json::value& value, const std::string& what);

// Refuses what would change the tokens and is not computed here.
void refuse_if_set(
    const boost::json::object& object, std::string_view name, std::string_view where);

// {"String": "…"} or {"Regex": "…"} in the field 'pattern'.
Pattern pattern_of(const boost::json::object& object, const std::string& where);

// Calls each(part) for the value itself, or for every part of a Sequence, which calls them `name`.
template <class Each>
void each_of(
    const boost::json::value& value, std::string_view name, const std::string& what, Each each) {
  if (type_of(value, what) != "Sequence") {
    each(value);
    return;
  }
  const boost::json::value* parts = find(value.as_object(), name);
  if (parts == nullptr || !parts->is_array())
    refuse(Errc::bad_input, "the " + what + "'s Sequence has no list '" + std::string(name) + "'");
  for (const boost::json::value& part : parts->as_array()) each_of(part, name, what, each);
}

}  // namespace tramontane::detail
