#pragma once
// How much memory a model takes, in floats of 4 bytes, told before any of it is taken: by the plan
// of a job, and by the trainer, which makes its buffers of these sizes.

#include "actors/model/model_config.h"
#include "actors/model/recompute.h"

#include <cstdint>

namespace tramontane {

// All parameters as an arena lays them out.
std::int64_t parameter_floats(const ModelConfig& config);

enum class Packing : std::uint8_t { forward, backward };

// The same as they are served, in words of 32 bits.
std::int64_t serving_words(const ModelConfig& config);

// All matrices as they are served, packed as the right-hand side of x·W^T (forward) or of dy·W
// (backward), in words of 32 bits.
std::int64_t packed_words(const ModelConfig& config, Packing packing);

// The most of them that a trainer has at a time: all in both directions; or a layer's or the
// head's, with their served form where that is another than the trainer's own.
std::int64_t trainer_packed_words(const ModelConfig& config, Recompute recompute);

// What the forward pass of a microbatch of so many rows keeps for its backward pass, at most: if
// the loss is on every row. With a layer computed again, if they are.
std::int64_t activation_floats(
    const ModelConfig& config, std::int64_t rows, Recompute recompute = Recompute::none);

// The widest gradient of an activation, of so many rows.
std::int64_t gradient_floats(const ModelConfig& config, std::int64_t rows);

// Gradients of activations that are held in turn.
inline constexpr std::int64_t gradient_buffers = 6;

// Rows whose logits a trainer holds at a time: 64 MiB of them, but whole blocks of 256, in which
// sums over rows go (kernels/ops.h), and never fewer than one.
std::int64_t logit_rows(std::int64_t vocabulary);

}  // namespace tramontane
