#include "tests/dashboard/schema_check.h"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>

namespace tramontane {
namespace {

namespace json = boost::json;

bool is_of_type(const json::value& value, std::string_view type) {
  if (type == "null") return value.is_null();
  if (type == "string") return value.is_string();
  if (type == "boolean") return value.is_bool();
  if (type == "integer") return value.is_int64() || value.is_uint64();
  if (type == "number") return value.is_number();
  if (type == "array") return value.is_array();
  return type == "object" && value.is_object();
}

const json::object& target_of(std::string_view reference, const json::object& document) {
  const json::value* at = nullptr;
  const json::object* in = &document;
  reference.remove_prefix(2);  // #/
  while (!reference.empty()) {
    auto end = reference.find('/');
    at = &in->at(reference.substr(0, end));
    in = &at->as_object();
    reference.remove_prefix(end == reference.npos ? reference.size() : end + 1);
  }
  return *in;
}

std::string problem_with_members(const json::object& value, const json::object& schema,
    const json::object& document, const std::string& place) {
  if (const auto* required = schema.if_contains("required"))
    for (const auto& name : required->as_array())
      if (!value.contains(name.as_string()))
        return place + ": " + std::string(name.as_string()) + " is missing";
  const auto* properties = schema.if_contains("properties");
  const auto* others = schema.if_contains("additionalProperties");
  for (const auto& [name, member] : value) {
    std::string inner = place + "." + std::string(name);
    const auto* own = properties == nullptr ? nullptr : properties->as_object().if_contains(name);
    if (own == nullptr && others != nullptr && others->is_bool() && !others->as_bool())
      return inner + " is not in the table";
    const auto* with = own != nullptr ? own : others;
    if (with == nullptr || !with->is_object()) continue;
    if (auto problem = problem_with(member, with->as_object(), document, inner); !problem.empty())
      return problem;
  }
  return "";
}

}  // namespace

std::string problem_with(const json::value& value, const json::object& schema,
    const json::object& document, const std::string& place) {
  if (const auto* reference = schema.if_contains("$ref"))
    return problem_with(value, target_of(reference->as_string(), document), document, place);
  if (const auto* choices = schema.if_contains("anyOf")) {
    std::string first;
    for (const auto& choice : choices->as_array()) {
      auto problem = problem_with(value, choice.as_object(), document, place);
      if (problem.empty()) return "";
      if (first.empty()) first = problem;
    }
    return first;
  }
  if (const auto* type = schema.if_contains("type"); type && !is_of_type(value, type->as_string()))
    return place + ": " + json::serialize(value).substr(0, 60) + " is no " + json::serialize(*type);
  if (const auto* words = schema.if_contains("enum")) {
    const auto& all = words->as_array();
    if (std::find(all.begin(), all.end(), value) == all.end())
      return place + ": " + json::serialize(value) + " is none of " + json::serialize(*words);
  }
  if (const auto* items = schema.if_contains("items"); items && value.is_array())
    for (std::size_t i = 0; i < value.get_array().size(); ++i) {
      std::string inner = place + "[" + std::to_string(i) + "]";
      auto problem = problem_with(value.get_array()[i], items->as_object(), document, inner);
      if (!problem.empty()) return problem;
    }
  return value.is_object() ? problem_with_members(value.get_object(), schema, document, place) : "";
}

}  // namespace tramontane
