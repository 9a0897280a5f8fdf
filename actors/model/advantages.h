#pragma once
// Advantages: how much better a rollout is than its group, as the algorithm's rule has it. Pure
// functions; the trainer actor fills TrainSequence::advantage with them.

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace tramontane {

enum class AdvantageRule : std::uint8_t {
  // r - mean of the group, then (A - mean) / std over the minibatch (Magistral, section 2.1).
  minibatch_normalised,
  // (r - mean of the group) / std of the group (GRPO).
  group_normalised,
  // r - mean of the group (Dr. GRPO).
  group_centred,
};

// True where two scores of a group differ by more than rounding: only then is there anything to
// learn from it.
bool has_contrast(std::span<const double> scores);

// One advantage per score. groups[i] says which group score i belongs to; any values, any order.
// Standard deviations divide by n - 1 and have 1e-6 added; a group or minibatch of one gives 0.
std::vector<double> advantages(
    std::span<const double> scores, std::span<const std::uint64_t> groups, AdvantageRule rule);

}  // namespace tramontane
