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

enum class Kind { letter, number, space, other };

Kind kind_at(std::string_view text, std::size_t at, std::size_t* bytes) {
  *bytes = character_bytes(text, at);
  std::uint32_t point = code_point(text.substr(at, *bytes));
  if (is_letter(point)) return Kind::letter;
  if (is_number(point)) return Kind::number;
  return is_space(point) ? Kind::space : Kind::other;
}

// Bytes of an English contraction's tail ('s, 're, …) at `at`, 0 for none.
std::size_t contraction(std::string_view text, std::size_t at) {
  for (std::string_view tail : {"'s", "'t", "'re", "'ve", "'m", "'ll", "'d"})
    if (text.substr(at, tail.size()) == tail) return tail.size();
  return 0;
}

std::size_t end_of_run(std::string_view text, std::size_t at, Kind kind) {
  std::size_t bytes = 0;
  while (at < text.size() && kind_at(text, at, &bytes) == kind) at += bytes;
  return at;
}

// Where the run of spaces that starts at `at` leaves its last one to the word behind it.
std::size_t end_of_spaces(std::string_view text, std::size_t at) {
  std::size_t bytes = 0;
  std::size_t last = at;
  std::size_t next = at;
  while (next < text.size() && kind_at(text, next, &bytes) == Kind::space) {
    last = next;
    next += bytes;
  }
  return next < text.size() && last > at ? last : next;
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

std::vector<std::string_view> split_words(std::string_view text) {
  std::vector<std::string_view> words;
  std::size_t at = 0;
  while (at < text.size()) {
    std::size_t bytes = 0;
    std::size_t end = at + contraction(text, at);
    if (end == at) {
      // One blank belongs to the word that it stands before.
      std::size_t start = text[at] == ' ' && at + 1 < text.size() ? at + 1 : at;
      Kind kind = kind_at(text, start, &bytes);
      end = kind == Kind::space ? end_of_spaces(text, at) : end_of_run(text, start, kind);
    }
    words.push_back(text.substr(at, end - at));
    at = end;
  }
  return words;
}

}  // namespace tramontane
