#pragma once
// A Pattern is a regular expression that cuts text, in the syntax and with the meaning of
// Oniguruma, which Hugging Face's tokenizers use; or a text that is looked for as it is.
//
//   Pattern words(R"(\p{L}+|\s+)");
//   std::vector<Piece> pieces;
//   words.cut(text, pieces);            // they cover the text
//
// Bytes that are no UTF-8 look like U+FFFD. Immutable after construction: any thread.

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tramontane {

// From begin to end of a text; matched, or what lies between two matches.
struct Piece {
  std::size_t begin = 0;
  std::size_t end = 0;
  bool matched = false;
};

class Pattern {
 public:
  // Error(unsupported) for an expression that does not compile, with the reason.
  explicit Pattern(std::string_view expression, bool literal = false);
  ~Pattern();
  Pattern(Pattern&&) noexcept;
  Pattern& operator=(Pattern&&) noexcept;

  // Appends every match and what lies between; matches may be empty. Error(bad_input) where
  // matching would take time or memory without bound.
  void cut(std::string_view text, std::vector<Piece>& pieces) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tramontane
