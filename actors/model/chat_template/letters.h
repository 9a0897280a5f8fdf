#pragma once
// Text as Python's str sees it: a sequence of code points, which upper case, white space and the
// like are asked of. Unicode's tables are ICU's, and this is the only place here that knows it.
//
//   for (std::size_t at = 0; at < text.size();) char32_t c = next_point(text, at);
//   upper("straße");                       // STRASSE
//
// All texts are valid UTF-8. Pure functions: any thread.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace tramontane::jinja {

// The code point at `at`, which moves behind it.
char32_t next_point(std::string_view text, std::size_t& at);

void append_point(std::string& text, char32_t point);

std::size_t count_points(std::string_view text);

// Where each code point begins, and the end of the text.
std::vector<std::size_t> point_offsets(std::string_view text);

// What str.isspace() and `\s` count as white space.
bool is_space(char32_t point);

// What repr() shows as it is.
bool is_printable(char32_t point);

enum class Letter { alpha, decimal, digit, numeric, upper, lower, title, cased };
bool is_letter(Letter kind, char32_t point);

std::string upper(std::string_view text);
std::string lower(std::string_view text);
std::string fold(std::string_view text);        // str.casefold()
std::string capitalize(std::string_view text);  // str.capitalize()
std::string title(std::string_view text);       // str.title()
std::string swap_case(std::string_view text);

// `text` without the characters of `set` at its ends ("l", "r" or "lr"); white space where `set` is
// nullptr.
std::string_view strip(
    std::string_view text, const std::string* set = nullptr, std::string_view ends = "lr");

// The lines of str.splitlines().
std::vector<std::string_view> split_lines(std::string_view text, bool keep_ends = false);

}  // namespace tramontane::jinja
