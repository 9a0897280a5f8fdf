#pragma once
// Units of measure. A quantity is worth its number times the unit's factor; two quantities compare
// only in the same dimension. Words that no table knows are their own dimension: "5 apples".

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace tramontane::maths {

// Powers of length (cm), mass (g), time (s), current (A), temperature (K) and amount (mol).
using Powers = std::array<std::int8_t, 6>;

struct Unit {
  std::string name;    // of a dimension that is none of those: "money", "month", "apple"
  Powers powers = {};  // where `name` is empty
  std::string factor;  // to the dimension's own unit, a canonical decimal
};

// For "cm", "kW", "inches", "kilograms", "dollars". Symbols in their own case, words in lower case,
// singular or plural.
std::optional<Unit> find_unit(std::string_view word);

// How find_unit wants it: "kW" as it is, "Inches" in lower case.
std::string unit_spelling(std::string_view word);

// Whether the letters of a symbol, written without \text, may as well be variables: "m", "ms".
bool is_ambiguous_unit(std::string_view word);

// A product of powers of units: what a quantity is measured in.
class Dimension {
 public:
  Dimension() = default;

  // From what text() gave.
  explicit Dimension(std::string_view text);

  void multiply(const Unit& unit, int power);

  bool empty() const { return powers_.empty(); }

  // The same for the same dimension: "length/time^2".
  std::string text() const;

 private:
  void raise(const std::string& name, int power);

  std::map<std::string, int> powers_;  // none is 0
};

// "million": a word that multiplies. Nothing for any other.
std::optional<std::string_view> find_multiplier(std::string_view word);

// Words that change a number's meaning, so that what they follow is not understood: "half", "not".
bool changes_meaning(std::string_view word);

// "chickens" to "chicken".
std::string singular(std::string_view word);

}  // namespace tramontane::maths
