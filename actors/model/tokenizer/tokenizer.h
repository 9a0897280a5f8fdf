#pragma once
// A Tokenizer turns text into token ids and back, as `tokenizer.json` of a Hugging Face checkpoint
// says, with the same results: byte pair encoding by bytes (GPT-2, Llama 3, Qwen, Mistral's Tekken)
// and by characters with fallback to bytes (Llama 2, Mistral 7B, whatever SentencePiece trained).
// What is read is listed in normalizer.h, pre_tokenizer.h, bpe.h and token_decoder.h; anything else
// that would change the result is refused by name.
//
//   Tokenizer t = Tokenizer::parse(json);
//   auto ids = t.encode("385+47=");         // Error(bad_input) names a character it cannot write
//   auto whole = t.encode_whole("385+47="); // with what the model wants before a text: <s>
//   std::string text = t.decode(ids);
//
// Two things differ from the reference on purpose: a character that has no token is an error, where
// it drops it; and a file without a decoder is read back as it was written, where it puts spaces
// between tokens.
//
// Immutable after construction: any thread.

#include "actors/messages/types.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tramontane {

class Tokenizer {
 public:
  static Tokenizer parse(std::string_view json);

  // From Mistral's tekken.json, or SentencePiece's tokenizer.model (of type BPE). They are read as
  // the tokenizer.json that says the same, which is what to_json() then gives.
  static Tokenizer parse_tekken(std::string_view json);
  static Tokenizer parse_sentencepiece(std::string_view bytes);

  // The tokenizer of the built-in examples: the special tokens in order, then one token per
  // character of `characters`.
  static Tokenizer of_characters(
      const std::vector<std::string>& special, std::string_view characters);

  ~Tokenizer();
  Tokenizer(Tokenizer&&) noexcept;
  Tokenizer& operator=(Tokenizer&&) noexcept;

  // The tokens of the text and no more.
  std::vector<Token> encode(std::string_view text) const;

  // The same of a text that goes on where another ended: no space is put before it.
  std::vector<Token> encode_behind(std::string_view text) const;

  // What the post_processor puts before a text: its first token, for models that have one.
  const std::vector<Token>& prefix() const;

  // prefix(), then the text's tokens; of a text that begins with the prefix written out, only
  // these.
  std::vector<Token> encode_whole(std::string_view text) const;

  // With `special`, special tokens are written as their text; else they are left out. An id that no
  // token has is U+FFFD.
  std::string decode(const std::vector<Token>& tokens, bool special = true) const;

  // The same of tokens that go on where others ended, special ones written: the space that a word
  // of SentencePiece's begins with is kept.
  std::string decode_behind(const std::vector<Token>& tokens) const;

  std::int64_t vocabulary() const;

  // The id of one token's exact text, or -1.
  Token id(std::string_view token) const;

  std::string to_json() const;

 private:
  struct State;
  explicit Tokenizer(std::unique_ptr<State> state);
  std::vector<Token> encode(std::string_view text, bool goes_on) const;
  std::vector<std::string> texts_of(const std::vector<Token>& tokens, bool special) const;

  std::unique_ptr<State> state_;
};

}  // namespace tramontane
