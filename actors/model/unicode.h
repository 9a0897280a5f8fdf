#pragma once
// Unicode as a tokenizer needs it: UTF-8, the normal form NFC, and text cut by a regular
// expression. The latter two are ICU's, and this is the only place that knows it.
//
//   Pattern words(R"(\p{L}+|\s+)");
//   for (std::string_view piece : words.split(text)) …   // they cover the text
//
// Bytes that are no UTF-8 are kept as they are, and look like U+FFFD to a pattern.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tramontane {

// Bytes of the UTF-8 character that starts at `at`; 1 for a byte that starts none.
std::size_t character_bytes(std::string_view text, std::size_t at);

std::string utf8(std::uint32_t point);

// Normal form C.
std::string nfc(std::string_view text);

// Immutable after construction: any thread.
class Pattern {
 public:
  // ICU's syntax of regular expressions, or the very text if `literal`. One that does not compile
  // is Error(unsupported), with the place.
  explicit Pattern(std::string_view expression, bool literal = false);
  ~Pattern();
  Pattern(Pattern&&) noexcept;
  Pattern& operator=(Pattern&&) noexcept;

  // Every match is a piece, and so is everything between two. The views are of `text`, cover it,
  // and are not empty. Error(bad_input) if matching goes on without bound.
  std::vector<std::string_view> split(std::string_view text) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tramontane
