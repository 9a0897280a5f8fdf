#include "actors/rewards/language/identifier.h"

#include "actors/rewards/language/clean.h"
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

constexpr std::string_view prefix = "__label__";
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

std::string percent(double share) {
  return str(std::lround(100 * share), "%");
}

}  // namespace

bool Languages::undetermined() const {
  return sure < sentence_letters_min;
}

LanguageShare Languages::main() const {
  return undetermined() ? LanguageShare{} : shares.front();
}

std::string Languages::evidence() const {
  if (undetermined() && letters < sentence_letters_min)
    return str("undetermined (", letters, " letters)");
  if (undetermined()) return str("undetermined (unsure of ", letters, " letters)");
  std::string out;
  for (const auto& [language, share] : shares)
    out += (out.empty() ? "" : ", ") + language + " " + percent(share);
  if (sure < letters) out += "; " + percent(1 - static_cast<double>(sure) / letters) + " unsure";
  return out;
}

struct LanguageModel::State {
  fasttext::FastText model;
  bool spaces_characters = false;
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

LanguageShare LanguageModel::label(std::string_view sentence) const {
  std::string line = state_->spaces_characters ? space_characters(sentence) : std::string(sentence);
  std::istringstream in(line + "\n");
  std::vector<std::pair<fasttext::real, std::string>> predictions;
  state_->model.predictLine(in, predictions, 1, 0);
  if (predictions.empty()) return {};
  return {language_of(predictions[0].second), predictions[0].first};
}

Languages LanguageModel::identify(std::string_view text) const {
  Languages out;
  std::map<std::string, std::uint32_t> letters;
  for (const auto& sentence : clean_sentences(text)) {
    out.letters += sentence.letters;
    if (sentence.letters < sentence_letters_min) continue;
    auto [language, probability] = label(sentence.text);
    if (probability < sure_at) continue;
    out.sure += sentence.letters;
    letters[language] += sentence.letters;
  }
  for (const auto& [language, count] : letters)
    out.shares.push_back({language, static_cast<double>(count) / out.sure});
  std::stable_sort(out.shares.begin(), out.shares.end(),
      [](const auto& a, const auto& b) { return a.share > b.share; });
  return out;
}

std::vector<std::string> LanguageModel::languages() const {
  std::vector<std::string> out;
  auto words = state_->model.getDictionary();
  for (std::int32_t i = 0; i < words->nlabels(); ++i)
    out.push_back(language_of(words->getLabel(i)));
  std::sort(out.begin(), out.end());
  return out;
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
