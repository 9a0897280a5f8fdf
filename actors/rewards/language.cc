#include "actors/rewards/language/clean.h"
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

// In another script, so many at most: a sentence, in a text however long.
constexpr std::uint32_t other_script_max = 3 * sentence_letters_min;

// Of all letters, so many at most may be Latin terms in sentences of another script.
constexpr double terms_max = 0.2;

// Of a part's letters, so many must be known to be in the language that is wanted.
constexpr double own_min = 0.5;

// A problem of so many letters whose language is not known is in one that the model does not know.
constexpr std::uint32_t unknown_letters_min = 2 * sentence_letters_min;

// What a completion should be in: a language, or what is known of it.
struct Wanted {
  std::string language;  // "": none that is known
  Script script = Script::none;
  double foreign_share = 0;  // of the problem itself
  double term_share = 0;     // likewise

  bool nothing() const { return language.empty() && script == Script::none; }
};

// A part of what is judged, and what languages it is in.
struct Part {
  const char* name;
  Languages languages;
  std::uint32_t unread =
      0;  // letters of prose in maths, code and markup, fewer than there are in sight
};

// A part's letters, as the wanted language has them.
struct Letters {
  double own = 0;
  double unsure = 0;
  double foreign = 0;
  std::uint32_t other_script = 0;  // of the foreign ones

  double all() const { return own + unsure + foreign; }
};

double term_share(const Languages& languages) {
  double all = languages.letters + languages.terms;
  return all > 0 ? languages.terms / all : 0;
}

Letters letters_of(const Languages& languages, const Wanted& wanted) {
  Letters out;
  for (const auto& one : languages.shares) {
    bool script_fits = one.script == wanted.script || one.script == Script::mixed;
    if (one.language == wanted.language && script_fits && one.script != Script::mixed)
      out.own += one.letters;
    else if (script_fits && (one.language.empty() || wanted.language.empty()))
      out.unsure += one.letters;
    else
      out.foreign += one.letters;
    if (!script_fits && one.script != Script::latin) out.other_script += one.letters;
  }
  if (term_share(languages) > std::max(terms_max, 1.5 * wanted.term_share))
    out.foreign += languages.terms;
  return out;
}

class LanguageReward final : public Reward {
 public:
  LanguageReward(const RewardSpec& spec, const RewardOptions& options)
      : LanguageReward(spec.of<LanguageOptions>(), options) {}

  LanguageReward(const LanguageOptions& spec, const RewardOptions& options)
      : path_(find_language_model(spec.model)),
        expect_(spec.expect),
        undetermined_(spec.undetermined),
        tags_(options.tags) {
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
    auto sentences = clean_sentences(completion.prompt);
    Languages problem = model().identify(sentences, {expect_});
    Wanted wanted = wanted_by(problem);
    Expected expected{wanted.language};
    // What is quoted from a problem in another language is not in the one that is wanted.
    if (problem.main().language == wanted.language) expected.words = words_of(sentences);
    Parts parts = split_thinking(completion.text, tags_);
    std::vector<Part> written;
    if (parts.thinks && parts.well_formed)
      written.push_back(read("thinking", parts.thinking, expected));
    written.push_back(read("answer", parts.well_formed ? parts.answer : completion.text, expected));

    if (wanted.language.empty() && wanted.script != Script::none)
      wanted = wanted_after_all(wanted, sentences, written);
    RewardResult result;
    result.share = 1;
    result.evidence = "problem: " + problem.evidence();
    for (const auto& part : written)
      result.evidence += str("; ", part.name, ": ", part.languages.evidence());
    std::string why;
    for (const auto& part : written) {
      auto [share, reason] = judge_part(part, wanted);
      if (share >= result.share) continue;
      result.share = share;
      why = str("; the ", part.name, " ", reason);
    }
    result.evidence += why.empty() ? "; consistent" : why;
    return result;
  }

  Wanted wanted_by(const Languages& problem) const {
    if (!expect_.empty()) return {expect_, script_of_language(expect_)};
    if (!problem.undetermined()) {
      auto main = problem.main();
      return {main.language, main.script, 1 - main.share, term_share(problem)};
    }
    if (problem.letters < unknown_letters_min) return {};
    auto most = std::max_element(problem.shares.begin(), problem.shares.end(),
        [](const auto& a, const auto& b) { return a.letters < b.letters; });
    return {"", most->script};
  }

  // A problem whose language is not sure is in that of its answer, if it may be: the language that
  // a text should be in needs less to be believed.
  Wanted wanted_after_all(const Wanted& wanted, const std::vector<Sentence>& problem,
      const std::vector<Part>& written) {
    std::string language = written.front().languages.main().language;
    if (language.empty()) return wanted;
    auto main = model().identify(problem, {language}).main();
    return main.language == language ? Wanted{language, main.script} : wanted;
  }

  // Prose that hides is read where there is no other to speak of.
  Part read(const char* name, std::string_view text, const Expected& expected) {
    Prose prose = clean_prose(text);
    auto count = [](const std::vector<Sentence>& sentences) {
      std::uint32_t letters = 0;
      for (const auto& sentence : sentences) letters += sentence.letters;
      return letters;
    };
    std::uint32_t seen = count(prose.sentences);
    std::uint32_t hidden = count(prose.hidden);
    if (hidden > seen || seen < sentence_letters_min) {
      prose.sentences.insert(prose.sentences.end(), prose.hidden.begin(), prose.hidden.end());
      hidden = 0;
    }
    return {name, model().identify(prose.sentences, expected), hidden};
  }

  struct Opinion {
    double share;
    std::string reason;
  };

  // The share of one part. Where the problem is in no language at all, the first part that is in
  // one says which it is to be.
  Opinion judge_part(const Part& part, Wanted& wanted) const {
    bool any = wanted.nothing();
    if (any) {
      if (part.languages.undetermined()) return {1, ""};
      auto main = part.languages.main();
      wanted = {main.language, main.script};
    }
    Letters letters = letters_of(part.languages, wanted);
    bool few = letters.all() + part.unread < sentence_letters_min;
    std::string language = wanted.language.empty() ? "the problem's language" : wanted.language;
    double foreign_most = std::max(foreign_max, std::min(2 * wanted.foreign_share, own_min));
    bool foreign = letters.foreign > foreign_most * letters.all() ||
                   (wanted.foreign_share == 0 && letters.other_script > other_script_max);
    if (few && letters.other_script < script_letters_min) return {1, ""};
    if (foreign && letters.own < letters.foreign) return {0, "is not in " + language};
    if (foreign) return {0, "mixes languages"};
    if (few || letters.own >= own_min * letters.all()) return {1, ""};
    return {undetermined_, "is in no language that is known"};
  }

  std::string path_;
  std::string expect_;
  double undetermined_;
  ThinkingTags tags_;
  std::shared_ptr<const LanguageModel> model_;
};

}  // namespace

std::unique_ptr<Reward> make_language_reward(const RewardSpec& spec, const RewardOptions& options) {
  return std::make_unique<LanguageReward>(spec, options);
}

std::string known_languages() {
  std::string out = "The reward language knows by their scripts\n";
  for (const auto& language : languages_of_scripts()) out += " " + language;
  // As actors/rewards/language/train.py has them.
  return out +
         "\nand by the model of ./dev setup\n ar ca cs da de en es fa fi fr hi hu id it mr nb ne "
         "nl pl "
         "pt ro ru sv tr uk vi\nor what a model of yours knows.";
}

}  // namespace tramontane
