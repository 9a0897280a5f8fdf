#include "actors/model/algorithms.h"

#include "runtime/base/check.h"
#include "runtime/base/result.h"

namespace tramontane {
namespace {

struct Algorithm {
  std::string_view name;
  LossOptions loss;
};

using Rule = AdvantageRule;

constexpr Algorithm table[] = {
    // Magistral (arXiv:2506.10910, section 2.1): 1/Σ|o_i| over the group's tokens, the mean over
    // groups; advantages normalised over the minibatch; clip-higher with 0.26 to 0.28 (section
    // 5.2). It prints no lower bound: PPO's 0.2.
    {"magistral", {.advantage = Rule::minibatch_std,
                      .normaliser = Normaliser::group_tokens,
                      .clip_low = 0.2,
                      .clip_high = 0.28}},
    // GRPO (arXiv:2402.03300, equation 3) without its KL term: every completion of equal weight.
    {"grpo", {.advantage = Rule::group_std,
                 .normaliser = Normaliser::sequence,
                 .clip_low = 0.2,
                 .clip_high = 0.2}},
    // DAPO (arXiv:2503.14476, equation 8), whose 1/Σ|o_i| is over the group's tokens; its reference
    // implementation averages over the batch's (normaliser: batch_tokens). Its dynamic sampling is
    // batch_of: kept.
    {"dapo", {.advantage = Rule::group_std,
                 .normaliser = Normaliser::group_tokens,
                 .clip_low = 0.2,
                 .clip_high = 0.28}},
    // Dr. GRPO (arXiv:2503.20783, figure 1 and listing 1): no division by the deviation, and by a
    // constant in place of a completion's length.
    {"dr_grpo", {.advantage = Rule::group_mean,
                    .normaliser = Normaliser::budget,
                    .clip_low = 0.2,
                    .clip_high = 0.2}},
    // CISPO (MiniMax-M1, arXiv:2506.13585, equations 4 and 5): the weight is clipped and held
    // constant, so that no token loses its gradient. No effective lower bound (section 3.1); the
    // upper is not printed: the weight is at most 5, as in ScaleRL (arXiv:2510.13786).
    {"cispo", {.advantage = Rule::group_std,
                  .normaliser = Normaliser::group_tokens,
                  .clip = Clip::held,
                  .clip_low = 1,
                  .clip_high = 4}},
    // GSPO (arXiv:2507.18071, equations 5 and 7; bounds of section 5.1): one ratio for a whole
    // sequence, clipped as one.
    {"gspo", {.advantage = Rule::group_std,
                 .normaliser = Normaliser::sequence,
                 .ratio = RatioOf::sequence,
                 .clip_low = 3e-4,
                 .clip_high = 4e-4}},
    // REINFORCE with truncated importance sampling (Ionides 2008; as in IMPALA, arXiv:1802.01561,
    // and LlamaRL, arXiv:2505.24034, which has 2 to 10): the weight is capped and held constant.
    {"truncated_is", {.advantage = Rule::group_std,
                         .normaliser = Normaliser::batch_tokens,
                         .clip = Clip::truncated,
                         .importance_cap = 2}},
    // Decoupled PPO (Hilton et al., arXiv:2110.00641, equation 3; as in AReaL, arXiv:2505.24298,
    // equation 5): the policy that the update is kept close to is not the one that wrote the
    // tokens. Neither bounds the importance. Where a batch is one minibatch the ratio is 1: the
    // policy gradient weighted by importance.
    {"decoupled_ppo", {.advantage = Rule::minibatch_std,
                          .normaliser = Normaliser::batch_tokens,
                          .old = OldPolicy::proximal,
                          .clip_low = 0.2,
                          .clip_high = 0.2}},
};

}  // namespace

std::vector<std::string> algorithm_names() {
  std::vector<std::string> names;
  for (const Algorithm& a : table) names.emplace_back(a.name);
  return names;
}

LossOptions loss_of(std::string_view algorithm) {
  std::string known;
  for (const Algorithm& a : table) {
    if (a.name == algorithm) return a.loss;
    known += str(known.empty() ? "" : ", ", a.name);
  }
  throw Error(Errc::bad_input, str("no algorithm is called '", algorithm, "'; there are ", known));
}

}  // namespace tramontane
