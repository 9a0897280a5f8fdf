// Trains the language model: language_train CORPUS MODEL
//
// CORPUS has lines LANGUAGE<TAB>text, in any order (train.py writes them). The text is cleaned as
// it will be when the model is used. Of every language the same number of sentences is taken, and
// of every sentence a window of a few words, so that short texts are known too. The same CORPUS
// gives the same MODEL, byte for byte, with one thread.
#include "actors/rewards/language/clean.h"
#include "actors/rewards/language/scripts.h"
#include "runtime/base/check.h"
#include "runtime/base/random.h"

#include <algorithm>
#include <exception>
#include <fasttext/fasttext.h>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <sstream>
#include <unicode/translit.h>
#include <unicode/unistr.h>
#include <unordered_map>
#include <unordered_set>

using namespace tramontane;

namespace {

constexpr std::size_t sentences_max = 8'000;  // of one language
constexpr std::uint32_t letters_min = 12;
constexpr std::uint64_t words_min = 2;  // of a window
constexpr std::uint64_t words_max = 8;
constexpr std::size_t characters_per_word = 2;  // of Chinese and Japanese

constexpr std::size_t held_out_every = 50;  // sentences, to be asked for its label at the end

using Corpus = std::map<std::string, std::vector<std::string>>;

// Text of languages that are not told apart: what is in none of the others sounds like it.
constexpr const char* undetermined = "und";
constexpr std::size_t undetermined_times = 3;  // as many sentences as one language has
constexpr std::size_t romanised_max = 2'000;   // of one language, and part of them

Script script_of(const std::string& language) {
  return language == undetermined ? Script::latin : script_of_language(language);
}

// Whether most letters are in the language's script: manuals quote commands, and leave paragraphs
// untranslated.
bool in_script(const Sentence& sentence, const std::string& language) {
  std::uint32_t right = 0;
  for (const auto& run : script_runs(sentence.text))
    right += run.script == script_of(language) ? run.letters : 0;
  return 10 * right > 8 * sentence.letters;
}

// Sentences by language. One that two languages have is English that was left untranslated, or
// nobody's.
Corpus read_corpus(const char* path) {
  std::ifstream file(path);
  std::unordered_map<std::string, std::string> owner;
  std::vector<std::string> order;
  for (std::string line; std::getline(file, line);) {
    std::size_t tab = line.find('\t');
    if (tab == std::string::npos) continue;
    std::string language = line.substr(0, tab);
    for (auto& sentence : clean_sentences(std::string_view(line).substr(tab + 1))) {
      if (sentence.letters < letters_min || !in_script(sentence, language)) continue;
      std::string text = space_characters(sentence.text);
      auto [known, added] = owner.try_emplace(text, language);
      if (added) order.push_back(std::move(text));
      if (known->second != language) known->second = known->second == "en" ? "en" : "";
    }
  }
  Corpus corpus;
  for (auto& text : order)
    if (const auto& language = owner[text]; !language.empty()) corpus[language].push_back(text);
  return corpus;
}

void shuffle(std::vector<std::string>& texts, Random& random) {
  for (std::size_t i = texts.size(); i > 1; --i) std::swap(texts[i - 1], texts[random.below(i)]);
}

std::string window(const std::string& sentence, bool characters, Random& random) {
  std::vector<std::size_t> starts = {0};
  for (std::size_t i = 0; i < sentence.size(); ++i)
    if (sentence[i] == ' ') starts.push_back(i + 1);
  std::size_t words = words_min + random.below(words_max - words_min + 1);
  if (characters) words *= characters_per_word;
  if (words >= starts.size()) return sentence;
  std::size_t first = random.below(starts.size() - words + 1);
  std::size_t end = first + words < starts.size() ? starts[first + words] - 1 : sentence.size();
  return sentence.substr(starts[first], end - starts[first]);
}

// Text of another script in Latin letters, which is in no language that the model knows.
std::vector<std::string> romanised(const std::vector<std::string>& sentences) {
  UErrorCode code = U_ZERO_ERROR;
  std::unique_ptr<icu::Transliterator> latin(
      icu::Transliterator::createInstance("Any-Latin; Latin-ASCII", UTRANS_FORWARD, code));
  TRAM_CHECK(U_SUCCESS(code), "ICU cannot write in Latin letters", u_errorName(code));
  std::vector<std::string> out;
  for (const auto& sentence : sentences) {
    if (out.size() == romanised_max) break;
    auto text = icu::UnicodeString::fromUTF8(sentence);
    latin->transliterate(text);
    std::string bytes;
    for (auto& cleaned : clean_sentences(text.toUTF8String(bytes))) out.push_back(cleaned.text);
  }
  return out;
}

// Writes the rows; returns how many of each language there are, and what was held out.
std::map<std::string, std::size_t> write_rows(
    Corpus corpus, const std::string& path, Corpus& held_out) {
  Random random(1);
  std::vector<std::string> rows;
  std::map<std::string, std::size_t> counts;
  for (auto& [language, sentences] : corpus) {
    shuffle(sentences, random);
    if (script_of(language) != Script::latin)
      for (const auto& sentence : romanised(sentences))
        rows.push_back(str("__label__", undetermined, " ", sentence));
    std::size_t most = sentences_max * (language == undetermined ? undetermined_times : 1);
    if (sentences.size() > most) sentences.resize(most);
    bool characters = script_of(language) == Script::characters;
    for (std::size_t i = 0; i < sentences.size(); ++i) {
      if (i % held_out_every == 0) {
        held_out[language].push_back(sentences[i]);
        continue;
      }
      rows.push_back("__label__" + language + " " + sentences[i]);
      rows.push_back("__label__" + language + " " + window(sentences[i], characters, random));
      counts[language] += 2;
    }
  }
  shuffle(rows, random);
  std::ofstream file(path);
  for (const auto& row : rows) file << row << '\n';
  TRAM_CHECK(file.flush().good(), "cannot write", path);
  return counts;
}

void train(fasttext::FastText& model, const std::string& rows) {
  fasttext::Args args;
  args.input = rows;
  args.model = fasttext::model_name::sup;
  args.loss = fasttext::loss_name::softmax;
  args.dim = 16;
  args.minn = 2;
  args.maxn = 4;
  args.minCount = 5;
  args.bucket = 200'000;
  args.lr = 0.5;
  args.epoch = 5;
  args.thread = 1;
  args.verbose = 0;
  model.train(args);
  args.qnorm = true;
  args.retrain = true;
  args.cutoff = 60'000;
  args.epoch = 1;
  args.lr = 0.2;
  model.quantize(args);
}

void report(const fasttext::FastText& model, const Corpus& held_out,
    const std::map<std::string, std::size_t>& counts) {
  for (const auto& [language, sentences] : held_out) {
    std::size_t right = 0;
    for (const auto& sentence : sentences) {
      std::istringstream in(sentence + "\n");
      std::vector<std::pair<fasttext::real, std::string>> predictions;
      model.predictLine(in, predictions, 1, 0);
      right += !predictions.empty() && predictions[0].second == "__label__" + language ? 1 : 0;
    }
    std::cout << language << "  " << counts.at(language) << " rows, "
              << 100.0 * static_cast<double>(right) / static_cast<double>(sentences.size())
              << "% of " << sentences.size() << " held-out sentences right\n";
  }
}

int run(const char* corpus_path, const std::string& model_path) {
  Corpus corpus = read_corpus(corpus_path);
  if (corpus.size() < 2) {
    std::cerr << "language_train: " << corpus_path << " has no two languages: LANGUAGE<TAB>text\n";
    return 1;
  }
  std::string rows = model_path + ".rows";
  Corpus held_out;
  auto counts = write_rows(std::move(corpus), rows, held_out);
  fasttext::FastText model;
  train(model, rows);
  std::string unfinished = model_path + ".new";
  model.saveModel(unfinished);
  std::filesystem::rename(unfinished, model_path);
  std::filesystem::remove(rows);
  report(model, held_out, counts);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: language_train CORPUS MODEL\n";
    return 2;
  }
  try {
    return run(argv[1], argv[2]);
  } catch (const std::exception& error) {
    std::cerr << "language_train: " << error.what() << '\n';
    return 1;
  }
}
