#include "actors/rewards/rewards.h"
#include "runtime/base/check.h"

#include <algorithm>

namespace tramontane {

RewardResult reward_length(
    const Completion& completion, const RewardSpec&, const RewardOptions& options) {
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

}  // namespace tramontane
