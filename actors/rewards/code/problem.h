#pragma once
// The tests of a problem, as the `answer` of a prompt has them: JSON of one of these forms.
//
//   {"tests": [{"stdin": "1 2\n", "stdout": "3\n"}, …]}           programs, in either language
//   {"entry": "f", "asserts": ["assert f(1) == 2", …], "setup": "import math"}      MBPP
//   {"entry": "f", "prompt": "def f(x):\n…", "test": "def check(candidate): …"}      HumanEval
//   {"entry": "f", "declaration": "…int f(int x){", "test": "…int main(){…}"}       HumanEval-X C++
//
// `entry` of the last form is the function that the declaration ends with, where it is left out.

#include "actors/rewards/code/block.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tramontane::code {

struct IoTest {
  std::string input;
  std::string output;
};

struct Problem {
  enum class Shape : std::uint8_t { programs, asserts, check, cpp_main };

  Shape shape = Shape::programs;
  std::vector<IoTest> tests;         // programs
  std::string entry;                 // all others
  std::string setup;                 // asserts
  std::vector<std::string> asserts;  // asserts
  std::string prompt;                // check
  std::string declaration;           // cpp_main
  std::string test;                  // check, cpp_main

  // The language that the tests are written in; none: any.
  Language language() const;
};

// Throws Error(bad_input) that says what is wrong with the text.
Problem parse_problem(std::string_view json);

}  // namespace tramontane::code
