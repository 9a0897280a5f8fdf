#pragma once
// The tests of a problem, as the `answer` of a prompt has them: JSON of one of these forms.
//
//   {"tests": [{"stdin": "1 2\n", "stdout": "3\n"}, …]}           programs, in either language
//   {"entry": "f", "asserts": ["assert f(1) == 2", …], "setup": "import math"}      MBPP
//   {"entry": "f", "prompt": "def f(x):\n…", "test": "def check(candidate): …"}      HumanEval
//   {"entry": "f", "declaration": "…int f(int x){", "test": "…int main(){…}"}       HumanEval-X C++
//
// `entry` of the last form is the function that the declaration ends with, where it is left out. A
// method of `class Solution` is named by its own name, as are functions.
//
// Programs are compared line by line, or as the problem says: {"tests": […], "compare": "words",
// "tolerance": 1e-6}, numbers then to so much of 1 or of their size, whichever is more. Data sets'
// own forms are read as they are, and compared as their own judges do:
//
//   {"inputs": ["1 2\n", …], "outputs": ["3\n", …]}     APPS, TACO; also input, output
//   (CodeContests):
//                                                      words, numbers to 1e-5
//   {"inputs": [[[2, 7], 9], …], "outputs": [[0, 1], …], "fn_name": "twoSum"}   their calls
//   [{"input": "1 2\n", "output": "3\n", "testtype": "stdin"}, …]               LiveCodeBench:
//   words

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

// How what a program prints is compared.
struct Comparison {
  bool words = false;    // else lines
  double tolerance = 0;  // of words that are numbers, relative to max(1, what is expected)
};

struct Problem {
  enum class Shape : std::uint8_t { programs, asserts, check, cpp_main };

  Shape shape = Shape::programs;
  std::vector<IoTest> tests;         // programs
  Comparison comparison;             // programs
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
