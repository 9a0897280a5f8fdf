#include "actors/model/tokenizer/tokenizer.h"

#include "actors/model/tokenizer/state.h"
#include "actors/model/tokenizer/unicode.h"
#include "runtime/base/check.h"
#include "runtime/base/result.h"

#include <algorithm>

namespace tramontane {

void Tokenizer::State::encode_words(
    Words& words, std::size_t offset, BpeRoom& room, std::vector<Token>& out) const {
  pre_tokenizer.cut(words, bpe.settings().by_byte);
  for (const Words::Span& span : words.spans) {
    std::string_view word = std::string_view(words.text).substr(span.begin, span.end - span.begin);
    auto bad = bpe.encode(word, room, out);
    if (!bad) continue;
    std::string_view character = word.substr(*bad, character_bytes(word, *bad));
    std::string place =
        words.rewritten ? str("behind byte ", offset) : str("at byte ", offset + span.begin + *bad);
    throw Error(
        Errc::bad_input, str("the tokenizer cannot write the character '", character, "' ", place));
  }
}

void Tokenizer::State::encode_raw(std::string_view text, std::size_t offset, bool goes_on,
    BpeRoom& room, std::vector<Token>& out) const {
  bool first = offset == 0;
  std::string normal;
  bool rewritten = false;
  if (!normalizer.empty()) {
    normal = normalizer.apply(text, goes_on && first);
    rewritten = normal != text;
    text = normal;
  }
  normalised_added.cut(text, [&](std::size_t begin, std::size_t end, Token token) {
    if (token >= 0) {
      out.push_back(token);
      return;
    }
    Words words{.text = std::string(text.substr(begin, end - begin)),
        .first = first && begin == 0,
        .goes_on = goes_on,
        .rewritten = rewritten};
    encode_words(words, rewritten ? offset : offset + begin, room, out);
  });
}

Tokenizer::Tokenizer(std::unique_ptr<State> state) : state_(std::move(state)) {}

Tokenizer::~Tokenizer() = default;
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;
Tokenizer& Tokenizer::operator=(Tokenizer&&) noexcept = default;

std::vector<Token> Tokenizer::encode(std::string_view text, bool goes_on) const {
  std::vector<Token> out;
  BpeRoom room;
  state_->raw_added.cut(text, [&](std::size_t begin, std::size_t end, Token token) {
    if (token >= 0)
      out.push_back(token);
    else
      state_->encode_raw(text.substr(begin, end - begin), begin, goes_on, room, out);
  });
  return out;
}

std::vector<Token> Tokenizer::encode(std::string_view text) const {
  return encode(text, false);
}

std::vector<Token> Tokenizer::encode_behind(std::string_view text) const {
  return encode(text, true);
}

const std::vector<Token>& Tokenizer::prefix() const {
  return state_->prefix;
}

std::vector<Token> Tokenizer::encode_whole(std::string_view text) const {
  std::vector<Token> tokens = encode(text);
  const std::vector<Token>& before = state_->prefix;
  bool there =
      tokens.size() >= before.size() && std::equal(before.begin(), before.end(), tokens.begin());
  if (!there) tokens.insert(tokens.begin(), before.begin(), before.end());
  return tokens;
}

std::vector<std::string> Tokenizer::texts_of(const std::vector<Token>& tokens, bool special) const {
  const State& s = *state_;
  std::vector<std::string> texts;
  texts.reserve(tokens.size());
  for (Token token : tokens) {
    auto i = static_cast<std::size_t>(token);
    if (token < 0 || i >= s.texts.size() || !s.known[i])
      texts.emplace_back("\xEF\xBF\xBD");  // a model may have more ids than its tokenizer
    else if (!s.special[i] || special)
      texts.push_back(s.texts[i]);
  }
  return texts;
}

std::string Tokenizer::decode(const std::vector<Token>& tokens, bool special) const {
  return state_->decoder.join(texts_of(tokens, special));
}

// Behind a letter, which every decoder writes as it is.
std::string Tokenizer::decode_behind(const std::vector<Token>& tokens) const {
  constexpr std::string_view letter = "a";
  std::vector<std::string> texts = texts_of(tokens, true);
  texts.insert(texts.begin(), std::string(letter));
  std::string text = state_->decoder.join(std::move(texts));
  return text.starts_with(letter) ? text.substr(letter.size()) : decode(tokens);
}

std::int64_t Tokenizer::vocabulary() const {
  return static_cast<std::int64_t>(state_->texts.size());
}

Token Tokenizer::id(std::string_view token) const {
  auto found = state_->by_text.find(token);
  return found == state_->by_text.end() ? -1 : found->second;
}

std::string Tokenizer::to_json() const {
  return state_->source;
}

}  // namespace tramontane
