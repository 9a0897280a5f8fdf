#include "actors/model/tokenizer/bpe.h"

#include "actors/model/tokenizer/byte_level.h"
#include "actors/model/tokenizer/unicode.h"

#include <algorithm>
#include <cstdio>
#include <queue>

namespace tramontane {

namespace {

// Up to so many symbols, looking at every pair is faster than a queue of them.
constexpr std::size_t few = 64;

// A pair that may be joined, if it then still stands.
struct Candidate {
  std::uint32_t rank = 0;
  std::int32_t at = 0;
  Token left = 0;
  Token right = 0;
  Token merged = 0;

  // Lowest rank first, then leftmost.
  bool operator<(const Candidate& other) const {
    return rank != other.rank ? rank > other.rank : at > other.at;
  }
};

std::string fallback_name(int byte) {
  char name[8];
  std::snprintf(name, sizeof name, "<0x%02X>", static_cast<unsigned>(byte));
  return name;
}

}  // namespace

void MergeTable::put(Token left, Token right, Merge merge) {
  if (2 * (count_ + 1) > slots_.size()) grow();
  std::uint64_t key = key_of(left, right);
  std::size_t i = place(key);
  while (slots_[i].key != empty && slots_[i].key != key) i = (i + 1) & (slots_.size() - 1);
  if (slots_[i].key == empty) ++count_;
  slots_[i] = {key, merge};
}

void MergeTable::grow() {
  std::vector<Slot> before(std::max<std::size_t>(16, 2 * slots_.size()));
  before.swap(slots_);
  for (const Slot& slot : before) {
    if (slot.key == empty) continue;
    std::size_t i = place(slot.key);
    while (slots_[i].key != empty) i = (i + 1) & (slots_.size() - 1);
    slots_[i] = slot;
  }
}

void Bpe::add_token(std::string text, Token id) {
  ids_.insert_or_assign(std::move(text), id);
}

bool Bpe::add_merge(std::string_view left, std::string_view right) {
  Token a = id(left);
  Token b = id(right);
  Token merged = a < 0 || b < 0 ? -1 : id(std::string(left).append(right));
  if (merged < 0) return false;
  merges_.put(a, b, {rank_++, merged});
  return true;
}

void Bpe::finish(Settings settings) {
  settings_ = settings;
  of_ascii_.assign(128, -1);
  for (char c = 0; c >= 0 && c < 127; ++c)
    of_ascii_[static_cast<std::size_t>(c)] = id(std::string_view(&c, 1));
  of_ascii_[127] = id("\x7f");
  if (settings.byte_fallback)
    for (int byte = 0; byte < 256; ++byte) fallback_.push_back(id(fallback_name(byte)));
  if (!settings.by_byte) return;
  for (int byte = 0; byte < 256; ++byte)
    of_byte_.push_back(id(byte_symbol(static_cast<unsigned char>(byte))));
  settings_.by_byte =
      !settings.byte_fallback && std::find(of_byte_.begin(), of_byte_.end(), -1) == of_byte_.end();
  if (!settings_.by_byte || !settings.whole_words) return;
  whole_.reserve(ids_.size());
  for (const auto& [text, token] : ids_)
    if (auto bytes = from_symbols(text)) whole_.emplace(std::move(*bytes), token);
}

Token Bpe::id(std::string_view text) const {
  auto found = ids_.find(text);
  return found == ids_.end() ? -1 : found->second;
}

std::optional<std::size_t> Bpe::encode(
    std::string_view word, BpeRoom& room, std::vector<Token>& out) const {
  if (word.empty()) return std::nullopt;
  if (settings_.whole_words) {
    const TokenIds& ids = settings_.by_byte ? whole_ : ids_;
    auto found = ids.find(word);
    if (found != ids.end()) {
      out.push_back(found->second);
      return std::nullopt;
    }
  }
  room.symbols.clear();
  if (settings_.by_byte) {
    for (char byte : word) room.symbols.push_back(of_byte_[static_cast<unsigned char>(byte)]);
  } else if (auto bad = characters(word, room.symbols)) {
    return bad;
  }
  if (room.symbols.size() > few)
    merge_many(room);
  else if (room.symbols.size() > 1)
    merge_few(room);
  out.insert(out.end(), room.symbols.begin(), room.symbols.end());
  return std::nullopt;
}

bool Bpe::fall_back(std::string_view character, std::vector<Token>& symbols) const {
  auto token = [&](char byte) { return fallback_[static_cast<unsigned char>(byte)]; };
  for (char byte : character)
    if (token(byte) < 0) return false;
  for (char byte : character) symbols.push_back(token(byte));
  return true;
}

std::optional<std::size_t> Bpe::characters(
    std::string_view word, std::vector<Token>& symbols) const {
  bool unknown = false;  // one waits to be written: bytes of a fallback go before it
  for (std::size_t at = 0; at < word.size();) {
    std::size_t bytes = character_bytes(word, at);
    std::string_view character = word.substr(at, bytes);
    Token token = static_cast<unsigned char>(word[at]) < 128
                      ? of_ascii_[static_cast<std::size_t>(word[at])]
                      : id(character);
    if (token >= 0) {
      if (unknown) symbols.push_back(settings_.unknown);
      unknown = false;
      symbols.push_back(token);
    } else if (!settings_.byte_fallback || !fall_back(character, symbols)) {
      if (settings_.unknown < 0) return at;
      if (unknown && !settings_.fuse_unknown) symbols.push_back(settings_.unknown);
      unknown = true;
    }
    at += bytes;
  }
  if (unknown) symbols.push_back(settings_.unknown);
  return std::nullopt;
}

void Bpe::merge_few(BpeRoom& room) const {
  std::vector<Token>& symbols = room.symbols;
  std::vector<MergeTable::Merge>& pairs = room.pairs;
  std::size_t count = symbols.size();
  pairs.resize(count);
  for (std::size_t i = 0; i + 1 < count; ++i) pairs[i] = merges_.find(symbols[i], symbols[i + 1]);
  while (count > 1) {
    std::size_t best = 0;
    for (std::size_t i = 1; i + 1 < count; ++i)
      if (pairs[i].rank < pairs[best].rank) best = i;
    if (pairs[best].rank == MergeTable::none) break;
    symbols[best] = pairs[best].merged;
    for (std::size_t i = best + 1; i + 1 < count; ++i) {
      symbols[i] = symbols[i + 1];
      pairs[i] = pairs[i + 1];
    }
    --count;
    if (best + 1 < count) pairs[best] = merges_.find(symbols[best], symbols[best + 1]);
    if (best > 0) pairs[best - 1] = merges_.find(symbols[best - 1], symbols[best]);
  }
  symbols.resize(count);
}

void Bpe::merge_many(BpeRoom& room) const {
  auto count = static_cast<std::int32_t>(room.symbols.size());
  std::vector<BpeRoom::Link>& links = room.links;
  links.clear();
  for (std::int32_t i = 0; i < count; ++i)
    links.push_back({room.symbols[static_cast<std::size_t>(i)], i - 1, i + 1 < count ? i + 1 : -1});
  auto link = [&](std::int32_t at) -> BpeRoom::Link& {
    return links[static_cast<std::size_t>(at)];
  };
  std::priority_queue<Candidate> queue;
  auto offer = [&](std::int32_t at) {
    if (at < 0 || link(at).after < 0) return;
    Token left = link(at).token;
    Token right = link(link(at).after).token;
    MergeTable::Merge merge = merges_.find(left, right);
    if (merge.rank != MergeTable::none) queue.push({merge.rank, at, left, right, merge.merged});
  };
  for (std::int32_t i = 0; i < count; ++i) offer(i);
  while (!queue.empty()) {
    Candidate next = queue.top();
    queue.pop();
    BpeRoom::Link& left = link(next.at);
    if (left.token != next.left || left.after < 0) continue;
    BpeRoom::Link& right = link(left.after);
    if (right.token != next.right) continue;
    left.token = next.merged;
    left.after = right.after;
    right.token = -1;
    if (right.after >= 0) link(right.after).before = next.at;
    offer(left.before);
    offer(next.at);
  }
  room.symbols.clear();
  for (const BpeRoom::Link& one : links)
    if (one.token >= 0) room.symbols.push_back(one.token);
}

}  // namespace tramontane
