#pragma once
// The feed-forward of a layer as a mixture of experts (Shazeer et al. 2017, as Mixtral and Qwen3
// have it): a router gives every row a few of the experts, whose outputs are summed by weight. The
// decoder and the trainer both call mix_experts(), so that they choose and sum alike.
//
// Rows are sorted by expert, so that an expert's matrices are multiplied once for all its rows. A
// row's experts are summed in rising id order onto its residual, whoever else shares the call:
// results are row-invariant. There is no capacity: no row is ever dropped.
//
// The auxiliary loss that spreads rows evenly over experts in pre-training is not applied. In
// reinforcement it would pull against the objective, and its gradient would change what the
// generator's log-probabilities are compared with for reasons other than reward; a trained router
// starts balanced, and learning rates are small.

#include "actors/model/packed.h"
#include "runtime/base/team.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tramontane {

// The tensors' names. A dense feed-forward is the only expert of its layer and has no router.
std::string router_name(const ModelConfig& config, std::int64_t layer);

struct FeedForwardNames {
  std::string gate;
  std::string up;
  std::string down;
};

FeedForwardNames feed_forward_names(
    const ModelConfig& config, std::int64_t layer, std::int64_t expert);

// Of the bias beside a weight of that name.
std::string bias_name(std::string_view weight);

// How many feed-forwards a layer has: one, or one per expert.
std::int64_t feed_forwards(const ModelConfig& config);

// Choices sorted by expert, then by row.
struct ExpertRows {
  // chosen (rows, top), each row's in rising order.
  void assign(
      const std::int32_t* chosen, std::int64_t row_count, std::int64_t experts, std::int64_t top);

  std::vector<std::int64_t> starts;  // (experts + 1): places starts[e]..starts[e+1]-1 are e's
  std::vector<std::int32_t> rows;    // (rows * top) whose row stands at a place
  std::vector<std::int32_t> places;  // (rows, top) where each choice stands
};

// What mixing makes on its way; the backward pass reads it. With P = rows * experts_per_token:
struct ExpertRoom {
  static std::int64_t floats(const ModelConfig& config, std::int64_t rows);

  // `memory`: so many floats.
  ExpertRoom(const ModelConfig& config, std::int64_t rows, float* memory);

  float* logits = nullptr;     // (rows, experts)
  float* weights = nullptr;    // (rows, experts_per_token)
  float* inputs = nullptr;     // (P, width), by place
  float* gate_up = nullptr;    // (P, 2 * feed_forward)
  float* activated = nullptr;  // (P, feed_forward)
  float* outs = nullptr;       // (P, width)
};

// y (rows, width) += the mixture for h (rows, width). `chosen` (rows, experts_per_token) and
// `places` are overwritten.
void mix_experts(Team& team, const ModelConfig& config, const PackedWeights::Layer& layer,
    const float* h, std::int64_t rows, const ExpertRoom& room, std::vector<std::int32_t>& chosen,
    ExpertRows& places, float* y);

}  // namespace tramontane
