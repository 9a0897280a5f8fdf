#pragma once
// What must hold of a tokenizer that was read from bytes of any kind: it encodes, decodes, and
// reads back as the tokenizer.json that it is written as.

#include "actors/model/tokenizer/tokenizer.h"
#include "runtime/base/check.h"

namespace tramontane {

inline void check_round_trip(const Tokenizer& tokenizer) {
  std::string_view text = "ab  12 \u00e9\u4f60 <s>x</s>";
  std::vector<Token> tokens = tokenizer.encode(text);
  TRAM_CHECK(Tokenizer::parse(tokenizer.to_json()).encode(text) == tokens, "read back differs");
  tokenizer.decode(tokens);
}

}  // namespace tramontane
