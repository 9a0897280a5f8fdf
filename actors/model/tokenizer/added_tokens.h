#pragma once
// Added tokens are matched in the text itself, the longest of those that begin first; what lies
// between them is left to the model.
//
//   AddedTokens added;
//   added.add({.text = "<|end|>", .id = 7});
//   added.cut(text, [&](begin, end, id) { … });   // id -1: no added token
//
// Immutable once filled: any thread.

#include "actors/messages/types.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace tramontane {

struct AddedToken {
  std::string text;  // as it is matched; not empty
  Token id = -1;
  bool single_word = false;  // only where no word goes on before or behind it
  bool takes_left = false;   // with the white space before it
  bool takes_right = false;  // with the white space behind it
};

class AddedTokens {
 public:
  // Of equal texts the first counts.
  void add(AddedToken token);

  // Calls part(begin, end, id) for every added token and every text between, in order. Of an empty
  // text there is none.
  template <class Part>
  void cut(std::string_view text, Part part) const {
    std::size_t done = 0;
    for (std::size_t at = 0; at < text.size();) {
      const AddedToken* token = longest_at(text, at);
      if (token == nullptr) {
        ++at;
        continue;
      }
      std::size_t begin = at;
      std::size_t end = at + token->text.size();
      at = end;
      if (token->single_word && !stands_alone(text, begin, end)) continue;
      if (token->takes_left) begin = std::max(without_space_before(text, begin), done);
      if (token->takes_right) end = behind_space(text, end);
      if (begin > done) part(done, begin, Token{-1});
      part(begin, end, token->id);
      done = end;
    }
    if (done < text.size()) part(done, text.size(), Token{-1});
  }

 private:
  const AddedToken* longest_at(std::string_view text, std::size_t at) const {
    for (const AddedToken& token : by_byte_[static_cast<unsigned char>(text[at])])
      if (text.compare(at, token.text.size(), token.text) == 0) return &token;
    return nullptr;
  }

  static bool stands_alone(std::string_view text, std::size_t begin, std::size_t end);
  static std::size_t without_space_before(std::string_view text, std::size_t begin);
  static std::size_t behind_space(std::string_view text, std::size_t end);

  std::array<std::vector<AddedToken>, 256> by_byte_;  // each longest first
};

}  // namespace tramontane
