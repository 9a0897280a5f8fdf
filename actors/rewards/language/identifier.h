#pragma once
// Which languages a text is written in: by its scripts, and where a script has several languages by
// a fastText model in this process.
//
//   auto model = LanguageModel::open(find_language_model(""));
//   Languages languages = model->identify("Two and two are four. Das ist doch einfach genug.");
//   languages.evidence();  // "en 51%, de 49%"
//
// A text is cleaned and cut into sentences (clean.h), and these into runs of a script (scripts.h);
// the shares are of their letters. Thai, Hangul or kana are in the one language that has them,
// Chinese characters among kana too. Letters of Latin, Cyrillic, Arabic or Devanagari are in the
// language that the model is sure of, of those that have this script and these letters; else in
// none that is known. So is a text with few letters, and a word of letters from several alphabets.
//
// In a sentence of another script, up to two Latin words at a time are terms, and so are single
// letters of an alphabet: they are in every language, as long as they are few.
//
// Any fastText model of labels like __label__en will do: the one that `./dev setup` trains, or
// lid.176.bin and lid.176.ftz, put anywhere. Whether a model wants spaces between Chinese
// characters and kana is seen in its own vocabulary: one trained with them knows single characters
// and hardly a word of two.
//
// A LanguageModel is immutable and used by any thread; there is one per path in a process.

#include "actors/rewards/language/clean.h"
#include "actors/rewards/language/scripts.h"

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace tramontane {

// So many letters say a language, where their script has no other.
constexpr std::uint32_t script_letters_min = 6;

// The letters of a text that are in one language, or in none that is known, in one script.
struct LanguageShare {
  std::string language;  // as the model's labels have it: "en"; "": none that is known
  Script script = Script::none;
  std::uint32_t letters = 0;  // weighted, see letter_weight()
  double share = 0;           // of all letters that have a language
};

struct Languages {
  std::vector<LanguageShare>
      shares;                 // those with a language first, each kind the most letters first
  std::uint32_t letters = 0;  // weighted; all but terms
  std::uint32_t terms = 0;
  std::uint32_t sure = 0;  // of the letters, those that have a language

  // Too little to say anything.
  bool undetermined() const;

  // The language of most letters; undetermined: "".
  LanguageShare main() const;

  // "en 91%, fr 9%; 12% unsure", or "undetermined (7 letters)".
  std::string evidence() const;
};

// What a text should be in. For that language less certainty will do; and a sentence most of which
// is words of the problem is in the problem's language, whatever its names sound like.
struct Expected {
  std::string language = {};
  std::set<std::string, std::less<>> words = {};  // in lower case, as clean_sentences() has them
};

std::set<std::string, std::less<>> words_of(const std::vector<Sentence>& sentences);

class LanguageModel {
 public:
  // The model at `path`, shared with all who have opened it and not yet let it go. Error(not_found)
  // or Error(bad_input) if there is none; the text names the remedy.
  static std::shared_ptr<const LanguageModel> open(const std::string& path);

  struct State;
  explicit LanguageModel(std::unique_ptr<State> state);  // open() is what makes one
  ~LanguageModel();
  LanguageModel(const LanguageModel&) = delete;
  LanguageModel& operator=(const LanguageModel&) = delete;

  Languages identify(std::string_view text, const Expected& expected = {}) const;
  Languages identify(const std::vector<Sentence>& sentences, const Expected& expected = {}) const;

  // The label of one cleaned sentence, and how probable it is.
  struct Label {
    std::string language;
    double probability = 0;
  };

  Label label(std::string_view sentence) const;

  // What a text can be found to be in: the model's labels, and what scripts decide.
  std::vector<std::string> languages() const;

  bool spaces_characters() const;

  // Whether it was trained on text that is in none of its languages: its label for that is `und`.
  bool names_unknown() const;

 private:
  // Of languages that have a part's script and letters, how probable the expected one is, and the
  // others.
  struct Guess {
    double expected = 0;
    double others = 0;  // together
    std::string other;  // the most probable of them,
    double first = 0;   // and how probable that one is
  };

  Guess guess(const ScriptRun& part, const std::string& expected) const;

  // Of what a sentence has in one script: its language, "" for none that is known.
  std::string language_of_part(const ScriptRun& part, const Expected& expected) const;
  std::string language_of_whole(const std::vector<ScriptRun>& parts) const;
  Languages count(const std::vector<ScriptRun>& parts, const Expected& expected) const;

  std::unique_ptr<State> state_;
};

// Where the model is: `named` if it names one; else $TRAM_LANGUAGE_MODEL; else lid.ftz where
// `./dev setup` writes it (deps/language in the build folder) or an installation has it.
// Error(not_found), with the remedy, if there is no such file.
std::string find_language_model(const std::string& named);

}  // namespace tramontane
