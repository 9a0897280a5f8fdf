#include "actors/rewards/code/problem.h"

#include "actors/rewards/code/cpp_source.h"
#include "runtime/base/check.h"
#include "runtime/base/names.h"
#include "runtime/base/result.h"

#include <boost/json.hpp>

#include <algorithm>

namespace tramontane::code {
namespace {

namespace json = boost::json;

constexpr std::size_t depth_max = 8;

[[noreturn]] void refuse(const std::string& what) {
  throw Error(Errc::bad_input, "the problem's tests: " + what);
}

const json::object& object_of(const json::value& value, const std::string& what) {
  if (!value.is_object()) refuse(what + " must be an object");
  return value.get_object();
}

void know_fields(const json::object& object, const std::vector<std::string>& names) {
  for (const auto& field : object) {
    std::string key(field.key());
    if (std::ranges::find(names, key) == names.end()) refuse(unknown_name("field", key, names));
  }
}

std::string text_of(const json::object& object, const std::string& field, bool needed) {
  const json::value* value = object.if_contains(field);
  if (value == nullptr && !needed) return "";
  if (value == nullptr) refuse(str("no field '", field, "'"));
  if (!value->is_string()) refuse(str("'", field, "' must be a text"));
  return std::string(value->get_string());
}

const json::array& list_of(const json::object& object, const std::string& field) {
  const json::value& value = object.at(field);
  if (!value.is_array() || value.get_array().empty())
    refuse(str("'", field, "' must be a list of at least one"));
  return value.get_array();
}

bool is_name(const std::string& text) {
  auto letter = [](char c) {
    return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  return !text.empty() && (text[0] < '0' || text[0] > '9') && std::ranges::all_of(text, letter);
}

Problem programs(const json::object& object) {
  know_fields(object, {"tests"});
  Problem problem;
  for (const auto& value : list_of(object, "tests")) {
    std::string what = str("test ", problem.tests.size());
    const json::object& test = object_of(value, what);
    know_fields(test, {"stdin", "stdout"});
    problem.tests.push_back({text_of(test, "stdin", false), text_of(test, "stdout", true)});
  }
  return problem;
}

Problem asserts(const json::object& object) {
  know_fields(object, {"entry", "setup", "asserts"});
  Problem problem;
  problem.shape = Problem::Shape::asserts;
  problem.setup = text_of(object, "setup", false);
  for (const auto& value : list_of(object, "asserts")) {
    if (!value.is_string()) refuse("'asserts' must be a list of texts");
    problem.asserts.emplace_back(value.get_string());
  }
  return problem;
}

Problem check(const json::object& object) {
  know_fields(object, {"entry", "prompt", "test"});
  Problem problem;
  problem.shape = Problem::Shape::check;
  problem.prompt = text_of(object, "prompt", true);
  problem.test = text_of(object, "test", true);
  if (problem.test.find("def check(") == std::string::npos)
    refuse("'test' must define check(candidate)");
  return problem;
}

Problem cpp_main(const json::object& object) {
  know_fields(object, {"entry", "declaration", "test"});
  Problem problem;
  problem.shape = Problem::Shape::cpp_main;
  problem.declaration = text_of(object, "declaration", true);
  problem.test = text_of(object, "test", true);
  if (problem.test.find("main") == std::string::npos) refuse("'test' must define main()");
  if (!split_declaration(problem.declaration))
    refuse("'declaration' must end with a function's head and its '{'");
  return problem;
}

}  // namespace

Language Problem::language() const {
  if (shape == Shape::programs) return Language::none;
  return shape == Shape::cpp_main ? Language::cpp : Language::python;
}

Problem parse_problem(std::string_view text) {
  json::parse_options options;
  options.max_depth = depth_max;
  boost::system::error_code error;
  json::value value = json::parse(json::string_view(text.data(), text.size()), error, {}, options);
  if (error) refuse("not valid JSON: " + error.message());
  const json::object& object = object_of(value, "they");
  if (object.contains("tests")) return programs(object);
  Problem problem;
  if (object.contains("asserts"))
    problem = asserts(object);
  else if (object.contains("declaration"))
    problem = cpp_main(object);
  else if (object.contains("prompt"))
    problem = check(object);
  else
    refuse("one of 'tests', 'asserts', 'prompt', 'declaration' must be there");
  bool derived = problem.shape == Problem::Shape::cpp_main && !object.contains("entry");
  problem.entry =
      derived ? split_declaration(problem.declaration)->entry : text_of(object, "entry", true);
  if (!is_name(problem.entry)) refuse(str("'entry' must be the name of a function"));
  if (problem.shape == Problem::Shape::cpp_main &&
      split_declaration(problem.declaration)->entry != problem.entry)
    refuse(str("'declaration' does not end with the head of ", problem.entry));
  return problem;
}

}  // namespace tramontane::code
