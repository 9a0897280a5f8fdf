#pragma once
// Prose as language identification wants it: what a model writes, without what is in no language.
//
//   for (const Sentence& sentence : clean_sentences("**Note**: as $x>0$, we are done."))
//     …  // "note as we are done", 15 letters
//
// Removed are fenced and inline code, [asy] drawings, maths in $…$, $$…$$, \(…\), \[…\] and
// environments, \boxed{…} and other commands, <tags>, URLs, and words with _ = @ in them. What is
// left is cut into sentences, in normal form KC, lower case, letters, marks and apostrophes only.
//
// Pure functions of any bytes, in linear time; bytes that are no UTF-8 separate words.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tramontane {

struct Sentence {
  std::string text;           // words with one space between them
  std::uint32_t letters = 0;  // weighted: see letter_weight()

  bool operator==(const Sentence&) const = default;
};

// A sentence with fewer letters says little about its language. It is joined to its neighbour, so
// that only a text that is as short as a whole has such a sentence.
constexpr std::uint32_t sentence_letters_min = 20;

// A sentence with more letters is cut, at a space where it has one.
constexpr std::uint32_t sentence_letters_max = 200;

// What a letter says, in letters of an alphabet: 3 for a Chinese character, 2 for a kana or a
// Korean syllable, 1 for other letters, 0 for everything else.
std::uint32_t letter_weight(char32_t point);

// The character at `at`, which moves behind it; U+FFFD for bytes that are none.
char32_t next_point(std::string_view text, std::size_t& at);

// The sentences of what is prose, and those of the prose that hides in maths, code and markup.
struct Prose {
  std::vector<Sentence> sentences;
  std::vector<Sentence> hidden;
};

Prose clean_prose(std::string_view text);

std::vector<Sentence> clean_sentences(std::string_view text);

// With spaces between Chinese characters and kana. A model that takes words apart sees a Chinese
// sentence as a single word otherwise.
std::string space_characters(std::string_view text);

}  // namespace tramontane
