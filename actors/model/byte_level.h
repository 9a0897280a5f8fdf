#pragma once
// The ByteLevel pre-tokeniser of GPT-2 and its kin: every byte is written as one visible
// character, and text is cut into words before any merge.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tramontane {

// The character that stands for a byte: itself where it is visible, else one from U+0100 on.
const std::string& byte_symbol(unsigned char byte);

// The byte that a character stands for, if it stands for one.
std::optional<unsigned char> symbol_byte(std::string_view character);

// Cuts text as GPT-2's pattern does:
// 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
// The views are of `text` and cover it.
std::vector<std::string_view> split_words(std::string_view text);

}  // namespace tramontane
