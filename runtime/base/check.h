#pragma once
// TRAM_CHECK states what must be true if the program has no bug.
//
//   TRAM_CHECK(rollout.finished(), "unfinished rollout", rollout.id);
//
// A false condition throws Bug with the place, the text and the values; it is always on. It is
// never reachable from outside input: bad bytes are an Error or a Result (runtime/base/result.h).
// One condition per check.

#include <sstream>
#include <stdexcept>
#include <string>

namespace tramontane {

// A broken promise of the program itself. The actor that throws it stops; nobody else does.
class Bug : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

// Joins values into one string: str("lag ", 3, " of ", 2).
template <class... Values>
std::string str(const Values&... values) {
  std::ostringstream out;
  (out << ... << values);
  return out.str();
}

namespace detail {

[[noreturn]] void fail_check(
    const char* file, int line, const char* condition, std::string message);

template <class... Values>
std::string describe(const char* text, const Values&... values) {
  std::ostringstream out;
  out << text;
  ((out << ' ' << values), ...);
  return out.str();
}

}  // namespace detail
}  // namespace tramontane

#define TRAM_CHECK(condition, ...)                                                      \
  do {                                                                                  \
    if (!(condition)) [[unlikely]]                                                      \
      ::tramontane::detail::fail_check(                                                 \
          __FILE__, __LINE__, #condition, ::tramontane::detail::describe(__VA_ARGS__)); \
  } while (false)
