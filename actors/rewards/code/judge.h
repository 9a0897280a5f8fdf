#pragma once
// A CodeJudge runs a candidate's code against a problem's tests, in a sandbox.
//
// What decides is never within the candidate's reach:
//   programs   expected outputs stay in this process; each test is a fresh process
//   calls      the tests run in one sandbox and the candidate in another, linked by two pipes.
//              Arguments go over, data comes back; the tests compare it with their own operators
//              and end by themselves. The candidate can only answer, or not.
//
// The first failing test ends the judgement. A sandbox error is no verdict, never a failure.
//
// Thread rule: a CodeJudge belongs to one thread at a time; it has a sandbox of its own.

#include "actors/rewards/code/block.h"
#include "actors/rewards/code/compiler.h"
#include "actors/rewards/code/problem.h"
#include "actors/rewards/sandbox/sandbox.h"

#include <cstdint>
#include <string>

namespace tramontane::code {

enum class TestVerdict : std::uint8_t {
  passed,         // OK
  wrong_answer,   // WA
  time_limit,     // TLE
  memory_limit,   // MLE
  runtime_error,  // RE
  compile_error,  // CE
  output_limit,   // OLE
  no_verdict,     // the sandbox's fault, or the tests'
};

// "OK", "WA", …, "no verdict".
const char* name(TestVerdict verdict);

struct CodeVerdict {
  TestVerdict verdict = TestVerdict::no_verdict;
  std::uint32_t passed = 0;  // tests before the one that failed
  std::uint32_t total = 0;
  std::uint32_t left_out = 0;  // tests beyond tests_max
  std::string detail;          // what was expected and what came, shortened; of no_verdict: why
};

struct JudgeOptions {
  sandbox::SandboxOptions sandbox;
  CompilerOptions compiler;
  // Of one test: processor time, and three times as much by the clock. Asserts run in one process,
  // one after the other: each has so long by the clock, and together the sum of their processor
  // time.
  double test_seconds = 4;
  std::uint32_t test_megabytes = 300;
  std::uint32_t tests_max = 20;  // of programs, each a process; asserts are all run
};

class CodeJudge {
 public:
  explicit CodeJudge(JudgeOptions options);

  CodeVerdict judge(const Problem& problem, Language language, const std::string& code);

  sandbox::Sandbox& sandbox() { return sandbox_; }

  Compiler& compiler() { return compiler_; }

 private:
  CodeVerdict run_programs(const Problem& problem, Language language, const std::string& code);
  CodeVerdict run_python_calls(const Problem& problem, const std::string& code);
  CodeVerdict run_cpp_calls(const Problem& problem, const std::string& code);
  sandbox::Limits limits(std::uint32_t tests = 1) const;

  JudgeOptions options_;
  sandbox::Sandbox sandbox_;
  Compiler compiler_;
};

// As the problem compares: lines without the space at their ends, and without empty lines at the
// end; or words, of which those that are numbers on both sides may differ by the tolerance.
bool same_output(std::string_view expected, std::string_view actual, const Comparison& how = {});

std::string_view without_end_space(std::string_view text);

}  // namespace tramontane::code
