#include "actors/rewards/language/identifier.h"

#include "runtime/base/check.h"
#include "runtime/base/result.h"

#include <algorithm>
#include <cmath>
#include <fasttext/fasttext.h>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <sstream>

namespace tramontane {

namespace {

// Below it, a label is a guess: names and loan words make other languages of short sentences.
constexpr double sure_at = 0.8;

// Two names in a short sentence are much of it.
constexpr double sure_of_few_at = 0.95;
constexpr std::uint32_t few_letters = 40;

// For the language that a text should be in, this is enough: no other comes near it in sentences
// that are not in that one (1 in 200 of the languages that were tried).
constexpr double expected_at = 0.2;

// Languages that have not the letters of a sentence are left out; if they were most of what the
// model thought of, it knows nothing of it.
constexpr double possible_min = 0.3;

// Where the expected language is as improbable as this, it matters less which other it is.
constexpr double excluded_at = 0.01;
constexpr double other_at = 0.6;

// How many guesses at most, and how probable at least, are added up.
constexpr std::int32_t guesses_max = 10;
constexpr float least_probability = 0.005F;

// Chinese characters are Japanese where one letter in so many is a kana.
constexpr std::uint32_t kana_share = 8;

// Of Latin words in a sentence of another script, so many in a row are a term.
constexpr std::uint32_t term_words_max = 2;

constexpr std::string_view prefix = "__label__";
constexpr std::string_view unknown_label = "und";  // of text in a language that has no label
constexpr std::int32_t fasttext_magic = 793712314;
constexpr std::int32_t fasttext_version_max = 12;

constexpr const char* remedy =
    "run ./dev setup, which trains one, or name a fastText model such as lid.176.ftz "
    "(model: in the job graph, or TRAM_LANGUAGE_MODEL)";

std::string language_of(const std::string& label) {
  return label.starts_with(prefix) ? label.substr(prefix.size()) : label;
}

// A word of Chinese characters and kana only: how many; else 0.
std::size_t characters(const std::string& word) {
  std::string apart = space_characters(word);
  auto count = 1 + std::count(apart.begin(), apart.end(), ' ');
  bool all = apart.size() == 4 * static_cast<std::size_t>(count) - 1;  // three bytes each
  bool wide = static_cast<unsigned char>(word[0]) >= 0xe3;
  return all && wide ? static_cast<std::size_t>(count) : 0;
}

bool decides_language(Script script) {
  return !language_of(script).empty();
}

// What a sentence has of each script, put together; Script::none for its terms.
std::vector<ScriptRun> parts_of(const Sentence& sentence) {
  std::vector<ScriptRun> runs = script_runs(sentence.text);
  if (runs.size() < 2) return runs;
  std::map<Script, std::uint32_t> letters;
  for (const auto& run : runs) letters[run.script] += run.letters;
  auto main = std::max_element(letters.begin(), letters.end(), [](const auto& a, const auto& b) {
    return a.second < b.second;
  })->first;
  std::vector<ScriptRun> parts;
  for (auto& run : runs) {
    bool latin_term = run.script == Script::latin && run.words <= term_words_max;
    bool symbol = run.word_letters_max == 1 && run.script != Script::characters;
    if (run.script != main && (latin_term || symbol)) run.script = Script::none;
    auto part = std::find_if(
        parts.begin(), parts.end(), [&](const auto& other) { return other.script == run.script; });
    if (part == parts.end()) {
      parts.push_back(std::move(run));
      continue;
    }
    part->text += ' ' + run.text;
    part->letters += run.letters;
    part->kana += run.kana;
  }
  return parts;
}

// Whether most of a text's bytes are in these words.
bool mostly_of(std::string_view text, const std::set<std::string, std::less<>>& words) {
  std::size_t known = 0;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = std::min(text.find(' ', at), text.size());
    known += words.contains(text.substr(at, end - at)) ? end - at : 0;
    at = end + 1;
  }
  return 2 * known > text.size();
}

std::string percent(double share) {
  return str(std::lround(100 * share), "%");
}

}  // namespace

bool Languages::undetermined() const {
  return shares.empty() || shares.front().language.empty() ||
         sure <
             (decides_language(shares.front().script) ? script_letters_min : sentence_letters_min);
}

LanguageShare Languages::main() const {
  return undetermined() ? LanguageShare{} : shares.front();
}

std::string Languages::evidence() const {
  if (undetermined() && letters < sentence_letters_min)
    return str("undetermined (", letters, " letters)");
  if (undetermined()) {
    Script script = shares.front().script;
    for (const auto& one : shares)
      if (one.language.empty()) {
        script = one.script;
        break;
      }
    return str("undetermined (unsure of ", letters, " letters, ", name_of(script), ")");
  }
  std::string out;
  for (const auto& one : shares)
    if (!one.language.empty())
      out += (out.empty() ? "" : ", ") + one.language + " " + percent(one.share);
  if (sure < letters) out += "; " + percent(1 - static_cast<double>(sure) / letters) + " unsure";
  return out;
}

std::set<std::string, std::less<>> words_of(const std::vector<Sentence>& sentences) {
  std::set<std::string, std::less<>> out;
  for (const auto& sentence : sentences)
    for (std::size_t at = 0; at < sentence.text.size();) {
      std::size_t end = std::min(sentence.text.find(' ', at), sentence.text.size());
      out.insert(sentence.text.substr(at, end - at));
      at = end + 1;
    }
  return out;
}

struct LanguageModel::State {
  fasttext::FastText model;
  bool spaces_characters = false;
  bool names_unknown = false;

  struct Known {
    Script script;
    Alphabet alphabet;
  };

  std::map<std::string, Known, std::less<>> known;  // by label
};

LanguageModel::LanguageModel(std::unique_ptr<State> state) : state_(std::move(state)) {
  std::size_t singles = 0;
  std::size_t longer = 0;
  auto words = state_->model.getDictionary();
  for (std::int32_t i = 0; i < words->nwords(); ++i) {
    std::size_t count = characters(words->getWord(i));
    singles += count == 1 ? 1 : 0;
    longer += count > 1 ? 1 : 0;
  }
  state_->spaces_characters = singles > longer;
  for (std::int32_t i = 0; i < words->nlabels(); ++i) {
    std::string language = language_of(words->getLabel(i));
    if (language == unknown_label) {
      state_->names_unknown = true;
      continue;
    }
    state_->known.emplace(language, State::Known{script_of_language(language), Alphabet(language)});
  }
}

LanguageModel::~LanguageModel() = default;

std::shared_ptr<const LanguageModel> LanguageModel::open(const std::string& path) {
  static std::mutex mutex;
  static std::map<std::string, std::weak_ptr<const LanguageModel>> open_models;
  std::lock_guard lock(mutex);
  auto& known = open_models[path];
  if (auto model = known.lock()) return model;

  std::ifstream file(path, std::ios::binary);
  if (!file) throw Error(Errc::not_found, str("no language model at ", path, "; ", remedy));
  std::int32_t head[2] = {};  // magic, version: what loadModel() begins behind
  file.read(reinterpret_cast<char*>(head), sizeof head);
  if (head[0] != fasttext_magic || head[1] > fasttext_version_max)
    throw Error(Errc::bad_input, str(path, " is no fastText model; ", remedy));
  // A file that ends early would be read as zeros, for ever.
  file.exceptions(std::ios::failbit | std::ios::badbit);
  auto state = std::make_unique<State>();
  try {
    state->model.loadModel(file);
  } catch (const std::exception& error) {
    throw Error(Errc::bad_input, str("the language model ", path, " cannot be read (", error.what(),
                                     "), its file is damaged or of another version; ", remedy));
  }
  if (state->model.getArgs().model != fasttext::model_name::sup)
    throw Error(Errc::bad_input,
        str(path, " is a fastText model of words, which knows no languages; ", remedy));
  auto model = std::make_shared<LanguageModel>(std::move(state));
  known = model;
  return model;
}

LanguageModel::Label LanguageModel::label(std::string_view sentence) const {
  std::string line = state_->spaces_characters ? space_characters(sentence) : std::string(sentence);
  std::istringstream in(line + "\n");
  std::vector<std::pair<fasttext::real, std::string>> predictions;
  state_->model.predictLine(in, predictions, 1, 0);
  if (predictions.empty()) return {};
  return {language_of(predictions[0].second), predictions[0].first};
}

LanguageModel::Guess LanguageModel::guess(
    const ScriptRun& part, const std::string& expected) const {
  std::string line = state_->spaces_characters ? space_characters(part.text) : part.text;
  std::istringstream in(line + "\n");
  std::vector<std::pair<fasttext::real, std::string>> predictions;
  state_->model.predictLine(in, predictions, guesses_max, least_probability);
  Guess out;
  double possible = 0;
  for (const auto& [probability, label] : predictions) {
    std::string language = language_of(label);
    auto known = state_->known.find(language);
    if (known == state_->known.end()) {
      possible += language == unknown_label ? probability : 0;
      continue;
    }
    const auto& [script, alphabet] = known->second;
    if (script != part.script || alphabet.lacks_letters_of(part.text)) continue;
    possible += probability;
    if (language == expected) {
      out.expected += probability;
      continue;
    }
    if (out.other.empty()) {
      out.other = language;
      out.first = probability;
    }
    out.others += probability;
  }
  if (possible < possible_min) return {};
  out.expected /= possible;
  out.first /= possible;
  out.others /= possible;
  return out;
}

std::string LanguageModel::language_of_part(const ScriptRun& part, const Expected& expected) const {
  if (part.script == Script::characters)
    return kana_share * part.kana >= part.letters ? "ja" : "zh";
  if (std::string decided = language_of(part.script); !decided.empty()) return decided;
  if (part.script == Script::mixed || part.letters < sentence_letters_min) return {};
  Guess guess = this->guess(part, expected.language);
  if (guess.expected >= expected_at) return expected.language;
  if (!expected.language.empty() && mostly_of(part.text, expected.words)) return expected.language;
  if (part.letters < few_letters)
    return guess.first >= sure_of_few_at ? guess.other : std::string();
  if (expected.language.empty()) return guess.first >= sure_at ? guess.other : std::string();
  bool excluded = guess.expected < excluded_at;
  return guess.others >= (excluded ? other_at : sure_at) ? guess.other : std::string();
}

Languages LanguageModel::identify(std::string_view text, const Expected& expected) const {
  return identify(clean_sentences(text), expected);
}

Languages LanguageModel::identify(
    const std::vector<Sentence>& sentences, const Expected& expected) const {
  std::vector<ScriptRun> parts;
  std::uint32_t terms = 0;
  for (const auto& sentence : sentences)
    for (auto& part : parts_of(sentence)) {
      if (part.script == Script::none)
        terms += part.letters;
      else
        parts.push_back(std::move(part));
    }
  Languages out = count(parts, expected);
  // What the whole is in, its sentences need less to be in.
  if (expected.language.empty() && out.sure < out.letters) {
    std::string whole = language_of_whole(parts);
    if (!whole.empty()) out = count(parts, {whole});
  }
  out.terms = terms;
  return out;
}

// Of what a text has in the script with several languages that most of it is in.
std::string LanguageModel::language_of_whole(const std::vector<ScriptRun>& parts) const {
  std::map<Script, ScriptRun> wholes;
  for (const auto& part : parts) {
    if (part.script == Script::mixed || decides_language(part.script)) continue;
    ScriptRun& whole = wholes[part.script];
    whole.script = part.script;
    whole.text += (whole.text.empty() ? "" : " ") + part.text;
    whole.letters += part.letters;
  }
  auto most = std::max_element(wholes.begin(), wholes.end(),
      [](const auto& a, const auto& b) { return a.second.letters < b.second.letters; });
  return most == wholes.end() ? std::string() : language_of_part(most->second, {});
}

Languages LanguageModel::count(
    const std::vector<ScriptRun>& parts, const Expected& expected) const {
  Languages out;
  std::map<std::pair<std::string, Script>, std::uint32_t> letters;
  for (const auto& part : parts) {
    std::string language = language_of_part(part, expected);
    out.letters += part.letters;
    out.sure += language.empty() ? 0 : part.letters;
    letters[{language, part.script}] += part.letters;
  }
  for (const auto& [key, count] : letters) {
    double share = key.first.empty() ? 0 : static_cast<double>(count) / out.sure;
    out.shares.push_back({key.first, key.second, count, share});
  }
  std::stable_sort(out.shares.begin(), out.shares.end(), [](const auto& a, const auto& b) {
    return std::pair(!a.language.empty(), a.letters) > std::pair(!b.language.empty(), b.letters);
  });
  return out;
}

std::vector<std::string> LanguageModel::languages() const {
  std::vector<std::string> out = languages_of_scripts();
  for (const auto& [language, known] : state_->known) out.push_back(language);
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

bool LanguageModel::names_unknown() const {
  return state_->names_unknown;
}

bool LanguageModel::spaces_characters() const {
  return state_->spaces_characters;
}

std::string find_language_model(const std::string& named) {
  std::error_code code;
  auto there = [&](const std::filesystem::path& path) {
    return std::filesystem::is_regular_file(path, code);
  };
  const char* environment = std::getenv("TRAM_LANGUAGE_MODEL");
  std::string wanted = !named.empty() ? named : environment != nullptr ? environment : "";
  if (!wanted.empty()) {
    if (there(wanted)) return wanted;
    throw Error(Errc::not_found, str("no language model at ", wanted, "; ", remedy));
  }
  std::filesystem::path folder =
      std::filesystem::read_symlink("/proc/self/exe", code).parent_path();
  for (const std::filesystem::path& place :
      {folder / "lid.ftz", folder / ".." / TRAM_DATA_DIR / "lid.ftz"})
    if (there(place)) return place;
  // In a build, the program is some folders below the one that has deps/.
  constexpr int folders_up_max = 5;
  for (int i = 0; i < folders_up_max && folder.has_relative_path(); ++i) {
    auto place = folder / "deps" / "language" / "lid.ftz";
    if (there(place)) return place;
    folder = folder.parent_path();
  }
  throw Error(Errc::not_found, str("there is no language model; ", remedy));
}

}  // namespace tramontane
