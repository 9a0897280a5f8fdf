// The program `tram` with one more kind of reward, a C++ function: job graphs, `grade` and
// `verify-answer` of this program know `distinct` beside the built-in ones.
//
//   own_reward run examples/gate.yaml --set "actors.verifier.rewards={math: 0.9, distinct: 0.1}"
#include "actors/rewards/reward.h"
#include "actors/tram.h"

#include <cctype>
#include <set>
#include <sstream>

using namespace tramontane;

// The share of a completion's words that it had not used before: repetition costs. An option of its
// own, `distinct: { weight: 0.1, options: { case: fold } }`, takes capitals for small letters.
RewardResult reward_distinct(
    const Completion& completion, const RewardSpec& spec, const RewardOptions& options) {
  auto own = spec.of<OwnOptions>().values;
  bool fold = own.contains("case") && own["case"] == "fold";
  (void)options;
  std::istringstream words{std::string(completion.text)};
  std::set<std::string> distinct;
  std::size_t count = 0;
  for (std::string word; words >> word; ++count) {
    if (fold)
      for (char& c : word) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    distinct.insert(word);
  }
  RewardResult result;
  if (count == 0) {
    result.cannot_decide = "there are no words";
    return result;
  }
  result.share = static_cast<double>(distinct.size()) / static_cast<double>(count);
  result.evidence =
      std::to_string(distinct.size()) + " of " + std::to_string(count) + " words are distinct";
  return result;
}

int main(int argc, char** argv) {
  return tram_main(argc, argv,
      {.rewards = {
           {.name = "distinct", .make = reward_of<reward_distinct>, .own_options = {"case"}}}});
}
