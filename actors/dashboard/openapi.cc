// The table of the API as an OpenAPI 3.1 document.
#include "actors/dashboard/api.h"

#include <boost/json/array.hpp>

#include <cctype>
#include <set>

namespace tramontane {
namespace {

namespace json = boost::json;

json::object reference(std::string_view shape) {
  return {{"$ref", "#/components/schemas/" + std::string(shape)}};
}

json::object schema_of(std::string_view type) {
  if (type.ends_with('?')) {
    json::object inner = schema_of(type.substr(0, type.size() - 1));
    return {{"anyOf", json::array{inner, json::object{{"type", "null"}}}}};
  }
  if (type.starts_with('['))
    return {{"type", "array"}, {"items", schema_of(type.substr(1, type.size() - 2))}};
  if (type.starts_with('{'))
    return {
        {"type", "object"}, {"additionalProperties", schema_of(type.substr(1, type.size() - 2))}};
  if (type.find('|') != type.npos) {
    json::array words;
    for (std::size_t end = 0; end != type.npos;
         type.remove_prefix(end == type.npos ? 0 : end + 1)) {
      end = type.find('|');
      words.push_back(json::string(type.substr(0, end)));
    }
    return {{"type", "string"}, {"enum", std::move(words)}};
  }
  if (type == "any") return {};
  if (std::isupper(static_cast<unsigned char>(type.front())) != 0) return reference(type);
  return {{"type", json::string(type)}};
}

void describe(json::object& schema, std::string_view doc) {
  if (!doc.empty()) schema["description"] = json::string(doc);
}

json::object schema_of(const ApiShape& shape) {
  json::object properties;
  json::array required;
  for (const auto& field : shape.fields) {
    json::object schema = schema_of(field.type);
    describe(schema, field.doc);
    properties[field.name] = std::move(schema);
    if (field.key) required.emplace_back(field.name);
  }
  json::object out{{"type", "object"}, {"description", shape.doc}, {"properties", properties},
      {"additionalProperties", false}};
  if (!required.empty()) out["required"] = std::move(required);
  return out;
}

json::object content(std::string_view media, json::object schema) {
  return {{media, json::object{{"schema", std::move(schema)}}}};
}

json::object answer_of(const ApiRoute& route) {
  std::string_view answer = route.answer;
  json::object ok{{"description", "the answer"}};
  if (answer.find('/') != answer.npos)
    ok["content"] =
        content(answer, answer == "application/json" ? schema_of("object") : schema_of("string"));
  else
    ok["content"] = content("application/json", reference(answer));
  json::object problem{{"description", "why there is none"},
      {"content", content("application/json", reference("Error"))}};
  return {{"200", std::move(ok)}, {"default", std::move(problem)}};
}

json::object operation(const ApiRoute& route) {
  json::array parameters;
  for (const auto& parameter : route.parameters) {
    json::object out{{"name", parameter.name}, {"in", parameter.in_path ? "path" : "query"},
        {"required", parameter.in_path}, {"schema", schema_of(parameter.type)}};
    describe(out, parameter.doc);
    parameters.push_back(std::move(out));
  }
  json::object out{{"summary", route.summary}, {"responses", answer_of(route)}};
  if (!parameters.empty()) out["parameters"] = std::move(parameters);
  if (route.body != nullptr)
    out["requestBody"] = json::object{
        {"required", true}, {"content", content("application/json", reference(route.body))}};
  return out;
}

// As OpenAPI writes it: {name...} is {name} there.
std::string path_of(const ApiRoute& route) {
  std::string path = route.path;
  if (auto dots = path.find("...}"); dots != path.npos) path.erase(dots, 3);
  return path;
}

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

// The shape that a type is of, or is a list of; empty if it is of none.
std::string shape_in(std::string_view type) {
  std::string name;
  for (char c : type)
    if (std::isalpha(static_cast<unsigned char>(c)) != 0) name += c;
  bool is_shape = !name.empty() && std::isupper(static_cast<unsigned char>(name.front())) != 0;
  return is_shape ? name : std::string();
}

// Those that the routes lead to, by way of other shapes too.
std::set<std::string> shapes_of(
    const std::vector<ApiRoute>& routes, const std::vector<ApiShape>& shapes) {
  std::set<std::string> found;
  std::vector<std::string> left = {"Error"};
  for (const auto& route : routes)
    for (const char* name : {route.answer, route.body})
      if (name != nullptr && std::string_view(name).find('/') == std::string_view::npos)
        left.emplace_back(name);
  while (!left.empty()) {
    std::string name = std::move(left.back());
    left.pop_back();
    if (!found.insert(name).second) continue;
    for (const auto& shape : shapes)
      for (const auto& field : shape.fields)
        if (shape.name == name)
          if (std::string inner = shape_in(field.type); !inner.empty()) left.push_back(inner);
  }
  return found;
}

}  // namespace

json::object openapi(std::string_view version, const std::vector<ApiRoute>& routes) {
  json::object schemas;
  std::vector<ApiShape> shapes = api_shapes();
  std::set<std::string> wanted = shapes_of(routes, shapes);
  for (const auto& shape : shapes)
    if (wanted.contains(shape.name)) schemas[shape.name] = schema_of(shape);
  json::object paths;
  for (const auto& route : routes) {
    auto& path = paths.emplace(path_of(route), json::object{}).first->value().as_object();
    path[lower(route.method)] = operation(route);
  }
  json::object security{{"bearer", json::object{{"type", "http"}, {"scheme", "bearer"}}}};
  return {{"openapi", "3.1.0"},
      {"info", json::object{{"title", "Tramontane"}, {"version", json::string(version)}}},
      {"paths", std::move(paths)},
      {"security", json::array{json::object{{"bearer", json::array{}}}}},
      {"components",
          json::object{{"schemas", std::move(schemas)}, {"securitySchemes", std::move(security)}}}};
}

}  // namespace tramontane
