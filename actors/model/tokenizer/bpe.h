#pragma once
// Byte pair encoding: a word becomes one token per character (or per byte, written as ByteLevel
// does), and then the pair whose merge ranks first is joined, until there is none.
//
//   Bpe bpe;
//   bpe.add_token("a", 0); … bpe.add_merge(0, 1, 2); …
//   BpeRoom room;
//   if (auto bad = bpe.encode("ab", room, tokens)) …   // where it has a character without token
//
// Immutable once filled: any thread, each with a BpeRoom of its own.

#include "actors/messages/types.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace tramontane {

struct TextHash {
  using is_transparent = void;

  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>{}(text);
  }
};

using TokenIds = std::unordered_map<std::string, Token, TextHash, std::equal_to<>>;

// From pairs of tokens to what they become: open addressing, since it is asked for every pair.
class MergeTable {
 public:
  struct Merge {
    std::uint32_t rank = none;
    Token merged = -1;
  };

  static constexpr std::uint32_t none = ~std::uint32_t{0};

  // Of equal pairs the last counts.
  void put(Token left, Token right, Merge merge);

  // Its rank is `none` where there is no merge.
  Merge find(Token left, Token right) const {
    if (slots_.empty()) return {};
    std::uint64_t key = key_of(left, right);
    for (std::size_t i = place(key);; i = (i + 1) & (slots_.size() - 1)) {
      if (slots_[i].key == key) return slots_[i].merge;
      if (slots_[i].key == empty) return {};
    }
  }

 private:
  static constexpr std::uint64_t empty = ~std::uint64_t{0};

  struct Slot {
    std::uint64_t key = empty;
    Merge merge;
  };

  static std::uint64_t key_of(Token left, Token right) {
    return static_cast<std::uint64_t>(static_cast<std::uint32_t>(left)) << 32 |
           static_cast<std::uint32_t>(right);
  }

  std::size_t place(std::uint64_t key) const {
    key *= 0x9e3779b97f4a7c15U;
    return static_cast<std::size_t>(key >> 32) & (slots_.size() - 1);
  }

  void grow();

  std::vector<Slot> slots_;  // a power of two
  std::size_t count_ = 0;
};

// What encoding a word needs room for, kept from word to word.
struct BpeRoom {
  struct Link {
    Token token = -1;  // -1: joined into one before
    std::int32_t before = -1;
    std::int32_t after = -1;
  };

  std::vector<Token> symbols;
  std::vector<MergeTable::Merge> pairs;
  std::vector<Link> links;
};

class Bpe {
 public:
  struct Settings {
    bool by_byte = false;        // a word is bytes, whose tokens are named by ByteLevel's symbols
    bool byte_fallback = false;  // a character without token is its bytes' <0x…>
    bool fuse_unknown = false;   // neighbours without token are one unknown
    bool whole_words = false;    // a word that is a token needs no merges
    Token unknown = -1;          // -1: a character without token is an error
  };

  void add_token(std::string text, Token id);

  // False where the pair's joined text is no token.
  bool add_merge(std::string_view left, std::string_view right);

  // Behind the last token. Without a token for each byte, by_byte is what the caller writes out
  // himself: see settings().
  void finish(Settings settings);

  const Settings& settings() const { return settings_; }

  Token id(std::string_view text) const;

  // Appends the word's tokens. Where a character has none: its offset, nothing useful appended.
  std::optional<std::size_t> encode(
      std::string_view word, BpeRoom& room, std::vector<Token>& out) const;

 private:
  std::optional<std::size_t> characters(std::string_view word, std::vector<Token>& symbols) const;
  bool fall_back(std::string_view character, std::vector<Token>& symbols) const;
  void merge_few(BpeRoom& room) const;
  void merge_many(BpeRoom& room) const;

  Settings settings_;
  TokenIds ids_;
  TokenIds whole_;               // by the bytes that by_byte words are of
  std::vector<Token> of_byte_;   // by_byte: the symbol's
  std::vector<Token> of_ascii_;  // else: the character's, or -1
  std::vector<Token> fallback_;  // <0x00>.., or -1
  MergeTable merges_;
  std::uint32_t rank_ = 0;
};

}  // namespace tramontane
