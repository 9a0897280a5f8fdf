// Languages of public data sets, with figures: MGSM's questions, MATH-500's solutions, and MGSM's
// questions with one sentence in five put in another language. The sets are read from $TRAM_DATA.
#include "actors/rewards/language/clean.h"
#include "actors/rewards/language/identifier.h"
#include "actors/rewards/reward_table.h"
#include "actors/rewards/rewards.h"

#include <boost/json.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

constexpr const char* languages[] = {"en", "de", "es", "fr", "ru", "zh", "ja"};

std::string data_folder() {
  const char* folder = std::getenv("TRAM_DATA");
  if (folder == nullptr) MESSAGE("skipped: the data sets, because $TRAM_DATA is not set");
  return folder == nullptr ? "" : folder;
}

const LanguageModel& model() {
  static auto open = LanguageModel::open(find_language_model(""));
  return *open;
}

std::vector<std::string> questions(const std::string& language) {
  std::ifstream file(data_folder() + "/mgsm/mgsm_" + language + ".tsv");
  std::vector<std::string> out;
  for (std::string line; std::getline(file, line);) out.push_back(line.substr(0, line.find('\t')));
  REQUIRE(out.size() == 250);
  return out;
}

std::vector<std::string> solutions() {
  std::ifstream file(data_folder() + "/math500/math500.jsonl");
  std::vector<std::string> out;
  for (std::string line; std::getline(file, line);)
    out.emplace_back(boost::json::parse(line).at("solution").as_string().c_str());
  REQUIRE(out.size() == 500);
  return out;
}

// Sentences that say enough by themselves, as they are in the questions.
std::vector<std::string> sentences(const std::string& language) {
  std::vector<std::string> out;
  for (const auto& question : questions(language))
    for (auto& sentence : clean_sentences(question))
      if (sentence.letters >= 2 * sentence_letters_min) out.push_back(sentence.text + ".\n");
  return out;
}

double share_of(std::size_t count, std::size_t all) {
  return 100.0 * static_cast<double>(count) / static_cast<double>(all);
}

}  // namespace

TEST_CASE("MGSM's questions have their languages") {
  if (data_folder().empty()) return;
  for (const char* language : languages) {
    std::size_t right = 0;
    std::size_t undetermined = 0;
    auto texts = questions(language);
    for (const auto& text : texts) {
      Languages found = model().identify(text);
      undetermined += found.undetermined() ? 1 : 0;
      right += found.main().language == language ? 1 : 0;
      if (found.main().language != language)
        std::printf("  %s: %s: %s\n", language, found.evidence().c_str(), text.c_str());
    }
    std::size_t whole = 0;
    std::size_t known = 0;
    auto parts = sentences(language);
    for (const auto& part : parts) {
      Languages found = model().identify(part);
      known += found.undetermined() ? 0 : 1;
      whole += found.main().language == language ? 1 : 0;
    }
    std::printf(
        "%s: questions %.1f%% right, %zu undetermined; of %zu sentences it is sure of "
        "%.1f%%, and right in %.2f%% of those\n",
        language, share_of(right, texts.size()), undetermined, parts.size(),
        share_of(known, parts.size()), share_of(whole, known));
    CHECK(share_of(right, texts.size()) >= 99.5);
  }
}

TEST_CASE("no solution of MATH-500 is taken for anything but English") {
  if (data_folder().empty()) return;
  RewardTable table(built_in_rewards(),
      {{.name = "language", .weight = 1, .options = LanguageOptions{.expect = "en"}}}, {});
  std::size_t alarms = 0;
  std::size_t undetermined = 0;
  auto texts = solutions();
  for (const auto& text : texts) {
    Verdict verdict = table.judge({.prompt = "", .answer = "", .text = text});
    undetermined +=
        verdict.components[0].evidence.find("answer: undetermined") != std::string::npos;
    if (verdict.score == 1) continue;
    ++alarms;
    std::printf("  %s\n", verdict.components[0].evidence.c_str());
  }
  std::printf(
      "MATH-500: false alarms %zu of %zu, %zu undetermined\n", alarms, texts.size(), undetermined);
  CHECK(share_of(alarms, texts.size()) < 0.5);
}

TEST_CASE("one foreign sentence in five is caught, and none is not") {
  if (data_folder().empty()) return;
  RewardTable table(built_in_rewards(), {{.name = "language", .weight = 1}}, {});
  for (const char* language : languages) {
    auto own = sentences(language);
    std::size_t mixed = 0;
    std::size_t caught = 0;
    std::size_t pure = 0;
    std::size_t alarms = 0;
    for (const char* other : languages) {
      auto foreign = sentences(other);
      if (std::string(other) == language) continue;
      for (std::size_t i = 0; i + 5 <= own.size(); i += 5) {
        const auto& prompt = own[(i + own.size() / 2) % own.size()];
        std::string text =
            own[i] + own[i + 1] + foreign[i % foreign.size()] + own[i + 2] + own[i + 3];
        std::string same = own[i] + own[i + 1] + own[i + 4] + own[i + 2] + own[i + 3];
        ++mixed;
        caught += table.judge({.prompt = prompt, .answer = "", .text = text}).score == 0 ? 1 : 0;
        ++pure;
        alarms += table.judge({.prompt = prompt, .answer = "", .text = same}).score == 0 ? 1 : 0;
      }
    }
    std::printf(
        "%s: one foreign sentence in five caught %.2f%% of %zu; alarms without one %.2f%%\n",
        language, share_of(caught, mixed), mixed, share_of(alarms, pure));
    CHECK(share_of(caught, mixed) >= 99);
    CHECK(share_of(alarms, pure) < 1);
  }
}
