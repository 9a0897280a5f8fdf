#pragma once
// Numbers as they are written, and the fast path: most answers are one small number, and two of
// those are compared here in well under a microsecond.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tramontane::maths {

// The value numerator / denominator, exact, and how it was written.
struct SimpleNumber {
  std::int64_t numerator = 0;
  std::int64_t denominator = 1;  // positive
  bool decimal = false;          // written with a decimal point
  std::uint8_t decimals = 0;     // digits after the point
  std::uint8_t significant = 0;  // digits from the first that is not 0
};

// "-1,234.5", "3/4", "\frac{3}{4}", "$12$"; nothing if it is anything else or has over 18 digits.
std::optional<SimpleNumber> parse_simple(std::string_view text);

// Equal, or one is a decimal that is the other rounded to the digits it shows, of which it shows at
// least `digits_min`.
bool same_number(const SimpleNumber& gold, const SimpleNumber& answer, std::uint32_t digits_min);

// A decimal literal in canonical form is the text of a number node: digits, then optionally '.' and
// digits, "(6)" for repeating digits, "e-3" for a power of ten, "~" where an ellipsis cut it off.
struct Decimal {
  std::string digits;         // before and after the point; no leading zeros but one
  std::string repeating;      // repeated for ever after `digits`
  std::int64_t exponent = 0;  // the value is digits·10^exponent, less any repeating part
  bool point = false;         // written with a point, so it may be rounded
  bool cut_off = false;
};

std::optional<Decimal> parse_decimal(std::string_view canonical);

// From the first digit that is not 0.
std::size_t significant_digits(const Decimal& decimal);

}  // namespace tramontane::maths
