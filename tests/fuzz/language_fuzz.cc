// Any bytes as a completion: what is left is sentences of letters, single spaces, marks and
// apostrophes, and cleaning it again changes nothing that spacing would not.
#include "actors/rewards/language/clean.h"

#include <cstdint>
#include <cstdlib>
#include <string_view>

using namespace tramontane;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // A sentence that is nearly cut, a word that is nearly cut, and the few letters of a last one.
  constexpr auto letters_max = 2 * sentence_letters_max + 3 + sentence_letters_min;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  if (strip_markup(text).size() > 2 * size) std::abort();
  auto sentences = clean_sentences(text);
  for (const Sentence& sentence : sentences) {
    if (sentence.letters == 0 || sentence.text.empty()) std::abort();
    if (sentence.letters > letters_max) std::abort();
    if (sentence.letters < sentence_letters_min && sentences.size() > 1) std::abort();
    if (sentence.text.front() == ' ' || sentence.text.back() == ' ') std::abort();
    for (char c : sentence.text)
      if (static_cast<unsigned char>(c) < 0x80 && c != ' ' && c != '\'' && (c < 'a' || c > 'z'))
        std::abort();
    if (sentence.text.find("  ") != std::string::npos) std::abort();
    std::string apart = space_characters(sentence.text);
    if (space_characters(apart) != apart) std::abort();
    if (apart.size() > 2 * sentence.text.size()) std::abort();
  }
  return 0;
}
