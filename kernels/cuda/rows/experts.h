#pragma once
// Bodies of the mixture of experts: the choice of each row's experts, and the sum of what they
// gave.

#include "kernels/cuda/rows/norm.h"

namespace tramontane::kernels::cuda {

constexpr int route_threads = 32;
constexpr int experts_max = 1024;

struct Candidate {
  float key;
  std::int32_t id;
};

// What a logit is compared by: one that is not a number is never preferred. Among equals the lower
// id is the better.
TRAM_BODY Candidate better(Candidate a, Candidate b) {
  return b.key > a.key || (b.key == a.key && b.id < a.id) ? b : a;
}

// The best expert that is not in `taken`, a bit for each of this lane's; the same in every lane.
template <class Block>
TRAM_BODY Candidate best_of_rest(
    Block& block, const float* logits, std::int64_t experts, std::uint32_t taken) {
  Candidate best = {-infinity, experts_max};
  for (int j = 0; j * warp_lanes + block.thread() < experts; ++j) {
    if (taken >> j & 1U) continue;
    const std::int32_t id = j * warp_lanes + block.thread();
    best = better(best, {is_nan(logits[id]) ? -infinity : logits[id], id});
  }
  for (int mask = warp_lanes / 2; mask > 0; mask /= 2) {
    const Candidate other = {block.shuffle_xor(best.key, mask), block.shuffle_xor(best.id, mask)};
    best = better(best, other);
  }
  return best;
}

// Block (row) of one warp. Lane 0 keeps the list of the chosen, in rising order.
template <class Block>
TRAM_BODY void route_row(Block& block, const Route& r) {
  const float* logits = r.logits + static_cast<std::int64_t>(block.x()) * r.experts;
  std::int32_t* ids = r.chosen + static_cast<std::int64_t>(block.x()) * r.top;
  float* weights = r.weights + static_cast<std::int64_t>(block.x()) * r.top;
  std::uint32_t taken = 0;
  for (std::int64_t i = 0; i < r.top; ++i) {
    const std::int32_t id = best_of_rest(block, logits, r.experts, taken).id;
    if (id % warp_lanes == block.thread()) taken |= 1U << (id / warp_lanes);
    if (block.thread() != 0) continue;
    std::int64_t at = i;
    for (; at > 0 && ids[at - 1] > id; --at) ids[at] = ids[at - 1];
    ids[at] = id;
  }
  float largest = -infinity;
  for (std::int64_t e = block.thread(); e < r.experts; e += warp_lanes)
    largest = logits[e] > largest ? logits[e] : largest;
  largest = warp_max(block, largest);
  float all = 0;
  for (std::int64_t e = block.thread(); e < r.experts; e += warp_lanes)
    all += exponential(logits[e] - largest);
  all = warp_sum(block, all);
  if (block.thread() != 0) return;
  float total = 0;
  for (std::int64_t i = 0; i < r.top; ++i) {
    weights[i] = exponential(logits[ids[i]] - largest);
    total += weights[i];
  }
  // One that is not a number spoils the row either way.
  if (!r.normalise || is_nan(all)) total = all;
  for (std::int64_t i = 0; i < r.top; ++i) weights[i] /= total;
}

// Block (part of the width, row).
template <class Block>
TRAM_BODY void combine_row(Block& block, const Combine& c) {
  const std::int64_t row = block.y();
  const std::int64_t at = (block.x() * block.threads() + block.thread()) * 8;
  if (at >= c.width) return;
  Bfloat16x8 sums = load8(c.y + row * c.width + at);
  float totals[8];
#pragma unroll
  for (int j = 0; j < 8; ++j) totals[j] = to_float(sums.at[j]);
  for (std::int64_t i = row * c.top; i < (row + 1) * c.top; ++i) {
    const Bfloat16x8 out = load8(c.outs + c.places[i] * c.width + at);
    const float weight = c.weights ? c.weights[i] : 1.0F;
#pragma unroll
    for (int j = 0; j < 8; ++j) totals[j] = fused(to_float(out.at[j]), weight, totals[j]);
  }
#pragma unroll
  for (int j = 0; j < 8; ++j) sums.at[j] = to_bfloat16(totals[j]);
  store8(c.y + row * c.width + at, sums);
}

}  // namespace tramontane::kernels::cuda
