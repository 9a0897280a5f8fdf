#pragma once
// Reads one number from the front of a text: separators of thousands, decimal points and commas,
// repeating digits, powers of ten.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace tramontane::maths {

struct TakenNumber {
  std::string text;        // canonical, see Decimal
  std::size_t length = 0;  // bytes of the source
};

// `text` begins with a digit, or a point and a digit. `commas` says whether "1,234" may be one
// number. Nothing if the number is absurdly long.
std::optional<TakenNumber> take_number(std::string_view text, bool commas);

// The length of what makes "5" an ordinal, which says nothing: "th", "^{\text{th}}".
std::size_t ordinal_suffix(std::string_view text);

}  // namespace tramontane::maths
