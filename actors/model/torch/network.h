#pragma once
// The Network is the model as the trainer runs it: the kernels of the CPU's engine, in its order,
// as nodes of LibTorch's autograd. Parameters and gradients are two contiguous blocks in float32.
// What is multiplied is the parameters as they are served: where that is bfloat16, both passes use
// the rounded matrices, and the gradients, which are those of what was computed, move the
// parameters.
//
// Each op is a node whose forward calls our kernel and whose backward calls our backward kernel.
// Activations live in a Workspace and tensors are views of it. Gradients of parameters are added
// straight to the gradient block by the node that computes them, so no tensor stands for a
// parameter. Where a value has two readers (the residual stream) one node with two outputs reads
// it, so autograd itself never has to add anything.

#include "actors/model/packed.h"
#include "actors/model/torch/microbatch.h"
#include "actors/model/torch/workspace.h"
#include "runtime/base/team.h"

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace tramontane {

class Network {
 public:
  explicit Network(const ModelConfig& config);
  ~Network();
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  const Manifest& manifest() const { return manifest_; }

  // (floats), laid out as manifest() says. Call changed() after writing.
  float* parameters() { return parameters_.data(); }

  const float* parameters() const { return parameters_.data(); }

  std::int64_t floats() const { return static_cast<std::int64_t>(parameters_.size()); }

  // Packs the parameters anew before the next forward().
  void changed() { packed_ = false; }

  // The parameters as they are served: the content of an arena of serving_manifest().
  void serve(std::span<std::byte> out) const;

  float* gradients() { return gradients_.data(); }

  void clear_gradients();

  // Whoever computes: the nodes, and what the owner does with the blocks.
  Team& team();
  void set_threads(unsigned threads);

  struct Outputs {
    std::span<const float> log_probs;  // (losses) of the targets
    std::span<const float> entropy;    // (losses)
  };

  // Valid until the next forward(). `training` records the graph that backward() runs.
  Outputs forward(const Microbatch& batch, double temperature, bool training);

  // Adds d loss / d parameters to gradients(), for d loss / d log_probs (losses).
  void backward(std::span<const float> dlog_probs);

 private:
  struct Graph;
  void pack_weights();

  ModelConfig config_;
  Manifest manifest_;
  BlockOffsets offsets_;
  Manifest serving_manifest_;
  BlockOffsets serving_offsets_;
  std::vector<float> parameters_;
  std::vector<float> serving_;  // in words of 32 bits; empty: the parameters are served as they are
  std::vector<float> gradients_;
  bool packed_ = false;
  std::unique_ptr<Graph> graph_;
};

}  // namespace tramontane
