#pragma once
// A Tokenizer turns text into token ids and back, as `tokenizer.json` of a Hugging Face checkpoint
// says. Supported: added tokens, special or not; no normaliser or NFC; a BPE model with or without
// merges; words cut by Split (any pattern that ICU's regular expressions take, behavior Isolated),
// ByteLevel, a Sequence of these or nothing (then a symbol is a character). So are those of GPT-2,
// Llama 3, Qwen 2 to 3 and Mistral's Tekken. Anything else is refused by name.
//
//   Tokenizer t = Tokenizer::parse(json);
//   auto ids = t.encode("385+47=");       // Error(bad_input) names a character it cannot write
//   std::string text = t.decode(ids);
//
// encode() gives the tokens of the text and adds none: what a post_processor would put around them
// (Llama 3's <|begin_of_text|>) belongs into the text, where special tokens are understood.
//
// Immutable after construction: any thread.

#include "actors/messages/types.h"

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
