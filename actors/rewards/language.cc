#include "actors/rewards/language/identifier.h"
#include "actors/rewards/rewards.h"
#include "runtime/base/check.h"
#include "runtime/base/names.h"
#include "runtime/base/result.h"

#include <algorithm>

namespace tramontane {
namespace {

// Of a part's letters, so many at most may be in other languages: a name, a quotation. One sentence
// in five is more.
constexpr double foreign_max = 0.05;

// A part of what is judged, and what languages it is in.
struct Part {
  const char* name;
  Languages languages;
};

class LanguageReward final : public Reward {
 public:
  LanguageReward(const RewardSpec& spec, const RewardOptions& options)
      : LanguageReward(spec.of<LanguageOptions>(), options) {}

  LanguageReward(const LanguageOptions& spec, const RewardOptions& options)
      : path_(find_language_model(spec.model)), expect_(spec.expect), tags_(options.tags) {
    if (expect_.empty()) return;
    auto known = model().languages();
    if (std::find(known.begin(), known.end(), expect_) == known.end())
      throw Error(Errc::bad_input, unknown_name("language", expect_, known));
  }

  std::vector<RewardResult> judge(std::span<const Completion> completions) override {
    std::vector<RewardResult> results;
    results.reserve(completions.size());
    for (const auto& completion : completions) results.push_back(judge_one(completion));
    return results;
  }

 private:
  // Loaded when it is first needed: a job that is only planned does without.
  const LanguageModel& model() {
    if (!model_) model_ = LanguageModel::open(path_);
    return *model_;
  }

  RewardResult judge_one(const Completion& completion) {
    Parts parts = split_thinking(completion.text, tags_);
    std::vector<Part> written;
    if (parts.thinks && parts.well_formed)
      written.push_back({"thinking", model().identify(parts.thinking)});
    written.push_back(
        {"answer", model().identify(parts.well_formed ? parts.answer : completion.text)});
    Part problem{"problem", model().identify(completion.prompt)};

    RewardResult result;
    result.evidence = "problem: " + problem.languages.evidence();
    for (const auto& part : written)
      result.evidence += str("; ", part.name, ": ", part.languages.evidence());
    std::string wanted = !expect_.empty() ? expect_ : problem.languages.main().language;
    std::string fault = first_fault(written, wanted);
    result.share = fault.empty() ? 1 : 0;
    result.evidence += fault.empty() ? "; consistent" : "; " + fault;
    return result;
  }

  // What is in another language than the one wanted, or than the part before it if nothing says
  // which one is; "" if there is nothing.
  static std::string first_fault(const std::vector<Part>& parts, std::string wanted) {
    for (const auto& part : parts) {
      if (part.languages.undetermined()) continue;
      auto [language, share] = part.languages.main();
      if (wanted.empty()) wanted = language;
      if (language != wanted) return str("the ", part.name, " is not in ", wanted);
      if (1 - share > foreign_max) return str("the ", part.name, " mixes languages");
    }
    return {};
  }

  std::string path_;
  std::string expect_;
  ThinkingTags tags_;
  std::shared_ptr<const LanguageModel> model_;
};

}  // namespace

std::unique_ptr<Reward> make_language_reward(const RewardSpec& spec, const RewardOptions& options) {
  return std::make_unique<LanguageReward>(spec, options);
}

}  // namespace tramontane
