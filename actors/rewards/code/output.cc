// Whether what a program printed is what it should have.
#include "actors/rewards/code/judge.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

namespace tramontane::code {
namespace {

constexpr std::string_view spaces = " \t\r\n\v\f";

// Takes what stands before the first of `ends` from the text, and that with it.
std::string_view taken(std::string_view& text, std::string_view ends) {
  std::size_t end = std::min(text.find_first_of(ends), text.size());
  std::string_view one = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return one;
}

std::string_view next_word(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(spaces), text.size()));
  return taken(text, spaces);
}

std::optional<double> number(std::string_view word) {
  if (word.starts_with('+')) word.remove_prefix(1);
  double value = 0;
  auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  bool whole = error == std::errc() && end == word.data() + word.size();
  return whole && std::isfinite(value) ? std::optional(value) : std::nullopt;
}

bool same_word(std::string_view expected, std::string_view actual, double tolerance) {
  if (expected == actual) return true;
  if (tolerance <= 0) return false;
  auto want = number(expected);
  auto got = number(actual);
  return want && got && std::abs(*want - *got) <= tolerance * std::max(1.0, std::abs(*want));
}

bool same_words(std::string_view expected, std::string_view actual, double tolerance) {
  while (!expected.empty() || !actual.empty())
    if (!same_word(next_word(expected), next_word(actual), tolerance)) return false;
  return true;
}

}  // namespace

std::string_view without_end_space(std::string_view text) {
  return text.substr(0, text.find_last_not_of(spaces) + 1);
}

bool same_output(std::string_view expected, std::string_view actual, const Comparison& how) {
  expected = without_end_space(expected);
  actual = without_end_space(actual);
  if (how.words) return same_words(expected, actual, how.tolerance);
  while (!expected.empty() || !actual.empty())
    if (without_end_space(taken(expected, "\n")) != without_end_space(taken(actual, "\n")))
      return false;
  return true;
}

}  // namespace tramontane::code
