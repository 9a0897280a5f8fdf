// Languages of short texts, with whatever model there is.
#include "actors/rewards/language/identifier.h"

#include "runtime/base/result.h"
#include "tests/language/texts.h"
#include "tests/support/temp_folder.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

std::shared_ptr<const LanguageModel> model() {
  return LanguageModel::open(find_language_model(""));
}

}  // namespace

TEST_CASE("ordinary sentences have their languages") {
  auto known = model()->languages();
  for (const Text& one : texts) {
    if (std::find(known.begin(), known.end(), one.language) == known.end()) continue;
    Languages found = model()->identify(one.text);
    CAPTURE(one.language);
    CHECK(found.main().language == one.language);
    CHECK(found.main().share == doctest::Approx(1));
  }
}

TEST_CASE("a few letters are undetermined") {
  Languages short_one = model()->identify("Also gut, $x=5$.");
  CHECK(short_one.undetermined());
  CHECK(short_one.main().language.empty());
  CHECK(short_one.evidence() == "undetermined (7 letters)");
  CHECK(model()->identify("\\[x = 5\\]").undetermined());
}

TEST_CASE("one foreign sentence in five is seen") {
  auto in = [](const char* language) { return std::string(text_in(language)) + " "; };
  for (const char* main : {"en", "fr", "de", "es", "ru", "zh"})
    for (const char* foreign : {"en", "fr", "de", "es", "ru", "zh"}) {
      if (std::string(main) == foreign) continue;
      Languages found = model()->identify(in(main) + in(main) + in(foreign) + in(main) + in(main));
      CAPTURE(main);
      CAPTURE(foreign);
      CAPTURE(found.evidence());
      CHECK(found.main().language == main);
      CHECK(found.main().share < 0.9);
      CHECK(found.main().share > 0.6);
    }
}

TEST_CASE("the model is one for all who use it, in any thread") {
  auto one = model();
  CHECK(one == model());
  std::vector<std::thread> threads;
  std::vector<int> wrong(4);
  for (int& count : wrong)
    threads.emplace_back([&one, &count] {
      for (int i = 0; i < 50; ++i)
        for (const auto& [language, text] : texts)
          count += one->identify(text).main().language != one->identify(text).main().language;
    });
  for (auto& thread : threads) thread.join();
  CHECK(std::count(wrong.begin(), wrong.end(), 0) == 4);
}

TEST_CASE("what is no model is refused, with the remedy") {
  TempFolder folder;
  auto write = [&](const char* name, const std::string& bytes) {
    std::string path = folder.path() + "/" + name;
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  };
  auto refusal = [](const std::string& path) -> std::string {
    try {
      LanguageModel::open(find_language_model(path));
    } catch (const Error& error) {
      return error.text();
    }
    return "";
  };
  CHECK(
      refusal("/nowhere/lid.ftz").find("no language model at /nowhere/lid.ftz; run ./dev setup") ==
      0);
  CHECK(refusal(write("text", "not a model")).find("is no fastText model") != std::string::npos);

  std::ifstream file(find_language_model(""), std::ios::binary);
  std::string bytes((std::istreambuf_iterator<char>(file)), {});
  for (std::size_t size :
      {std::size_t{8}, std::size_t{60}, std::size_t{1000}, bytes.size() / 2, bytes.size() - 1})
    CHECK(refusal(write("cut", bytes.substr(0, size))).find("cannot be read") != std::string::npos);
}
