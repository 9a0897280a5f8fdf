#pragma once
// The vocabulary of answers: which runs of letters are functions, commands, words.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace tramontane::maths {

// "sin", "log", "gcd", …: with or without a backslash.
bool is_function_name(std::string_view run);

// \text{…}, \mathrm{…}: the argument is read in place.
bool is_text_command(std::string_view name);

// \textcolor{red}{…}: how many of its arguments say nothing; and whether one more is read in place.
std::size_t skipped_arguments(std::string_view name);
bool has_shown_argument(std::string_view name);

// Of the text commands, the ones whose argument is prose, so that its runs of letters are words.
bool is_prose_command(std::string_view name);

// \displaystyle, \big, \quad, …
bool is_ignored_command(std::string_view name);

bool is_greek(std::string_view name);
bool is_money_command(std::string_view name);

// \cdot to "*", \leq to "<=", \cup to "\cup", …
std::optional<std::string_view> sign_of_command(std::string_view name);

// \dfrac to "frac", \ldots to "dots", …; itself if it has no other spelling.
std::string_view command_spelling(std::string_view name);

// "或" to "or", "和" to "and": the sign, "" if the text does not begin with such a word, and its
// length.
struct Joint {
  std::string_view sign;
  std::size_t length = 0;
};

Joint joint_at(std::string_view text);

// In lower case; but "Aa", "AA" and "aa" are three genotypes, each as it is.
std::string word_spelling(std::string_view run);

// Whether a run of letters outside \text is a word and not a product of variables.
bool looks_like_word(std::string_view run);

}  // namespace tramontane::maths
