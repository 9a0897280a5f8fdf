// Models that somebody else trained: in the form of lid.176, and of no use.
#include "actors/rewards/language/identifier.h"
#include "runtime/base/result.h"
#include "tests/support/temp_folder.h"

#include <algorithm>
#include <fasttext/fasttext.h>
#include <fstream>
#include <string>
#include <vector>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

const std::vector<std::string> german = {
    "wir zählen die äpfel in den körben", "danach teilen wir die summe", "das ist die antwort"};
const std::vector<std::string> chinese = {
    "我们 苹果 数量 加起来", "然后 我们 总数 除以", "这是 正确 答案"};

// German and Chinese, the latter in words or with its characters apart; the loss of lid.176.
std::string train(const TempFolder& folder, bool apart, bool of_words = false) {
  std::string rows = folder.path() + "/rows";
  std::ofstream file(rows);
  for (int i = 0; i < 100; ++i)
    for (std::size_t j = 0; j < german.size(); ++j) {
      file << "__label__de " << german[j] << '\n';
      file << "__label__zh ";
      for (std::size_t k = 0; k < chinese[j].size(); k += chinese[j][k] == ' ' ? 1 : 3)
        file << chinese[j].substr(k, chinese[j][k] == ' ' ? 1 : 3) << (apart ? " " : "");
      file << '\n';
    }
  file.close();
  fasttext::Args args;
  args.input = rows;
  args.model = of_words ? fasttext::model_name::sg : fasttext::model_name::sup;
  args.loss = of_words ? fasttext::loss_name::ns : fasttext::loss_name::hs;
  args.dim = 4;
  args.minn = 2;
  args.maxn = 4;
  args.bucket = 1000;
  args.epoch = 20;
  args.lr = of_words ? 0.05 : 0.5;
  args.thread = 1;
  args.verbose = 0;
  fasttext::FastText model;
  model.train(args);
  std::string path = folder.path() + (apart ? "/apart.bin" : "/words.bin");
  model.saveModel(path);
  return path;
}

}  // namespace

TEST_CASE("whether a model wants its characters apart is seen in its vocabulary") {
  TempFolder folder;
  auto words = LanguageModel::open(train(folder, false));
  CHECK_FALSE(words->spaces_characters());
  auto apart = LanguageModel::open(train(folder, true));
  CHECK(apart->spaces_characters());
  for (const auto& model : {words, apart}) {
    auto known = model->languages();  // its own, and those that scripts decide
    for (const char* language : {"de", "zh", "th"})
      CHECK(std::find(known.begin(), known.end(), language) != known.end());
    CHECK(std::find(known.begin(), known.end(), "fr") == known.end());
    CHECK(model->identify("Wir zählen die Äpfel in den Körben.").main().language == "de");
    CHECK(model->identify("我们 苹果 数量 加起来。然后 我们 总数 除以。").main().language == "zh");
  }
}

TEST_CASE("a model of words is refused") {
  TempFolder folder;
  std::string path = train(folder, false, true);
  CHECK_THROWS_WITH_AS(LanguageModel::open(path), doctest::Contains("knows no languages"), Error);
}
