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
//
// With Recompute::layers a layer is one node, which keeps the layer's input alone: its backward
// runs the layer again, as nodes, in the one place that the workspace has for that.

#include "actors/model/arena.h"
#include "actors/model/model_config.h"
#include "actors/model/recompute.h"
#include "actors/model/torch/microbatch.h"
#include "runtime/base/team.h"

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace tramontane {

class NetworkWeights;

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

  // Packs the parameters anew before they are next multiplied by.
  void changed();

  // The parameters as they are served: the content of an arena of serving_manifest().
  void serve(std::span<std::byte> out) const;

  float* gradients() { return gradients_.data(); }

  void clear_gradients();

  // Whoever computes: the nodes, and what the owner does with the blocks.
  Team& team();
  void set_threads(unsigned threads);

  // Not between forward() and backward().
  void set_recompute(Recompute recompute);

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

  ModelConfig config_;
  Manifest manifest_;
  std::vector<float> parameters_;
  std::vector<float> gradients_;
  Recompute recompute_ = Recompute::none;
  std::unique_ptr<NetworkWeights> weights_;
  std::unique_ptr<Graph> graph_;
};

}  // namespace tramontane
