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
  CHECK(block("1. so\n    ```py\n    a\n    ```\n2. b") == "py|a\n");
  CHECK(block("\t```py\n\ta\n\t```") == "py|a\n");
  // A fence in the program's own text stands deeper.
  CHECK(block("```py\ns = [\n    ```\n]\n```") == "py|s = [\n    ```\n]\n");
  CHECK(block("```py\nnever closed") == "py!never closed\n");
  CHECK(block("a `b` ```c``` d") == "nothing");
  CHECK(block("```py\na\n```\n```") == "!");
}

TEST_CASE("the block that counts is the last program in a language that is accepted") {
  auto chosen = [](std::string_view text, Language wanted) {
    auto blocks = code_blocks(text);
    const CodeBlock* one = program_among(blocks, wanted);
    return one == nullptr ? "nothing" : one->code;
  };
  const std::string python = "```python\na\n```\n";
  for (const char* after :
      {"Output:\n```\n3\n```", "```bash\npython3 a.py\n```", "```text\n3\n```", "```json\n{}\n```"})
    for (Language wanted : {Language::python, Language::none})
      CHECK(chosen(python + after, wanted) == "a\n");
  CHECK(chosen(python + "```py\nb\n```", Language::python) == "b\n");
  CHECK(chosen("```cpp\nb\n```\n" + python, Language::cpp) == "b\n");
  CHECK(chosen("```cpp\nb\n```\n" + python, Language::none) == "a\n");
  // Without a name it may be a program, where none has one.
  CHECK(chosen("```\na\n```\n```console\n$ run\n```", Language::python) == "a\n");
  CHECK(chosen("```java\na\n```", Language::python) == "a\n");
  CHECK(chosen("```output\n3\n```", Language::python) == "nothing");
  CHECK(chosen("none", Language::python) == "nothing");
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
        "the problem's tests: one of 'tests', 'asserts', 'prompt', 'declaration', 'inputs' must "
        "be there");
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

TEST_CASE("tests are read in the forms of the data sets, too") {
  auto apps = parse_problem(R"({"inputs": ["1 2\n", "3 4\n"], "outputs": ["3\n", "7\n"]})");
  CHECK(apps.shape == Problem::Shape::programs);
  REQUIRE(apps.tests.size() == 2);
  CHECK(apps.tests[1].output == "7\n");
  CHECK(apps.comparison.words);
  CHECK(apps.comparison.tolerance == 1e-5);
  CHECK(parse_problem(R"({"input": ["1"], "output": ["3"]})").tests.size() == 1);
  auto calls =
      parse_problem(R"({"inputs": [[[1, 2], "a\"b"]], "outputs": [true], "fn_name": "f"})");
  CHECK(calls.shape == Problem::Shape::asserts);
  CHECK(calls.entry == "f");
  REQUIRE(calls.asserts.size() == 1);
  CHECK(calls.asserts[0] ==
        R"(assert same_value(f(*json.loads("[[1,2],\"a\\\"b\"]")), json.loads("true")))");
  auto live = parse_problem(R"([{"input": "1\n", "output": "2\n", "testtype": "stdin"}])");
  CHECK(live.tests.size() == 1);
  CHECK(live.comparison.words);
  CHECK(refusal("[]") != "");
  CHECK(refusal(R"([{"input": "1", "output": "2", "testtype": "functional"}])").find("fn_name") !=
        std::string::npos);
  CHECK(refusal(R"({"inputs": ["1"], "outputs": ["3", "4"]})") ==
        "the problem's tests: 1 inputs and 2 outputs");
  CHECK(refusal(R"({"inputs": [1], "outputs": [2]})").find("fn_name") != std::string::npos);
  CHECK(refusal(R"({"inputs": [1], "outputs": [2], "fn_name": "f"})").find("arguments") !=
        std::string::npos);
  CHECK(parse_problem(R"({"tests": [{"stdout": "3"}], "tolerance": 1e-6})").comparison.words);
  CHECK(refusal(R"({"tests": [{"stdout": "3"}], "compare": "lines", "tolerance": 1e-6})") != "");
  CHECK(refusal(R"({"tests": [{"stdout": "3"}], "compare": "floats"})") != "");
  CHECK(refusal(R"({"tests": [{"stdout": "3"}], "tolerance": 2})") != "");
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

TEST_CASE("outputs are compared by words, and numbers to a tolerance, where the problem says so") {
  const Comparison words{.words = true};
  CHECK(same_output("1 2\n3", " 1\n2  3\n\n", words));
  CHECK_FALSE(same_output("1 2", "12", words));
  CHECK_FALSE(same_output("1 2", "1", words));
  CHECK_FALSE(same_output("1", "1 2", words));
  CHECK_FALSE(same_output("0.5", "0.50", words));
  const Comparison close{.words = true, .tolerance = 1e-6};
  CHECK(same_output("0.333333333333 yes", "0.3333333 yes", close));
  CHECK(same_output("1000000", "1000000.9", close));  // relative
  CHECK(same_output("0", "0.0000009", close));        // absolute near zero
  CHECK(same_output("1e3", "+1000", close));
  CHECK_FALSE(same_output("0.333333333333", "0.33333", close));
  CHECK_FALSE(same_output("yes", "Yes", close));
  CHECK_FALSE(same_output("1", "nan", close));
  CHECK_FALSE(same_output("1", "inf", close));
  CHECK_FALSE(same_output("1", "1x", close));
}
