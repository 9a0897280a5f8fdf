#pragma once
// The losses of the algorithms as their papers print them, in plain ATen ops with automatic
// gradients, apart from the project's own code in all but the table of names and bounds.
//
//   at::Tensor loss = paper_loss("magistral", sequences, bounds);
//   loss.backward();
//
// Each is the negative of what its paper maximises, over one minibatch.

#include <ATen/ATen.h>

#include <cstdint>
#include <string>
#include <vector>

namespace tramontane {

struct PaperSequence {
  at::Tensor log_probs;  // (tokens) double, of the weights being trained; may require a gradient
  at::Tensor behaviour;  // (tokens) double
  at::Tensor proximal;   // (tokens) double, of the weights before the batch's first step
  double score = 0;
  std::uint64_t group = 0;
};

// What papers leave to be chosen; the defaults are those they name.
struct PaperBounds {
  double low = 0.2;
  double high = 0.2;
  double cap = 0;     // 0: none
  double budget = 0;  // Dr. GRPO's constant, in tokens
};

at::Tensor paper_loss(const std::string& algorithm, const std::vector<PaperSequence>& sequences,
    const PaperBounds& bounds);

}  // namespace tramontane
