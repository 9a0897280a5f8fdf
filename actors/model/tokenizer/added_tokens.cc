#include "actors/model/tokenizer/added_tokens.h"

#include "actors/model/tokenizer/unicode.h"

namespace tramontane {

void AddedTokens::add(AddedToken token) {
  std::vector<AddedToken>& list = by_byte_[static_cast<unsigned char>(token.text[0])];
  auto place = std::find_if(list.begin(), list.end(),
      [&](const AddedToken& other) { return other.text.size() < token.text.size(); });
  list.insert(place, std::move(token));
}

bool AddedTokens::stands_alone(std::string_view text, std::size_t begin, std::size_t end) {
  if (begin > 0 && is_word(character_before(text, begin).point)) return false;
  return end == text.size() || !is_word(character_at(text, end).point);
}

std::size_t AddedTokens::without_space_before(std::string_view text, std::size_t begin) {
  while (begin > 0) {
    Character c = character_before(text, begin);
    if (!is_space(c.point)) break;
    begin -= c.bytes;
  }
  return begin;
}

std::size_t AddedTokens::behind_space(std::string_view text, std::size_t end) {
  while (end < text.size()) {
    Character c = character_at(text, end);
    if (!is_space(c.point)) break;
    end += c.bytes;
  }
  return end;
}

}  // namespace tramontane
