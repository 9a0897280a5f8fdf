#pragma once
// Unicode as a tokenizer needs it: UTF-8, normal forms and classes of characters. They are ICU's,
// and this is the only place here that knows it.
//
//   for (std::size_t at = 0; at < text.size();) {
//     Character c = character_at(text, at);
//     if (is_space(c.point)) …
//     at += c.bytes;
//   }
//
// Bytes that are no UTF-8 are kept as they are, and are U+FFFD where a class is asked for.
//
// Pure functions: any thread.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tramontane {

// Bytes of the UTF-8 character that starts at `at`; 1 for a byte that starts none.
std::size_t character_bytes(std::string_view text, std::size_t at);

struct Character {
  char32_t point = 0;
  std::size_t bytes = 1;
};

Character character_at(std::string_view text, std::size_t at);

// The character that ends at `end`, which is not 0.
Character character_before(std::string_view text, std::size_t end);

// False for surrogates, overlong forms and whatever else is no UTF-8.
bool is_utf8(std::string_view text);

std::string utf8(std::uint32_t point);

enum class NormalForm : std::uint8_t { nfc, nfd, nfkc, nfkd };

// Error(bad_input) for a text beyond 2 GiB.
std::string normal_form(std::string_view text, NormalForm form);
std::string nfc(std::string_view text);

// Character by character, as Rust's char::to_lowercase: a final sigma is like any other.
std::string lower(std::string_view text);

bool is_space(char32_t point);        // White_Space
bool is_word(char32_t point);         // \w: letters, marks, decimal digits, connectors, joiners
bool is_numeric(char32_t point);      // Nd, Nl, No
bool is_punctuation(char32_t point);  // P*, and the punctuation of ASCII
bool is_mark(char32_t point);         // M*

}  // namespace tramontane
