#pragma once
// Advantages: how much better a rollout is than its group, as the algorithm's rule has it. Pure
// functions; TrainSequence::advantage is filled with them.
//
// What groups are here at all is the ledger's choice: those whose scores differ (contrast.h). A
// difference in a small part of the score, like a length penalty, counts as any other: by a group's
// own deviation it becomes a whole advantage, by the minibatch's it stays as small as it is.

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace tramontane {

enum class AdvantageRule : std::uint8_t {
  // r - mean of the group, then (A - mean) / std over the minibatch (Magistral, section 2.1).
  minibatch_std,
  // (r - mean of the group) / std of the group (GRPO).
  group_std,
  // r - mean of the group (Dr. GRPO).
  group_mean,
  // r - mean of the others of the group (RLOO, arXiv:2402.14740, section 3.2).
  leave_one_out,
};

// One advantage per score. groups[i] says which group score i belongs to; any values, any order.
// Standard deviations divide by n - 1 and have 1e-6 added; a group or minibatch of one gives 0.
std::vector<double> advantages(
    std::span<const double> scores, std::span<const std::uint64_t> groups, AdvantageRule rule);

}  // namespace tramontane
