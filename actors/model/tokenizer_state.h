#pragma once
// What a Tokenizer holds: the tokens, the merges, and the steps from text to them. Made by
// tokenizer_json.cc, used by tokenizer.cc.
//
// Text goes through these steps: added tokens that are matched in the text as it is are cut out;
// the rest is normalised; added tokens that are matched in normalised text are cut out; the
// patterns cut what remains into words, each cutting the pieces of the one before; a word becomes
// one token per byte or character; merges join them.

#include "actors/model/tokenizer.h"
#include "actors/model/unicode.h"

#include <boost/json/fwd.hpp>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace tramontane {

struct Merge {
  std::int64_t rank = 0;
  Token merged = 0;
};

inline std::uint64_t pair_key(Token left, Token right) {
  return static_cast<std::uint64_t>(static_cast<std::uint32_t>(left)) << 32 |
         static_cast<std::uint32_t>(right);
}

// Added tokens by what their text begins with.
class AddedTokens {
 public:
  // `text` as it is matched; not empty. Of equal texts the first counts.
  void add(std::string text, Token id);

  struct Match {
    Token id = -1;
    std::size_t bytes = 0;  // 0: none
  };

  // The longest that stands at `at`.
  Match at(std::string_view text, std::size_t at) const;

 private:
  struct Added {
    std::string text;
    Token id;
  };

  std::array<std::vector<Added>, 256> by_byte_;  // each longest first
};

struct Tokenizer::State {
  std::string source;                          // the JSON it was made from
  std::vector<std::string> texts;              // by id; of model tokens as the file writes them
  std::vector<bool> added;                     // by id: its text is literal
  std::vector<bool> special;                   // by id
  std::vector<bool> known;                     // by id: some ids may stand for nothing
  std::unordered_map<std::string, Token> ids;  // of model tokens
  std::unordered_map<std::uint64_t, Merge> merges;
  AddedTokens raw_added;         // matched before normalisation
  AddedTokens normalised_added;  // matched after
  bool normalises = false;       // to NFC
  bool byte_level = false;
  bool whole_words = false;       // a word that is a token needs no merges
  std::vector<Pattern> patterns;  // that cut words, in order

  // From tokenizer.json. The model is read before added tokens, the normalizer before both.
  void parse_normalizer(const boost::json::value& value);
  void parse_pre_tokenizer(const boost::json::value& value);
  void parse_split(const boost::json::object& fields);
  void parse_model(const boost::json::object& model);
  void parse_merges(const boost::json::value& merges);
  void parse_added(const boost::json::value& tokens);
  void put(Token id, std::string text, bool is_added, bool is_special);

  // Append tokens. Error(bad_input) for text that has none, with its place: `offset` and on.
  void encode_raw(std::string_view text, std::size_t offset, std::vector<Token>& out) const;
  void encode_plain(std::string_view text, std::size_t offset, std::vector<Token>& out) const;
  void encode_word(std::string_view word, std::size_t offset, std::vector<Token>& out) const;
};

}  // namespace tramontane
