#pragma once
// The judge that the tests of code share, where this machine can run one: its server starts once.
//
//   TEST_CASE("…") {
//     JUDGE();  // declares `judge`, or ends the test case
//     …

#include "actors/rewards/code/judge.h"
#include "runtime/base/check.h"

#include <optional>
#include <string>
#include <unistd.h>

#include "tests/support/test.h"

namespace tramontane::code {

// Nothing where this machine has too little.
inline CodeJudge* judge_here() {
  static std::optional<CodeJudge> judge;
  if (!judge) judge.emplace(JudgeOptions{.test_seconds = 1});
  auto report = judge->sandbox().report();
  bool fine = report && report->level == sandbox::Level::full;
  if (fine && access("/usr/bin/python3", X_OK) == 0 && access("/usr/bin/g++", X_OK) == 0)
    return &*judge;
  std::string why = report ? name(report->level) : "not to be started";
  if (report)
    for (const auto& line : report->missing) why += "; " + line;
  MESSAGE("skipped: it takes Python, g++ and a full sandbox, which here is ", why);
  return nullptr;
}

// Two problems that many programs are written for.
inline constexpr const char* sum = R"({"tests": [{"stdin": "1 2\n", "stdout": "3\n"},
    {"stdin": "20 22\n", "stdout": "42\n"}]})";
inline constexpr const char* square =
    R"({"entry": "f", "asserts": ["assert f(2) == 4", "assert f(-3) == 9"]})";

}  // namespace tramontane::code

#define JUDGE()                                                              \
  tramontane::code::CodeJudge* judge_found = tramontane::code::judge_here(); \
  if (judge_found == nullptr) return;                                        \
  [[maybe_unused]] tramontane::code::CodeJudge& judge = *judge_found
