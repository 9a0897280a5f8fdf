#include "actors/rewards/code/block.h"

#include "actors/rewards/code/cpp_source.h"
#include "actors/rewards/code/judge.h"
#include "actors/rewards/code/problem.h"
#include "runtime/base/result.h"

#include <string>

#include "tests/support/test.h"

using namespace tramontane;
using namespace tramontane::code;

namespace {

std::string block(std::string_view text) {
  auto found = last_code_block(text);
  if (!found) return "nothing";
  return found->word + (found->closed ? "|" : "!") + found->code;
}

std::string refusal(std::string_view json) {
  try {
    parse_problem(json);
  } catch (const Error& error) {
    return error.text();
  }
  return "";
}

}  // namespace

TEST_CASE("the last fenced block is the code") {
  CHECK(block("no code") == "nothing");
  CHECK(block("```python\na\n```\n") == "python|a\n");
  CHECK(block("```python\na\n```\ntext\n```C++ {.x}\nb\n```") == "c++|b\n");
  CHECK(block("~~~\na\n```\nb\n~~~\n") == "|a\n```\nb\n");
  CHECK(block("````\n```\ninner\n```\n````") == "|```\ninner\n```\n");
  CHECK(block("  ```py\n  a\n    b\n  ```") == "py|a\n  b\n");
  CHECK(block("    ```py\n    a\n    ```") == "nothing");
  CHECK(block("```py\nnever closed") == "py!never closed\n");
  CHECK(block("a `b` ```c``` d") == "nothing");
  CHECK(block("```py\na\n```\n```") == "!");
}

TEST_CASE("languages have the names that people write") {
  CHECK(language_of("Python3") == Language::python);
  CHECK(language_of("C++") == Language::cpp);
  CHECK(language_of("cc") == Language::cpp);
  CHECK(language_of("rust") == Language::none);
  CHECK(language_of("") == Language::none);
}

TEST_CASE("tests of four forms are read") {
  auto programs = parse_problem(R"({"tests": [{"stdin": "1", "stdout": "2"}, {"stdout": "3"}]})");
  CHECK(programs.shape == Problem::Shape::programs);
  REQUIRE(programs.tests.size() == 2);
  CHECK(programs.tests[0].output == "2");
  auto asserts = parse_problem(R"({"entry": "f", "asserts": ["assert f(1) == 2"]})");
  CHECK(asserts.shape == Problem::Shape::asserts);
  CHECK(asserts.language() == Language::python);
  auto check = parse_problem(
      R"({"entry": "f", "prompt": "def f(x):\n", "test": "def check(candidate): pass"})");
  CHECK(check.shape == Problem::Shape::check);
  auto cpp = parse_problem(R"({"declaration": "int f(int x){\n", "test": "int main(){}"})");
  CHECK(cpp.shape == Problem::Shape::cpp_main);
  CHECK(cpp.entry == "f");
  CHECK(cpp.language() == Language::cpp);
}

TEST_CASE("bad tests are refused with what is wrong") {
  CHECK(refusal("42") == "the problem's tests: they must be an object");
  CHECK(refusal("{") != "");
  CHECK(refusal("{}") ==
        "the problem's tests: one of 'tests', 'asserts', 'prompt', 'declaration' must be there");
  CHECK(
      refusal(R"({"tests": []})") == "the problem's tests: 'tests' must be a list of at least one");
  CHECK(refusal(R"({"tests": [{"stdin": "1"}]})") == "the problem's tests: no field 'stdout'");
  CHECK(refusal(R"({"tests": [{"stdout": 3}]})") == "the problem's tests: 'stdout' must be a text");
  CHECK(refusal(R"({"tests": [{"stdout": "3", "stdinn": ""}]})").find("did you mean 'stdin'") !=
        std::string::npos);
  CHECK(refusal(R"({"asserts": ["assert 1"]})") == "the problem's tests: no field 'entry'");
  CHECK(refusal(R"({"entry": "f(", "asserts": ["assert 1"]})") ==
        "the problem's tests: 'entry' must be the name of a function");
  CHECK(refusal(R"({"declaration": "int x;", "test": "int main(){}"})") != "");
  CHECK(refusal(R"({"entry": "g", "declaration": "int f(){", "test": "int main(){}"})") ==
        "the problem's tests: 'declaration' does not end with the head of g");
}

TEST_CASE("a C++ declaration is taken apart") {
  auto d = split_declaration(
      "#include <map>\nusing namespace std;\n// not { this\nint helper(int a){ return a; }\n"
      "map<string, int> f(const map<string, vector<int>>& m, int b = 3){\n  for (;;) {\n");
  REQUIRE(d.has_value());
  CHECK(d->entry == "f");
  CHECK(d->before == "map<string, int> ");
  CHECK(d->arguments == std::vector<std::string>{"m", "b"});
  REQUIRE(d->helpers.size() == 1);
  CHECK(d->helpers[0].name == "helper");
  CHECK(d->preamble.find("helper") == std::string::npos);
  CHECK(d->preamble.find("using namespace std;") != std::string::npos);
  CHECK(split_declaration("int f(){")->arguments.empty());
  for (const char* text :
      {"", "{", "int x = 3;", "int f() {}", "}", "f(){", "int f(int){", "int (){"})
    CHECK_FALSE(split_declaration(text).has_value());
  CHECK(defines_function("int g(int a) { return f(a); }", "g"));
  CHECK_FALSE(defines_function("int g(int a) { return f(a); }", "f"));
  CHECK_FALSE(defines_function("// int f() {\n\"f() {\"", "f"));
}

TEST_CASE("outputs are the same but for space at the ends") {
  CHECK(same_output("1 2\n3\n", "1 2  \r\n3\n\n"));
  CHECK(same_output("", "\n"));
  CHECK_FALSE(same_output("1 2", "1  2"));
  CHECK_FALSE(same_output("1\n2", "1\n\n2"));
  CHECK_FALSE(same_output("1", "1 2"));
  CHECK_FALSE(same_output("a\nb", "a"));
}
