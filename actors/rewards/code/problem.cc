#include "actors/rewards/code/problem.h"

#include "actors/rewards/code/cpp_source.h"
#include "runtime/base/check.h"
#include "runtime/base/json_text.h"
#include "runtime/base/names.h"
#include "runtime/base/result.h"

#include <boost/json.hpp>

#include <algorithm>
#include <utility>

namespace tramontane::code {
namespace {

namespace json = boost::json;

constexpr std::size_t depth_max = 16;

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

Comparison comparison(const json::object& object) {
  Comparison how;
  std::string by = text_of(object, "compare", false);
  if (!by.empty() && by != "lines" && by != "words")
    refuse(str("'compare' is '", by, "'; there are: lines, words"));
  how.words = by == "words";
  const json::value* tolerance = object.if_contains("tolerance");
  if (tolerance == nullptr) return how;
  if (by == "lines") refuse("lines are compared as text; a 'tolerance' is of words");
  if (!tolerance->is_number()) refuse("'tolerance' must be a number");
  how.words = true;
  how.tolerance = tolerance->to_number<double>();
  if (!(how.tolerance >= 0 && how.tolerance < 1)) refuse("'tolerance' must be from 0 to below 1");
  return how;
}

Problem programs(const json::object& object) {
  know_fields(object, {"tests", "compare", "tolerance"});
  Problem problem;
  problem.comparison = comparison(object);
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

// A JSON value as Python has it.
std::string python_value(const json::value& value) {
  // JSON's escapes in a text are Python's, too.
  return "json.loads(" + json_text(json::value(json_text(value))) + ")";
}

// APPS and TACO: each input is the list of arguments, each output the value or a list of it alone.
Problem calls(const json::array& inputs, const json::array& outputs, const std::string& entry) {
  Problem problem;
  problem.shape = Problem::Shape::asserts;
  problem.entry = entry;
  if (!is_name(entry)) refuse("'fn_name' must be the name of a function");
  problem.setup =
      "import json\n"
      "def same_value(got, wanted):\n"
      "    plain = lambda v: [plain(x) for x in v] if isinstance(v, (list, tuple)) else v\n"
      "    got = plain(got)\n"
      "    return got == wanted or isinstance(wanted, list) and len(wanted) == 1 and got == "
      "wanted[0]\n";
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (!inputs[i].is_array()) refuse(str("the arguments of call ", i, " must be a list"));
    problem.asserts.push_back(str("assert same_value(", entry, "(*", python_value(inputs[i]), "), ",
        python_value(outputs[i]), ")"));
  }
  return problem;
}

Problem paired(const json::object& object, const char* inputs, const char* outputs) {
  know_fields(object, {inputs, outputs, "fn_name"});
  if (!object.contains(outputs)) refuse(str("no field '", outputs, "'"));
  const json::array& given = list_of(object, inputs);
  const json::array& wanted = list_of(object, outputs);
  if (given.size() != wanted.size())
    refuse(str(given.size(), " ", inputs, " and ", wanted.size(), " ", outputs));
  if (object.contains("fn_name")) return calls(given, wanted, text_of(object, "fn_name", true));
  Problem problem;
  problem.comparison = {.words = true, .tolerance = 1e-5};
  for (std::size_t i = 0; i < given.size(); ++i) {
    if (!given[i].is_string() || !wanted[i].is_string())
      refuse(str("test ", i, ": input and output must be texts, or 'fn_name' must be there"));
    problem.tests.push_back(
        {std::string(given[i].get_string()), std::string(wanted[i].get_string())});
  }
  return problem;
}

Problem live_code_bench(const json::array& list) {
  if (list.empty()) refuse("the list has no test");
  Problem problem;
  problem.comparison = {.words = true};
  for (const auto& value : list) {
    std::string what = str("test ", problem.tests.size());
    const json::object& test = object_of(value, what);
    know_fields(test, {"input", "output", "testtype"});
    std::string type = text_of(test, "testtype", false);
    if (!type.empty() && type != "stdin")
      refuse(str(what, " is '", type,
          "'; of a list, only tests of stdin are known: give calls as "
          "{\"inputs\", \"outputs\", \"fn_name\"}"));
    problem.tests.push_back({text_of(test, "input", false), text_of(test, "output", true)});
  }
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
  if (value.is_array()) return live_code_bench(value.get_array());
  const json::object& object = object_of(value, "they");
  if (object.contains("tests")) return programs(object);
  for (const auto& [inputs, outputs] :
      {std::pair("inputs", "outputs"), std::pair("input", "output")})
    if (object.contains(inputs)) return paired(object, inputs, outputs);
  Problem problem;
  if (object.contains("asserts"))
    problem = asserts(object);
  else if (object.contains("declaration"))
    problem = cpp_main(object);
  else if (object.contains("prompt"))
    problem = check(object);
  else
    refuse("one of 'tests', 'asserts', 'prompt', 'declaration', 'inputs' must be there");
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
