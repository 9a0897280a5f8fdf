#pragma once
// What is spelling and not mathematics: fences, emphasis, Unicode signs.

#include <string>
#include <string_view>

namespace tramontane::maths {

// Without white space around it, `$…$`, `\(…\)`, `\[…\]`, `**…**`, an enclosing \boxed{…}, and a
// full stop at the end. A view into `text`. What is longer than 16 KiB keeps its fences.
std::string_view without_fences(std::string_view text);

// Unicode signs and digits as LaTeX and ASCII: "½" to "\frac{1}{2}", "×" to "\times ". What has no
// such form stays.
std::string to_latex(std::string_view text);

// The place of the brace that closes the one at `open`, or npos. \{ and \} are not braces.
std::size_t closing_brace(std::string_view text, std::size_t open);

// Without spaces, dollar signs, \left and \right: to find one text in another.
std::string squeezed(std::string_view text);

std::string_view trimmed(std::string_view text);

}  // namespace tramontane::maths
