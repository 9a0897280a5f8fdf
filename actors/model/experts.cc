#include "actors/model/experts.h"

#include "kernels/parallel.h"
#include "runtime/base/check.h"

namespace tramontane {

namespace {

constexpr std::string_view mixtral = "MixtralForCausalLM";

constexpr std::int64_t line_floats = 16;  // 64 bytes

std::int64_t round_up(std::int64_t floats) {
  return (floats + line_floats - 1) / line_floats * line_floats;
}

}  // namespace

std::string router_name(const ModelConfig& config, std::int64_t layer) {
  return str("model.layers.", layer, config.architecture == mixtral ? ".block_sparse_moe" : ".mlp",
      ".gate.weight");
}

FeedForwardNames feed_forward_names(
    const ModelConfig& config, std::int64_t layer, std::int64_t expert) {
  std::string prefix = str("model.layers.", layer, ".");
  if (config.architecture == mixtral) {
    prefix += str("block_sparse_moe.experts.", expert, ".");
    return {prefix + "w1.weight", prefix + "w3.weight", prefix + "w2.weight"};
  }
  prefix += config.experts > 0 ? str("mlp.experts.", expert, ".") : std::string("mlp.");
  return {prefix + "gate_proj.weight", prefix + "up_proj.weight", prefix + "down_proj.weight"};
}

std::string bias_name(std::string_view weight) {
  constexpr std::string_view end = "weight";
  TRAM_CHECK(weight.ends_with(end), "no weight's name", weight);
  return std::string(weight.substr(0, weight.size() - end.size())) + "bias";
}

std::int64_t feed_forwards(const ModelConfig& config) {
  return config.experts > 0 ? config.experts : 1;
}

void ExpertRows::assign(
    const std::int32_t* chosen, std::int64_t row_count, std::int64_t experts, std::int64_t top) {
  auto choices = static_cast<std::size_t>(row_count * top);
  rows.resize(choices);
  places.resize(choices);
  starts.assign(static_cast<std::size_t>(experts) + 1, 0);
  for (std::size_t i = 0; i < choices; ++i) ++starts[static_cast<std::size_t>(chosen[i]) + 1];
  for (std::size_t e = 1; e < starts.size(); ++e) starts[e] += starts[e - 1];
  // starts[e] runs over the places of e, and so ends as the start of the next.
  for (std::size_t i = 0; i < choices; ++i) {
    std::int64_t place = starts[static_cast<std::size_t>(chosen[i])]++;
    places[i] = static_cast<std::int32_t>(place);
    rows[static_cast<std::size_t>(place)] =
        static_cast<std::int32_t>(static_cast<std::int64_t>(i) / top);
  }
  for (std::size_t e = starts.size() - 1; e > 0; --e) starts[e] = starts[e - 1];
  starts[0] = 0;
}

std::int64_t ExpertRoom::floats(const ModelConfig& config, std::int64_t rows) {
  std::int64_t choices = rows * config.experts_per_token;
  return round_up(rows * config.experts) + round_up(choices) +
         2 * round_up(choices * config.width) + 3 * round_up(choices * config.feed_forward);
}

ExpertRoom::ExpertRoom(const ModelConfig& config, std::int64_t rows, float* memory) {
  std::int64_t choices = rows * config.experts_per_token;
  auto take = [&](std::int64_t floats) {
    float* taken = memory;
    memory += round_up(floats);
    return taken;
  };
  logits = take(rows * config.experts);
  weights = take(choices);
  inputs = take(choices * config.width);
  gate_up = take(2 * choices * config.feed_forward);
  activated = take(choices * config.feed_forward);
  outs = take(choices * config.width);
}

void mix_experts(Team& team, const ModelConfig& config, const PackedWeights::Layer& layer,
    const float* h, std::int64_t rows, const ExpertRoom& room, std::vector<std::int32_t>& chosen,
    ExpertRows& places, float* y) {
  std::int64_t width = config.width;
  std::int64_t f = config.feed_forward;
  std::int64_t top = config.experts_per_token;
  kernels::multiply(team, {.x = h,
                              .x_stride = width,
                              .rows = rows,
                              .w = &layer.router,
                              .bias = nullptr,
                              .y = room.logits,
                              .y_stride = config.experts});
  chosen.resize(static_cast<std::size_t>(rows * top));
  kernels::route(room.logits, rows, config.experts, top, config.normalise_experts, chosen.data(),
      room.weights);
  places.assign(chosen.data(), rows, config.experts, top);
  kernels::embed(places.rows.data(), rows * top, h, width, room.inputs);
  for (std::size_t e = 0; e + 1 < places.starts.size(); ++e) {
    std::int64_t first = places.starts[e];
    std::int64_t count = places.starts[e + 1] - first;
    if (count == 0) continue;
    const PackedWeights::FeedForward& expert = layer.feed_forward[e];
    kernels::multiply(team, {.x = room.inputs + first * width,
                                .x_stride = width,
                                .rows = count,
                                .w = &expert.gate_up,
                                .bias = nullptr,
                                .y = room.gate_up + first * 2 * f,
                                .y_stride = 2 * f});
    kernels::swiglu(team, room.gate_up + first * 2 * f, count, f, room.activated + first * f);
    kernels::multiply(team, {.x = room.activated + first * f,
                                .x_stride = f,
                                .rows = count,
                                .w = &expert.down,
                                .bias = nullptr,
                                .y = room.outs + first * width,
                                .y_stride = width});
  }
  kernels::combine(room.outs, room.weights, places.places.data(), rows, top, width, y);
}

}  // namespace tramontane
