#include "actors/model/tokenizer/pre_tokenizer.h"

#include "actors/model/tokenizer/byte_level.h"
#include "actors/model/tokenizer/unicode.h"

#include <algorithm>

namespace tramontane {

namespace {

// Words, and runs of what is neither word nor space: Rust's `\w+|[^\w\s]+`.
void cut_words(std::string_view word, std::vector<Piece>& pieces) {
  int before = 0;
  for (std::size_t at = 0; at < word.size();) {
    Character c = character_at(word, at);
    int kind = is_word(c.point) ? 1 : is_space(c.point) ? 2 : 3;
    if (kind == before)
      pieces.back().end = at + c.bytes;
    else
      pieces.push_back({at, at + c.bytes, kind == 2});
    before = kind;
    at += c.bytes;
  }
}

// Every character of the class is matched by itself.
template <class Is>
void cut_class(std::string_view word, std::vector<Piece>& pieces, Is is) {
  for (std::size_t at = 0; at < word.size();) {
    Character c = character_at(word, at);
    bool matched = is(c.point);
    if (!matched && !pieces.empty() && !pieces.back().matched && pieces.back().end == at)
      pieces.back().end = at + c.bytes;
    else
      pieces.push_back({at, at + c.bytes, matched});
    at += c.bytes;
  }
}

}  // namespace

bool PreTokenizer::ends_in_bytes() const {
  return !steps_.empty() && steps_.back().kind == Kind::byte_level;
}

// Puts what a step begins words with before those that do not have it; Metaspace writes every
// space as its replacement.
void PreTokenizer::prefix(const Step& step, Words& words) {
  bool meta = step.kind == Kind::metaspace;
  if (!meta && step.prepend == Prepend::never) return;
  std::string_view sign = meta ? std::string_view(step.replacement) : " ";
  Words out{.text = {}, .first = words.first, .goes_on = words.goes_on, .rewritten = true};
  out.text.reserve(words.text.size() * 2);
  for (const Words::Span& span : words.spans) {
    std::string_view word = std::string_view(words.text).substr(span.begin, span.end - span.begin);
    std::size_t begin = out.text.size();
    bool starts = words.first && span.begin == 0;
    bool has = word.starts_with(sign) || (meta && word.starts_with(' '));
    bool wanted = step.prepend == Prepend::always || (step.prepend == Prepend::first && starts);
    if (wanted && !has && !(starts && words.goes_on)) out.text += sign;
    for (char c : word) {
      if (meta && c == ' ')
        out.text += sign;
      else
        out.text += c;
    }
    out.spans.push_back({begin, out.text.size()});
  }
  // A first word that was left out leaves none that is first.
  if (!words.spans.empty() && words.spans.front().begin != 0) out.first = false;
  words = std::move(out);
}

void PreTokenizer::pieces_of(const Step& step, std::string_view word, std::vector<Piece>& pieces) {
  switch (step.kind) {
    case Kind::split:
    case Kind::byte_level:
    case Kind::metaspace:
      step.pattern->cut(word, pieces);
      break;
    case Kind::digits:
      cut_class(word, pieces, is_numeric);
      break;
    case Kind::punctuation:
      cut_class(word, pieces, is_punctuation);
      break;
    case Kind::whitespace:
      cut_words(word, pieces);
      break;
    case Kind::whitespace_split:
      cut_class(word, pieces, is_space);
      break;
  }
  if (step.invert)
    for (Piece& piece : pieces) piece.matched = !piece.matched;
}

void PreTokenizer::join(
    Behavior behavior, std::size_t offset, const std::vector<Piece>& pieces, Words& words) {
  std::size_t from = words.spans.size();
  auto put = [&](const Piece& piece) {
    words.spans.push_back({offset + piece.begin, offset + piece.end});
  };
  bool before = false;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const Piece& piece = pieces[i];
    bool any = words.spans.size() > from;
    bool extends = false;  // the word before goes on to the end of this piece
    switch (behavior) {
      case Behavior::removed:
        if (!piece.matched) put(piece);
        continue;
      case Behavior::isolated:
        break;
      case Behavior::contiguous:
        extends = any && piece.matched == before;
        break;
      case Behavior::with_previous:
        extends = any && piece.matched && !before;
        break;
      case Behavior::with_next:
        // Seen from behind: a match is taken by what follows it, unless that is a match.
        extends = i > 0 && pieces[i - 1].matched && !piece.matched;
        break;
    }
    if (extends)
      words.spans.back().end = offset + piece.end;
    else
      put(piece);
    before = piece.matched;
  }
  auto first = words.spans.begin() + static_cast<std::ptrdiff_t>(from);
  words.spans.erase(std::remove_if(first, words.spans.end(),
                        [](const Words::Span& span) { return span.begin == span.end; }),
      words.spans.end());
}

void PreTokenizer::to_bytes(Words& words) {
  std::string text;
  for (Words::Span& span : words.spans) {
    std::size_t begin = text.size();
    text += to_symbols(std::string_view(words.text).substr(span.begin, span.end - span.begin));
    span = {begin, text.size()};
  }
  words.text = std::move(text);
  words.rewritten = true;
}

void PreTokenizer::cut(Words& words, bool keep_bytes) const {
  words.spans.clear();
  if (!words.text.empty()) words.spans.push_back({0, words.text.size()});
  std::vector<Piece> pieces;
  for (const Step& step : steps_) {
    prefix(step, words);
    bool cuts = step.split && (step.pattern || step.kind > Kind::metaspace);
    if (cuts) {
      std::vector<Words::Span> before = std::move(words.spans);
      words.spans.clear();
      words.spans.reserve(before.size() + words.text.size() / 4);
      for (const Words::Span& span : before) {
        pieces.clear();
        pieces_of(
            step, std::string_view(words.text).substr(span.begin, span.end - span.begin), pieces);
        join(step.behavior, span.begin, pieces, words);
      }
    }
    bool last = &step == &steps_.back();
    if (step.kind == Kind::byte_level && !(keep_bytes && last)) to_bytes(words);
  }
}

}  // namespace tramontane
