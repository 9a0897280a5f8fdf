#include "actors/model/tokenizer.h"

#include "actors/model/byte_level.h"
#include "actors/model/tokenizer_state.h"
#include "runtime/base/check.h"
#include "runtime/base/result.h"

#include <algorithm>
#include <queue>

namespace tramontane {

namespace {

// A word's tokens as a list, so that joining two is cheap.
struct Symbol {
  Token token = -1;  // -1: joined into one before
  std::int32_t before = -1;
  std::int32_t after = -1;
};

// A pair that may be joined, if both are then still what they were.
struct Candidate {
  std::int64_t rank = 0;
  std::int32_t at = 0;
  Token merged = 0;
  Token left = 0;
  Token right = 0;

  // Lowest rank first, then leftmost.
  bool operator<(const Candidate& other) const {
    return rank != other.rank ? rank > other.rank : at > other.at;
  }
};

// Joins the pair of the lowest rank, leftmost first, until none is left: n log n steps.
void merge(const std::unordered_map<std::uint64_t, Merge>& merges, std::vector<Symbol>& symbols) {
  std::priority_queue<Candidate> queue;
  auto offer = [&](std::int32_t at) {
    if (at < 0 || symbols[static_cast<std::size_t>(at)].after < 0) return;
    const Symbol& left = symbols[static_cast<std::size_t>(at)];
    Token right = symbols[static_cast<std::size_t>(left.after)].token;
    auto found = merges.find(pair_key(left.token, right));
    if (found == merges.end()) return;
    queue.push({found->second.rank, at, found->second.merged, left.token, right});
  };
  for (std::size_t i = 0; i < symbols.size(); ++i) offer(static_cast<std::int32_t>(i));
  while (!queue.empty()) {
    Candidate next = queue.top();
    queue.pop();
    Symbol& left = symbols[static_cast<std::size_t>(next.at)];
    if (left.token != next.left || left.after < 0) continue;
    Symbol& right = symbols[static_cast<std::size_t>(left.after)];
    if (right.token != next.right) continue;
    left.token = next.merged;
    left.after = right.after;
    right.token = -1;
    if (right.after >= 0) symbols[static_cast<std::size_t>(right.after)].before = next.at;
    offer(left.before);
    offer(next.at);
  }
}

// Calls plain(begin, end) for what stands between added tokens, and takes those into `out`.
template <class Plain>
void cut_out(
    const AddedTokens& added, std::string_view text, std::vector<Token>& out, Plain plain) {
  std::size_t begin = 0;
  for (std::size_t at = 0; at < text.size();) {
    AddedTokens::Match match = added.at(text, at);
    if (match.bytes == 0) {
      ++at;
      continue;
    }
    if (at > begin) plain(begin, at);
    out.push_back(match.id);
    at += match.bytes;
    begin = at;
  }
  if (begin < text.size()) plain(begin, text.size());
}

}  // namespace

void AddedTokens::add(std::string text, Token id) {
  std::vector<Added>& list = by_byte_[static_cast<unsigned char>(text[0])];
  auto place = std::find_if(
      list.begin(), list.end(), [&](const Added& a) { return a.text.size() < text.size(); });
  list.insert(place, {std::move(text), id});
}

AddedTokens::Match AddedTokens::at(std::string_view text, std::size_t at) const {
  for (const Added& added : by_byte_[static_cast<unsigned char>(text[at])])
    if (text.compare(at, added.text.size(), added.text) == 0) return {added.id, added.text.size()};
  return {};
}

void Tokenizer::State::encode_word(
    std::string_view word, std::size_t offset, std::vector<Token>& out) const {
  if (whole_words) {
    std::string whole;
    if (byte_level)
      for (char c : word) whole += byte_symbol(static_cast<unsigned char>(c));
    auto found = ids.find(byte_level ? whole : std::string(word));
    if (found != ids.end()) {
      out.push_back(found->second);
      return;
    }
  }
  std::vector<Symbol> symbols;
  for (std::size_t at = 0; at < word.size();) {
    std::size_t bytes = byte_level ? 1 : character_bytes(word, at);
    std::string symbol = byte_level ? byte_symbol(static_cast<unsigned char>(word[at]))
                                    : std::string(word.substr(at, bytes));
    auto found = ids.find(symbol);
    if (found == ids.end())
      throw Error(Errc::bad_input, str("the tokenizer cannot write the character '",
                                       word.substr(at, bytes), "' at byte ", offset + at));
    auto i = static_cast<std::int32_t>(symbols.size());
    symbols.push_back({found->second, i - 1, i + 1});
    at += bytes;
  }
  symbols.back().after = -1;
  merge(merges, symbols);
  for (const Symbol& symbol : symbols)
    if (symbol.token >= 0) out.push_back(symbol.token);
}

void Tokenizer::State::encode_plain(
    std::string_view text, std::size_t offset, std::vector<Token>& out) const {
  std::vector<std::string_view> words = {text};
  for (const Pattern& pattern : patterns) {
    std::vector<std::string_view> pieces;
    for (std::string_view word : words)
      for (std::string_view piece : pattern.split(word)) pieces.push_back(piece);
    words = std::move(pieces);
  }
  for (std::string_view word : words)
    encode_word(word, offset + static_cast<std::size_t>(word.data() - text.data()), out);
}

void Tokenizer::State::encode_raw(
    std::string_view text, std::size_t offset, std::vector<Token>& out) const {
  std::string normal;
  if (normalises) text = normal = nfc(text);
  cut_out(normalised_added, text, out, [&](std::size_t begin, std::size_t end) {
    encode_plain(text.substr(begin, end - begin), offset + begin, out);
  });
}

Tokenizer::Tokenizer(std::unique_ptr<State> state) : state_(std::move(state)) {}

Tokenizer::~Tokenizer() = default;
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;
Tokenizer& Tokenizer::operator=(Tokenizer&&) noexcept = default;

std::vector<Token> Tokenizer::encode(std::string_view text) const {
  std::vector<Token> out;
  cut_out(state_->raw_added, text, out, [&](std::size_t begin, std::size_t end) {
    state_->encode_raw(text.substr(begin, end - begin), begin, out);
  });
  return out;
}

std::string Tokenizer::decode(const std::vector<Token>& tokens, bool special) const {
  const State& s = *state_;
  std::string out;
  for (Token token : tokens) {
    auto i = static_cast<std::size_t>(token);
    if (token < 0 || i >= s.texts.size() || !s.known[i]) {
      out += "\xEF\xBF\xBD";  // a model may have more ids than its tokenizer
      continue;
    }
    if (s.special[i] && !special) continue;
    const std::string& text = s.texts[i];
    if (!s.byte_level || s.added[i]) {
      out += text;
      continue;
    }
    for (std::size_t at = 0; at < text.size();) {
      std::size_t bytes = character_bytes(text, at);
      std::string_view character = std::string_view(text).substr(at, bytes);
      if (auto byte = symbol_byte(character))
        out += static_cast<char>(*byte);
      else
        out += character;
      at += bytes;
    }
  }
  return out;
}

std::int64_t Tokenizer::vocabulary() const {
  return static_cast<std::int64_t>(state_->texts.size());
}

Token Tokenizer::id(std::string_view token) const {
  for (std::size_t i = 0; i < state_->texts.size(); ++i)
    if (state_->known[i] && state_->texts[i] == token) return static_cast<Token>(i);
  return -1;
}

std::string Tokenizer::to_json() const {
  return state_->source;
}

}  // namespace tramontane
