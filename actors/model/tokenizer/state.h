#pragma once
// What a Tokenizer holds: the tokens, and the steps from text to them and back. Made by
// read_json.cc, used by tokenizer.cc; immutable afterwards.
//
// Text goes through these steps: added tokens that are matched in the text as it is are cut out;
// the rest is normalised; added tokens that are matched in normalised text are cut out; the
// pre-tokenizer cuts what remains into words; a word becomes one token per byte or character;
// merges join them.

#include "actors/model/tokenizer/added_tokens.h"
#include "actors/model/tokenizer/bpe.h"
#include "actors/model/tokenizer/normalizer.h"
#include "actors/model/tokenizer/pre_tokenizer.h"
#include "actors/model/tokenizer/token_decoder.h"
#include "actors/model/tokenizer/tokenizer.h"

#include <string>
#include <string_view>
#include <vector>

namespace tramontane {

struct Tokenizer::State {
  std::string source;              // the JSON it was made from
  std::vector<std::string> texts;  // by id, as the file writes them
  std::vector<bool> special;       // by id
  std::vector<bool> known;         // by id: some ids may stand for nothing
  TokenIds by_text;
  AddedTokens raw_added;         // matched before normalisation
  AddedTokens normalised_added;  // matched after
  Normalizer normalizer;
  PreTokenizer pre_tokenizer;
  Bpe bpe;
  TokenDecoder decoder;
  std::vector<Token> prefix;

  // From tokenizer.json. The model is read before added tokens, the normalizer before both.
  void parse_model(const boost::json::object& model);
  void parse_merges(const boost::json::value& merges);
  void parse_added(const boost::json::value& tokens);
  void parse_post_processor(const boost::json::value& processor);
  void put(Token id, std::string text, bool is_special);

  // Append tokens. Error(bad_input) for text that has none, with its place: `offset` and on.
  // `goes_on`: the whole text continues another.
  void encode_raw(std::string_view text, std::size_t offset, bool goes_on, BpeRoom& room,
      std::vector<Token>& out) const;
  void encode_words(Words& words, std::size_t offset, BpeRoom& room, std::vector<Token>& out) const;
};

}  // namespace tramontane
