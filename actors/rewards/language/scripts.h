#pragma once
// The scripts that a text is written in, and what they say of its language: many belong to one
// language alone (of those named here), and no letter outside a language's alphabet is of it.
//
//   for (const ScriptRun& run : script_runs("答案是 seventy two"))
//     …  // "答案是", Han; "seventy two", Latin
//   language_of(script_named("Thai"));  // "th"
//
// Pure functions, used by any thread. Unicode's tables are ICU's.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tramontane {

// A script by ICU's number for it (UScriptCode). Chinese characters, kana and Bopomofo are one
// script here, `characters`.
enum class Script : std::int32_t { none = -2, mixed = -1, characters = 17, latin = 25 };

struct ScriptRun {
  Script script = Script::none;  // mixed: a word of several alphabets, whose letters look alike
  std::string text;              // words with one space between them
  std::uint32_t letters = 0;     // weighted, as Sentence has them
  std::uint32_t kana = 0;        // of them
  std::uint32_t words = 0;
  std::uint32_t word_letters_max = 0;  // of its longest word, not weighted

  bool operator==(const ScriptRun&) const = default;
};

// A cleaned sentence, where its script changes. An alphabet changes between words only.
std::vector<ScriptRun> script_runs(std::string_view sentence);

// The one language of a script, "" for one of several, like Latin. Of `characters`: zh; what tells
// ja is the kana.
std::string language_of(Script script);

// All languages that a script decides, in order.
std::vector<std::string> languages_of_scripts();

// What a language is usually written in: latin for "fr". none for a name that ICU does not know.
Script script_of_language(const std::string& language);

// "Latin", "Devanagari"; "mixed".
std::string name_of(Script script);

// The letters of a language, as Unicode's locale data has them.
class Alphabet {
 public:
  explicit Alphabet(const std::string& language);

  // Whether so many words have a letter that the language lacks that it is another's: of Latin, one
  // in five and two at least, for names are less; of other scripts, one in ten.
  bool lacks_letters_of(std::string_view sentence) const;

 private:
  std::u32string letters_;  // in order; empty if nothing is known of the language
};

}  // namespace tramontane
