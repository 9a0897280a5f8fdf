#include "actors/rewards/language/scripts.h"

#include "actors/rewards/language/clean.h"
#include "runtime/base/check.h"

#include <algorithm>
#include <array>
#include <set>
#include <unicode/uchar.h>
#include <unicode/uloc.h>
#include <unicode/ulocdata.h>
#include <unicode/uscript.h>
#include <unicode/uset.h>

namespace tramontane {

namespace {

static_assert(static_cast<int>(Script::characters) == USCRIPT_HAN);
static_assert(static_cast<int>(Script::latin) == USCRIPT_LATIN);

struct Owner {
  UScriptCode script;
  const char* language;
};

// Of the languages that are named, each of these scripts has one.
constexpr std::array owners = {Owner{USCRIPT_ARMENIAN, "hy"}, Owner{USCRIPT_BENGALI, "bn"},
    Owner{USCRIPT_ETHIOPIC, "am"}, Owner{USCRIPT_GEORGIAN, "ka"}, Owner{USCRIPT_GREEK, "el"},
    Owner{USCRIPT_GUJARATI, "gu"}, Owner{USCRIPT_GURMUKHI, "pa"}, Owner{USCRIPT_HAN, "zh"},
    Owner{USCRIPT_HANGUL, "ko"}, Owner{USCRIPT_HEBREW, "he"}, Owner{USCRIPT_KANNADA, "kn"},
    Owner{USCRIPT_KHMER, "km"}, Owner{USCRIPT_LAO, "lo"}, Owner{USCRIPT_MALAYALAM, "ml"},
    Owner{USCRIPT_MYANMAR, "my"}, Owner{USCRIPT_ORIYA, "or"}, Owner{USCRIPT_SINHALA, "si"},
    Owner{USCRIPT_TAMIL, "ta"}, Owner{USCRIPT_TELUGU, "te"}, Owner{USCRIPT_THAANA, "dv"},
    Owner{USCRIPT_THAI, "th"}, Owner{USCRIPT_TIBETAN, "bo"}};

bool is_kana(UScriptCode script) {
  return script == USCRIPT_HIRAGANA || script == USCRIPT_KATAKANA ||
         script == USCRIPT_KATAKANA_OR_HIRAGANA;
}

// Alphabets that have letters that look like those of others.
bool looks_alike(Script script) {
  auto code = static_cast<UScriptCode>(script);
  return code == USCRIPT_LATIN || code == USCRIPT_CYRILLIC || code == USCRIPT_GREEK ||
         code == USCRIPT_ARMENIAN || code == USCRIPT_COPTIC || code == USCRIPT_CHEROKEE ||
         code == USCRIPT_LISU;
}

// none for what has no script of its own: digits, punctuation, marks.
Script script_of(UScriptCode code) {
  if (code == USCRIPT_COMMON || code == USCRIPT_INHERITED || code == USCRIPT_UNKNOWN)
    return Script::none;
  if (is_kana(code) || code == USCRIPT_BOPOMOFO) return Script::characters;
  return static_cast<Script>(code);
}

UScriptCode code_of(char32_t point) {
  if ((point >= 'a' && point <= 'z') || (point >= 'A' && point <= 'Z')) return USCRIPT_LATIN;
  if (point < 0x80) return USCRIPT_COMMON;
  if (point == 0x30fc) return USCRIPT_KATAKANA;  // ー, which ICU shares between both kana
  UErrorCode code = U_ZERO_ERROR;
  return uscript_getScript(static_cast<UChar32>(point), &code);
}

// Takes words apart, and puts together those of one script.
class Runs {
 public:
  void letter(char32_t point, std::string_view bytes) {
    UScriptCode code = code_of(point);
    Script script = script_of(code);
    bool differs = script != Script::none && word_.script != Script::none && word_.script != script;
    if (differs && looks_alike(script) && (looks_alike(word_.script) || mixed()))
      word_.script = Script::mixed;
    else if (differs && !(mixed() && looks_alike(script)))
      end_word();
    if (!mixed() && script != Script::none) word_.script = script;
    std::uint32_t weight = letter_weight(point);
    word_.text += bytes;
    word_.letters += weight;
    word_.kana += is_kana(code) ? weight : 0;
    word_.word_letters_max += weight > 0 ? 1 : 0;
  }

  void end_word() {
    if (word_.text.empty()) return;
    word_.words = 1;
    bool joins =
        !runs_.empty() && (runs_.back().script == word_.script || word_.script == Script::none);
    if (joins) {
      ScriptRun& run = runs_.back();
      run.text += ' ' + word_.text;
      run.letters += word_.letters;
      run.kana += word_.kana;
      run.word_letters_max = std::max(run.word_letters_max, word_.word_letters_max);
      ++run.words;
    } else {
      runs_.push_back(std::move(word_));
    }
    word_ = {};
  }

  std::vector<ScriptRun> take() {
    end_word();
    return std::move(runs_);
  }

 private:
  bool mixed() const { return word_.script == Script::mixed; }

  std::vector<ScriptRun> runs_;
  ScriptRun word_;
};

}  // namespace

std::vector<ScriptRun> script_runs(std::string_view sentence) {
  Runs runs;
  for (std::size_t at = 0; at < sentence.size();) {
    std::size_t start = at;
    char32_t point = next_point(sentence, at);
    if (point == ' ')
      runs.end_word();
    else
      runs.letter(point, sentence.substr(start, at - start));
  }
  return runs.take();
}

std::string language_of(Script script) {
  for (const auto& owner : owners)
    if (static_cast<Script>(owner.script) == script) return owner.language;
  return {};
}

std::vector<std::string> languages_of_scripts() {
  std::vector<std::string> out = {"ja"};
  for (const auto& owner : owners) out.emplace_back(owner.language);
  std::sort(out.begin(), out.end());
  return out;
}

Script script_of_language(const std::string& language) {
  if (language == "ja" || language == "zh") return Script::characters;
  if (language == "ko") return static_cast<Script>(USCRIPT_HANGUL);
  UErrorCode code = U_ZERO_ERROR;
  UScriptCode scripts[4];
  std::int32_t count = uscript_getCode(language.c_str(), scripts, 4, &code);
  if (U_FAILURE(code) || count < 1 || code == U_USING_DEFAULT_WARNING) return Script::none;
  return script_of(scripts[0]);
}

std::string name_of(Script script) {
  if (script == Script::mixed) return "mixed";
  if (script == Script::none) return "no";
  const char* name = uscript_getName(static_cast<UScriptCode>(script));
  return name != nullptr ? name : "unknown";
}

Alphabet::Alphabet(const std::string& language) {
  UErrorCode code = U_ZERO_ERROR;
  ULocaleData* data = ulocdata_open(language.c_str(), &code);
  USet* set =
      ulocdata_getExemplarSet(data, nullptr, USET_CASE_INSENSITIVE, ULOCDATA_ES_STANDARD, &code);
  // A warning says that these are the letters of some other language.
  for (std::int32_t i = 0; code == U_ZERO_ERROR && i < uset_getItemCount(set); ++i) {
    UChar32 first = 0;
    UChar32 last = 0;
    UErrorCode failed = U_ZERO_ERROR;
    if (uset_getItem(set, i, &first, &last, nullptr, 0, &failed) != 0) continue;
    for (UChar32 point = first; point <= last; ++point) letters_ += static_cast<char32_t>(point);
  }
  uset_close(set);
  ulocdata_close(data);
  std::sort(letters_.begin(), letters_.end());
}

bool Alphabet::lacks_letters_of(std::string_view sentence) const {
  if (letters_.empty()) return false;
  std::size_t words = 1;
  std::size_t foreign_words = 0;
  bool foreign = false;
  for (std::size_t at = 0; at < sentence.size();) {
    char32_t point = next_point(sentence, at);
    if (point == ' ') {
      ++words;
      foreign_words += foreign ? 1 : 0;
      foreign = false;
      continue;
    }
    bool known = (point < 0x80 && letters_[0] <= 'a') || letter_weight(point) == 0 ||
                 std::binary_search(letters_.begin(), letters_.end(), point);
    foreign = foreign || !known;
  }
  foreign_words += foreign ? 1 : 0;
  bool latin = letters_[0] <= 'a';
  return latin ? foreign_words >= 2 && 5 * foreign_words > words : 10 * foreign_words > words;
}

}  // namespace tramontane
