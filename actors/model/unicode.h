#pragma once
// UTF-8 and the character classes that a tokenizer splits text by.

#include <cstdint>
#include <string>
#include <string_view>

namespace tramontane {

bool is_letter(std::uint32_t point);  // general category L*
bool is_number(std::uint32_t point);  // general category N*
bool is_space(std::uint32_t point);   // White_Space

// Bytes of the UTF-8 character that starts at `at`; 1 for a byte that starts none.
std::size_t character_bytes(std::string_view text, std::size_t at);

// The code point of one character as character_bytes cuts it.
std::uint32_t code_point(std::string_view character);

std::string utf8(std::uint32_t point);

}  // namespace tramontane
