#pragma once
// Units of measure. A quantity is worth its number times the unit's factor; two quantities compare
// only in the same dimension. Words that no table knows are their own dimension: "5 apples".

#include <optional>
#include <string>
#include <string_view>

namespace tramontane::maths {

struct Unit {
  std::string_view dimension;  // "length", "money", …
  std::string_view factor;     // to the dimension's own unit, a canonical decimal
};

// For "cm", "inches", "dollars": singular or plural, lower case.
std::optional<Unit> find_unit(std::string_view word);

// "million": a word that multiplies. Nothing for any other.
std::optional<std::string_view> find_multiplier(std::string_view word);

// Words that change a number's meaning, so that what they follow is not understood: "half", "not".
bool changes_meaning(std::string_view word);

// "chickens" to "chicken".
std::string singular(std::string_view word);

}  // namespace tramontane::maths
