#pragma once
// A PreTokenizer cuts normalised text into the words that merges stay within, as the
// 'pre_tokenizer' of tokenizer.json says: Split, ByteLevel, Metaspace, Digits, Punctuation,
// Whitespace, WhitespaceSplit, CharDelimiterSplit, and Sequences of them.
//
//   PreTokenizer cutter;
//   cutter.parse(value);
//   Words words{.text = "a b"};
//   cutter.cut(words, false);
//   for (const Words::Span& word : words.spans) …
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

// A text and the words in it, in order; what is between two is left out.
struct Words {
  struct Span {
    std::size_t begin = 0;
    std::size_t end = 0;
  };

  std::string text;
  std::vector<Span> spans = {};
  bool first = true;       // the text is at the beginning of the whole
  bool goes_on = false;    // and that continues another: nothing is put before it
  bool rewritten = false;  // offsets are no longer those of the text that came in
};

class PreTokenizer {
 public:
  void parse(const boost::json::value& value);

  // Whether words are bytes written as ByteLevel does; and whether that is the last that is done.
  bool writes_bytes() const { return writes_bytes_; }

  bool ends_in_bytes() const;

  // With `keep_bytes`, a last ByteLevel leaves its bytes as they are.
  void cut(Words& words, bool keep_bytes) const;

 private:
  enum class Kind : std::uint8_t {
    split,
    byte_level,
    metaspace,
    digits,
    punctuation,
    whitespace,
    whitespace_split
  };
  enum class Behavior : std::uint8_t { removed, isolated, with_previous, with_next, contiguous };
  enum class Prepend : std::uint8_t { always, first, never };

  struct Step {
    Kind kind = Kind::split;
    std::optional<Pattern> pattern;
    Behavior behavior = Behavior::isolated;
    bool invert = false;
    bool split = true;  // of metaspace
    Prepend prepend = Prepend::never;
    std::string replacement;  // of metaspace
  };

  void parse_one(const boost::json::value& value);
  static Step split_step(const boost::json::object& fields);
  static Step metaspace_step(const boost::json::object& fields);
  static Behavior behavior_of(const std::string& name);

  static void prefix(const Step& step, Words& words);
  static void pieces_of(const Step& step, std::string_view word, std::vector<Piece>& pieces);
  static void join(
      Behavior behavior, std::size_t offset, const std::vector<Piece>& pieces, Words& words);
  static void to_bytes(Words& words);

  std::vector<Step> steps_;
  bool writes_bytes_ = false;
};

}  // namespace tramontane
