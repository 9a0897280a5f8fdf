#pragma once
// A Normalizer rewrites text before it is cut, as the 'normalizer' of tokenizer.json says: NFC,
// NFD, NFKC, NFKD, Lowercase, StripAccents, Strip, Prepend, Replace, ByteLevel, and Sequences of
// them. A Precompiled without a table changes nothing; one with a table is refused by name.
//
//   Normalizer normalizer;
//   normalizer.parse(value);
//   std::string text = normalizer.apply("a b", false);
//
// Immutable once parsed: any thread.

#include "actors/model/tokenizer/pattern.h"

#include <boost/json/fwd.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tramontane {

class Normalizer {
 public:
  void parse(const boost::json::value& value);

  bool empty() const { return steps_.empty(); }

  // `goes_on`: the text continues another, so that nothing is put before it.
  std::string apply(std::string_view text, bool goes_on) const;

 private:
  enum class Kind : std::uint8_t {
    nfc,
    nfd,
    nfkc,
    nfkd,
    lowercase,
    strip_accents,
    strip,
    prepend,
    replace,
    byte_level
  };

  struct Step {
    Kind kind = Kind::nfc;
    std::string content;             // of prepend and replace
    std::optional<Pattern> pattern;  // of replace
    bool left = false;               // of strip
    bool right = false;
  };

  void parse_one(const boost::json::value& value);
  static std::string run(const Step& step, std::string text, bool goes_on);

  std::vector<Step> steps_;
};

}  // namespace tramontane
