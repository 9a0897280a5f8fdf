#include "actors/model/byte_level.h"

#include "actors/model/unicode.h"

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

}  // namespace tramontane
