#include "actors/rewards/rewards.h"
#include "runtime/base/check.h"
#include "runtime/base/result.h"

#include <algorithm>

namespace tramontane {

RewardResult reward_length(
    const Completion& completion, const RewardSpec& spec, const RewardOptions&) {
  auto options = spec.of<LengthOptions>();
  TRAM_CHECK(options.length_cache <= options.length_max, "length_cache over length_max",
      options.length_cache);
  std::uint32_t begin = options.length_max - options.length_cache;
  RewardResult result;
  if (completion.tokens > begin) {
    double over = static_cast<double>(completion.tokens - begin);
    result.share = options.length_cache == 0 ? -1 : -std::min(1.0, over / options.length_cache);
  }
  result.evidence = str(
      completion.tokens, " tokens; free up to ", begin, ", whole penalty at ", options.length_max);
  return result;
}

std::unique_ptr<Reward> make_length_reward(const RewardSpec& spec, const RewardOptions& options) {
  auto length = spec.of<LengthOptions>();
  if (length.length_cache > length.length_max)
    throw Error(Errc::bad_input, str("expected a length_cache of at most length_max, which is ",
                                     length.length_max, ", found ", length.length_cache));
  return reward_of<reward_length>(spec, options);
}

}  // namespace tramontane
