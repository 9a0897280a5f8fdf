#pragma once
// The ByteLevel form of GPT-2 and its kin: every byte is written as one visible character.
//
//   to_symbols("a b") == "a\u0120b"
//
// Pure functions: any thread.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tramontane {

// The character that stands for a byte: itself where it is visible, else one from U+0100 on.
const std::string& byte_symbol(unsigned char byte);

// The byte that a character stands for, if it stands for one.
std::optional<unsigned char> symbol_byte(std::string_view character);

std::string to_symbols(std::string_view bytes);

// The bytes again; nothing where a character stands for none.
std::optional<std::string> from_symbols(std::string_view symbols);

// GPT-2's pattern, which cuts text into words.
inline constexpr std::string_view word_pattern =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

}  // namespace tramontane
