// Any bytes as a completion: what is left is sentences of letters, single spaces, marks and
// apostrophes, and cleaning it again changes nothing that spacing would not. What was taken out is
// kept once, and runs of scripts have all letters of a sentence.
#include "actors/rewards/language/clean.h"
#include "actors/rewards/language/markup.h"
#include "actors/rewards/language/scripts.h"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

using namespace tramontane;

namespace {

void check_runs(const Sentence& sentence) {
  std::uint32_t letters = 0;
  for (const ScriptRun& run : script_runs(sentence.text)) {
    if (run.text.empty() || run.words == 0 || run.kana > run.letters) std::abort();
    letters += run.letters;
    static_cast<void>(name_of(run.script));
  }
  if (letters != sentence.letters) std::abort();
  static const Alphabet english("en");
  static_cast<void>(english.lacks_letters_of(sentence.text));
}

void check_sentences(const std::vector<Sentence>& sentences) {
  // A sentence that is nearly cut, a word that is nearly cut, and the few letters of a last one.
  constexpr auto letters_max = 2 * sentence_letters_max + 3 + sentence_letters_min;
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
    check_runs(sentence);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  Stripped parts = strip_markup(text);
  if (parts.prose.size() > 2 * size) std::abort();
  if (parts.maths.size() + parts.code.size() > 2 * size) std::abort();
  if (hidden_prose(parts).size() > 4 * size) std::abort();
  check_sentences(clean_sentences(text));
  Prose prose = clean_prose(text);
  check_sentences(prose.hidden);
  if (prose.sentences != clean_sentences(text)) std::abort();
  return 0;
}
