#include "actors/dashboard/query.h"

#include "runtime/base/check.h"
#include "runtime/base/names.h"
#include "runtime/base/result.h"

#include <boost/json/array.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string_view>
#include <vector>

namespace tramontane {
namespace {

namespace json = boost::json;

constexpr std::size_t limit_default = 100;
constexpr std::size_t limit_most = 1000;

std::set<std::string> words_of(std::string_view text, char separator) {
  std::set<std::string> out;
  while (!text.empty()) {
    auto end = text.find(separator);
    if (end != 0) out.emplace(text.substr(0, end));
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
  }
  return out;
}

template <class Number>
std::optional<Number> parse(const std::string& text) {
  Number value{};
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

[[noreturn]] void refuse(const char* name, const std::string& given, const char* wanted) {
  throw Error(Errc::bad_input, str("parameter ", name, ": '", given, "' is not ", wanted));
}

// Of which shape's things an answer of this shape is a list; empty if it is none.
std::pair<std::string, std::string> list_in(const ApiShape& shape) {
  bool pages = std::any_of(shape.fields.begin(), shape.fields.end(),
      [](const auto& field) { return std::string_view(field.name) == "next"; });
  for (const auto& field : shape.fields) {
    std::string_view type = field.type;
    if (pages && type.starts_with('[') && type.size() > 2 && type[1] >= 'A' && type[1] <= 'Z')
      return {field.name, std::string(type.substr(1, type.size() - 2))};
  }
  return {};
}

const ApiShape& find(const std::vector<ApiShape>& shapes, std::string_view name) {
  auto found = std::find_if(
      shapes.begin(), shapes.end(), [&](const auto& shape) { return shape.name == name; });
  TRAM_CHECK(found != shapes.end(), "a shape that the table has not", name);
  return *found;
}

void keep(json::object& thing, const ApiShape& shape, const std::set<std::string>& chosen) {
  for (const auto& field : shape.fields)
    if (!field.key && !chosen.contains(field.name)) thing.erase(field.name);
}

}  // namespace

Query::Query(const HttpRequest& request, const ApiRoute& route) : request_(request), route_(route) {
  std::vector<std::string> names;
  for (const auto& parameter : route.parameters)
    if (!parameter.in_path) names.emplace_back(parameter.name);
  for (const auto& [name, value] : request.query)
    if (std::find(names.begin(), names.end(), name) == names.end())
      throw Error(Errc::bad_input,
          names.empty() ? "this takes no parameters" : unknown_name("parameter", name, names));
}

const ApiParameter& Query::parameter(const char* name) const {
  for (const auto& parameter : route_.parameters)
    if (std::string_view(parameter.name) == name) return parameter;
  TRAM_CHECK(false, "a parameter that the table has not", route_.path, name);
  return route_.parameters.front();
}

const std::string& Query::captured(const std::string& name) const {
  return request_.captured.at(name);
}

std::uint64_t Query::captured_number(const std::string& name) const {
  auto value = parse<std::uint64_t>(captured(name));
  if (!value) refuse(name.c_str(), captured(name), "a whole number");
  return *value;
}

std::optional<std::uint64_t> Query::whole(const char* name) const {
  std::string given = text(parameter(name).name);
  if (!has(name)) return std::nullopt;
  auto value = parse<std::uint64_t>(given);
  if (!value) refuse(name, given, "a whole number");
  return value;
}

std::optional<double> Query::number(const char* name) const {
  std::string given = text(parameter(name).name);
  if (!has(name)) return std::nullopt;
  auto value = parse<double>(given);
  if (!value || !std::isfinite(*value)) refuse(name, given, "a number");
  return value;
}

bool Query::flag(const char* name) const {
  std::string given = text(parameter(name).name);
  if (!has(name) || given == "false") return false;
  if (given != "true") refuse(name, given, "true or false");
  return true;
}

std::set<std::string> Query::words(const char* name) const {
  return words_of(text(parameter(name).name), ',');
}

std::optional<std::string> Query::choice(const char* name) const {
  std::string_view type = parameter(name).type;
  if (!has(name)) return std::nullopt;
  auto allowed = words_of(type, '|');
  std::string given = text(name);
  if (!allowed.contains(given))
    throw Error(Errc::bad_input,
        unknown_name(str("value of ", name), given, {allowed.begin(), allowed.end()}));
  return given;
}

std::size_t Query::limit() const {
  auto limit = whole("limit").value_or(limit_default);
  if (limit < 1 || limit > limit_most) refuse("limit", text("limit"), "from 1 to 1000");
  return limit;
}

void Query::select(json::object& answer) const {
  if (!has("fields")) return;
  auto chosen = words("fields");
  auto shapes = api_shapes();
  const ApiShape& whole = find(shapes, route_.answer);
  auto [member, of] = list_in(whole);
  const ApiShape& shape = member.empty() ? whole : find(shapes, of);
  std::vector<std::string> names;
  for (const auto& field : shape.fields) names.emplace_back(field.name);
  for (const auto& name : chosen)
    if (std::find(names.begin(), names.end(), name) == names.end())
      throw Error(Errc::bad_input, unknown_name("field", name, names));
  if (member.empty()) return keep(answer, shape, chosen);
  for (auto& thing : answer.at(member).as_array()) keep(thing.as_object(), shape, chosen);
}

}  // namespace tramontane
