#include "actors/model/tokenizer/byte_level.h"

#include "actors/model/tokenizer/unicode.h"

#include <array>
#include <map>

namespace tramontane {

namespace {

struct Symbols {
  std::array<std::string, 256> of_byte;
  std::map<std::string, unsigned char, std::less<>> to_byte;
};

const Symbols& symbols() {
  static const Symbols table = [] {
    Symbols s;
    std::uint32_t next = 256;
    for (std::uint32_t b = 0; b < 256; ++b) {
      bool visible = (b >= '!' && b <= '~') || (b >= 0xa1 && b <= 0xac) || b >= 0xae;
      s.of_byte[b] = utf8(visible ? b : next++);
      s.to_byte[s.of_byte[b]] = static_cast<unsigned char>(b);
    }
    return s;
  }();
  return table;
}

}  // namespace

const std::string& byte_symbol(unsigned char byte) {
  return symbols().of_byte[byte];
}

std::optional<unsigned char> symbol_byte(std::string_view character) {
  auto found = symbols().to_byte.find(character);
  if (found == symbols().to_byte.end()) return std::nullopt;
  return found->second;
}

std::string to_symbols(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size() + bytes.size() / 2);
  for (char byte : bytes) out += byte_symbol(static_cast<unsigned char>(byte));
  return out;
}

std::optional<std::string> from_symbols(std::string_view symbols) {
  std::string out;
  for (std::size_t at = 0; at < symbols.size();) {
    std::size_t bytes = character_bytes(symbols, at);
    auto byte = symbol_byte(symbols.substr(at, bytes));
    if (!byte) return std::nullopt;
    out += static_cast<char>(*byte);
    at += bytes;
  }
  return out;
}

}  // namespace tramontane
