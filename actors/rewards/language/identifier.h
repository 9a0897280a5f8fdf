#pragma once
// Which languages a text is written in, by a fastText model in this process.
//
//   auto model = LanguageModel::open(find_language_model(""));
//   Languages languages = model->identify("Two and two are four. Das ist doch einfach genug.");
//   languages.evidence();  // "en 51%, de 49%"
//
// A text is cleaned and cut into sentences (clean.h); each has a label, and the shares are of their
// letters. A sentence that the model is unsure of is in none, and a text with too few letters is
// undetermined: neither may be held against who wrote it.
//
// Any fastText model of labels like __label__en will do: the one that `./dev setup` trains, or
// lid.176.bin and lid.176.ftz, put anywhere. Whether a model wants spaces between Chinese
// characters and kana is seen in its own vocabulary: one trained with them knows single characters
// and hardly a word of two.
//
// A LanguageModel is immutable and used by any thread; there is one per path in a process.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tramontane {

struct LanguageShare {
  std::string language;  // as the model's labels have it: "en"
  double share = 0;      // of the letters that the model was sure of
};

struct Languages {
  std::vector<LanguageShare> shares;  // the largest first
  std::uint32_t letters = 0;          // weighted, see letter_weight(); all that there are
  std::uint32_t sure = 0;             // of them, those in sentences that have a language

  // Too little to say anything.
  bool undetermined() const;

  // The language of most letters, and its share; undetermined: "" and 0.
  LanguageShare main() const;

  // "en 91%, fr 9%; 12% unsure", or "undetermined (7 letters)".
  std::string evidence() const;
};

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

  Languages identify(std::string_view text) const;

  // The label of one cleaned sentence, and how probable it is: 0..1.
  LanguageShare label(std::string_view sentence) const;

  std::vector<std::string> languages() const;

  bool spaces_characters() const;

 private:
  std::unique_ptr<State> state_;
};

// Where the model is: `named` if it names one; else $TRAM_LANGUAGE_MODEL; else lid.ftz where
// `./dev setup` writes it (deps/language in the build folder) or an installation has it.
// Error(not_found), with the remedy, if there is no such file.
std::string find_language_model(const std::string& named);

}  // namespace tramontane
