#pragma once
// What one rule says of two trees, and what all of them share during one comparison.

#include "actors/rewards/maths/maths.h"

#include <cstdint>
#include <string>
#include <utility>

namespace tramontane::maths {

enum class Truth : std::uint8_t { yes, no, unknown };

struct Judgement {
  Truth truth = Truth::unknown;
  std::string rule;  // that decided, or why none did

  bool yes() const { return truth == Truth::yes; }
};

inline Judgement judged(bool equal, std::string rule) {
  return {equal ? Truth::yes : Truth::no, std::move(rule)};
}

inline Judgement unknown(std::string why) {
  return {Truth::unknown, std::move(why)};
}

struct Context {
  const CompareOptions& options;
  bool symbolic = true;         // whether the symbolic stage may run
  bool wants_symbolic = false;  // whether it was needed and might not
};

}  // namespace tramontane::maths
