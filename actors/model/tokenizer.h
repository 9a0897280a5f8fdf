#pragma once
// A Tokenizer turns text into token ids and back, as `tokenizer.json` of a Hugging Face checkpoint
// says. Supported: added (special) tokens, and a BPE model with or without merges, with either no
// pre-tokeniser (one symbol per character) or ByteLevel. Anything else is refused by name.
//
//   Tokenizer t = Tokenizer::parse(json);
//   auto ids = t.encode("385+47=");       // Error(bad_input) names a character it cannot write
//   std::string text = t.decode(ids);
//
// Immutable after construction: any thread.

#include "actors/types.h"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tramontane {

class Tokenizer {
 public:
  static Tokenizer parse(std::string_view json);

  // The tokenizer of the built-in examples: the special tokens in order, then one token per
  // character of `characters`.
  static Tokenizer of_characters(
      const std::vector<std::string>& special, std::string_view characters);

  ~Tokenizer();
  Tokenizer(Tokenizer&&) noexcept;
  Tokenizer& operator=(Tokenizer&&) noexcept;

  std::vector<Token> encode(std::string_view text) const;

  // With `special`, special tokens are written as their text; else they are left out.
  std::string decode(const std::vector<Token>& tokens, bool special = true) const;

  std::int64_t vocabulary() const;

  // The id of one token's exact text, or -1.
  Token id(std::string_view token) const;

  std::string to_json() const;

 private:
  struct State;
  explicit Tokenizer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace tramontane
