// Judges code against problems, line by line: {"language", "answer", "code"} in, and
// {"verdict", "passed", "total", "detail", "ms"} out. For tests/code/data_sets.py.
#include "actors/rewards/code/judge.h"
#include "actors/rewards/sandbox/serve.h"
#include "runtime/base/result.h"

#include <boost/json.hpp>

#include <chrono>
#include <iostream>
#include <string>

using namespace tramontane;
using namespace tramontane::code;

int main(int argc, char** argv) {
  sandbox::serve_sandbox_if_asked(argc, argv);
  CodeJudge judge({.sandbox = {.floor = sandbox::level_of(argc > 1 ? argv[1] : "full")}});
  for (std::string line; std::getline(std::cin, line);) {
    auto value = boost::json::parse(line);
    auto text = [&](const char* field) { return std::string(value.at(field).as_string()); };
    auto began = std::chrono::steady_clock::now();
    CodeVerdict verdict;
    try {
      verdict =
          judge.judge(parse_problem(text("answer")), language_of(text("language")), text("code"));
    } catch (const Error& error) {
      verdict.detail = error.text();
    }
    std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - began;
    std::cout << boost::json::serialize(boost::json::object{{"verdict", name(verdict.verdict)},
                     {"passed", verdict.passed}, {"total", verdict.total},
                     {"detail", verdict.detail}, {"ms", took.count()}})
              << std::endl;
  }
  return 0;
}
