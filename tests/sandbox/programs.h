#pragma once
// Programs for tests of the sandbox, and what came of them in a line.

#include "actors/rewards/sandbox/sandbox.h"
#include "runtime/base/check.h"

#include <string>

namespace tramontane::sandbox {

inline Program shell(const std::string& script) {
  return {.argv = {"/bin/sh", "-c", script}};
}

inline Program python(const std::string& script) {
  return {.argv = {"/usr/bin/python3", "-I", "main.py"}, .files = {{"main.py", script}}};
}

inline std::string ended(const Outcome& outcome) {
  return str(
      name(outcome.ending), " ", outcome.code, outcome.error.empty() ? "" : ": ", outcome.error);
}

}  // namespace tramontane::sandbox

// Declares `sandbox`, or ends the test case where this machine has less than it needs.
#define NEEDS(least)                                                                          \
  Sandbox sandbox({.floor = least});                                                          \
  {                                                                                           \
    auto allowed = sandbox.report();                                                          \
    REQUIRE(allowed.has_value());                                                             \
    if (allowed->level < (least)) {                                                           \
      std::string why;                                                                        \
      for (const auto& line : allowed->missing) why += "; " + line;                           \
      MESSAGE("skipped: this machine's sandbox is ", std::string(name(allowed->level)), why); \
      return;                                                                                 \
    }                                                                                         \
  }                                                                                           \
  static_assert(true)
