#pragma once
// Unicode as answers have it: which characters are letters, which are seen by nobody, and what the
// others are in LaTeX. A character that is none of these makes a text unreadable, by name.

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace tramontane::maths {

// The first code point and its length in bytes; code 0 and length 1 for a byte that begins none.
std::pair<char32_t, std::size_t> decode(std::string_view text);

// A letter of any script but ASCII's, a digit in a circle: what words are made of.
bool is_foreign_letter(char32_t code);

// Chinese and Japanese, whose words have no spaces between them.
bool is_ideograph(char32_t code);

// A mark on the letter before it.
bool is_combining(char32_t code);

// Zero width, direction, joining: shown as nothing.
bool is_invisible(char32_t code);

// The ASCII letter or digit that a mathematical alphabet, a full-width form or another script's
// decimal digits write; 0 for anything else.
char plain_form(char32_t code);

// "\\times " for ×; null for what has no such form.
const char* latex_form(char32_t code);

// The character of a superscript (² to '2', ⁻ to '-') or a subscript; 0 for anything else.
char raised_form(char32_t code);
char lowered_form(char32_t code);

// "the character '⊕' (U+2295)", or "the byte 0xFF": the first of `text`, for evidence.
std::string character_name(std::string_view text);

// Not longer than `bytes`, and not cut within a character.
std::string_view whole_characters(std::string_view text, std::size_t bytes);

}  // namespace tramontane::maths
