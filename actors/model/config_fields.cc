#include "actors/model/config_fields.h"

#include "runtime/base/check.h"
#include "runtime/base/json_text.h"
#include "runtime/base/result.h"

#include <boost/json.hpp>

#include <algorithm>

namespace tramontane {

namespace json = boost::json;

bool in_list(std::string_view list, std::string_view one) {
  while (!list.empty()) {
    std::size_t end = std::min(list.find(' '), list.size());
    if (list.substr(0, end) == one) return true;
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return false;
}

bool same_json(const json::value& a, const json::value& b) {
  if (a.is_number() && b.is_number()) return a.to_number<double>() == b.to_number<double>();
  return a == b;
}

json::object parse_config_object(std::string_view text, std::string_view where) {
  boost::system::error_code code;
  json::value value = json::parse(text, code);
  if (code) throw Error(Errc::bad_input, str(where, ": not JSON: ", code.message()));
  if (!value.is_object()) throw Error(Errc::bad_input, str(where, ": not a JSON object"));
  return std::move(value.as_object());
}

const json::value* ConfigFields::find(std::string_view name) const {
  const json::value* value = object_.if_contains(name);
  return value != nullptr && !value->is_null() ? value : nullptr;
}

bool ConfigFields::has(std::string_view name) const {
  return object_.contains(name);
}

void ConfigFields::bad(std::string_view name, std::string_view expected) const {
  const json::value* value = object_.if_contains(name);
  if (value == nullptr) throw Error(Errc::bad_input, str(where_, ": no field '", name, "'"));
  throw Error(Errc::bad_input,
      str(where_, ": '", name, "' is ", json_text(*value), "; expected ", expected));
}

void ConfigFields::unsupported(std::string_view name, std::string_view remedy) const {
  const json::value* value = object_.if_contains(name);
  throw Error(
      Errc::unsupported, str(where_, ": '", name, "' is ",
                             value == nullptr ? "missing" : json_text(*value), "; ", remedy));
}

std::int64_t ConfigFields::integer(
    std::string_view name, std::int64_t least, std::int64_t most) const {
  const json::value* value = find(name);
  if (value == nullptr) throw Error(Errc::bad_input, str(where_, ": no field '", name, "'"));
  if (!value->is_int64() || value->as_int64() < least || value->as_int64() > most)
    bad(name, str("a whole number in ", least, "..", most));
  return value->as_int64();
}

std::int64_t ConfigFields::integer_or(
    std::string_view name, std::int64_t fallback, std::int64_t most) const {
  return find(name) == nullptr ? fallback : integer(name, 1, most);
}

double ConfigFields::positive(std::string_view name) const {
  const json::value* value = find(name);
  double number = value != nullptr && value->is_number() ? value->to_number<double>() : 0;
  if (!(number >= 1e-30) || !(number <= 1e30)) bad(name, "a number > 0, from 1e-30 to 1e30");
  return number;
}

double ConfigFields::positive_or(std::string_view name, double fallback) const {
  return find(name) == nullptr ? fallback : positive(name);
}

bool ConfigFields::flag_or(std::string_view name, bool fallback) const {
  const json::value* value = find(name);
  if (value == nullptr) return fallback;
  if (!value->is_bool()) bad(name, "true or false");
  return value->as_bool();
}

std::vector<std::string> ConfigFields::texts(std::string_view name, std::int64_t count) const {
  const json::value* value = find(name);
  std::vector<std::string> all;
  if (value == nullptr) return all;
  std::string expected = str("a list of ", count, " texts, one per layer");
  if (!value->is_array() || std::ssize(value->as_array()) != count) bad(name, expected);
  for (const json::value& one : value->as_array()) {
    if (!one.is_string()) bad(name, expected);
    all.emplace_back(one.as_string());
  }
  return all;
}

std::vector<std::int64_t> ConfigFields::integers(std::string_view name, std::int64_t count) const {
  const json::value* value = find(name);
  std::vector<std::int64_t> all;
  if (value == nullptr) return all;
  std::string expected = str("a list of ", count, " whole numbers, one per layer");
  if (!value->is_array() || std::ssize(value->as_array()) != count) bad(name, expected);
  for (const json::value& one : value->as_array()) {
    if (!one.is_int64()) bad(name, expected);
    all.push_back(one.as_int64());
  }
  return all;
}

void ConfigFields::only(std::string_view name, const json::value& supported) const {
  const json::value* value = find(name);
  if (value != nullptr && !same_json(*value, supported))
    unsupported(name, str("supported is ", json_text(supported)));
}

std::vector<std::int32_t> ConfigFields::tokens(
    std::string_view name, std::int64_t vocabulary) const {
  const json::value* value = find(name);
  std::vector<std::int32_t> ids;
  if (value == nullptr) return ids;
  const json::array one{*value};
  for (const json::value& id : value->is_array() ? value->as_array() : one) {
    if (!id.is_int64() || id.as_int64() < -1 || id.as_int64() >= vocabulary)
      bad(name, str("a token id below ", vocabulary));
    if (id.as_int64() >= 0) ids.push_back(static_cast<std::int32_t>(id.as_int64()));
  }
  return ids;
}

std::int32_t ConfigFields::token(std::string_view name, std::int64_t vocabulary) const {
  std::vector<std::int32_t> all = tokens(name, vocabulary);
  return all.empty() ? -1 : all.front();
}

}  // namespace tramontane
