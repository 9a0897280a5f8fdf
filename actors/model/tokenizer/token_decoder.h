#pragma once
// A TokenDecoder makes text of tokens' texts, as the 'decoder' of tokenizer.json says: ByteLevel,
// Metaspace, Replace, ByteFallback, Fuse, Strip, and Sequences of them.
//
//   TokenDecoder decoder;
//   decoder.parse(value);
//   std::string text = decoder.join({"\u2581a", "b"});
//
// ByteLevel gives the bytes that the tokens stand for, also where they are no UTF-8; ByteFallback
// writes U+FFFD for each byte of a run that is none, as the reference does.
//
// Immutable once parsed: any thread.

#include "actors/model/tokenizer/pattern.h"

#include <boost/json/fwd.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tramontane {

class TokenDecoder {
 public:
  void parse(const boost::json::value& value);

  // Where the file has none: the inverse of how words are written.
  void parse_none(bool writes_bytes);

  std::string join(std::vector<std::string> tokens) const;

 private:
  enum class Kind : std::uint8_t { byte_level, metaspace, replace, byte_fallback, fuse, strip };

  struct Step {
    Kind kind = Kind::fuse;
    std::string content;             // of metaspace (what stands for a space), replace and strip
    std::optional<Pattern> pattern;  // of replace
    bool drops_first = false;        // of metaspace
    std::size_t start = 0;           // of strip: at most so many
    std::size_t stop = 0;
  };

  void parse_one(const boost::json::value& value);
  static void run(const Step& step, std::vector<std::string>& tokens);

  std::vector<Step> steps_;
};

}  // namespace tramontane
