#pragma once
// Weights by a formula over their names, which transformers_cases.py has as well: models that this
// build and transformers can both make from nothing.

#include "actors/model/policy.h"

#include <cmath>
#include <memory>
#include <string>

namespace tramontane {

// Uniform in [-1, 1): FNV-1a of the name seeds SplitMix64, element by element.
class FormulaNumbers {
 public:
  explicit FormulaNumbers(const std::string& name) {
    for (char c : name) state_ = (state_ ^ static_cast<unsigned char>(c)) * 1099511628211U;
  }

  double next() {
    std::uint64_t z = state_ += 0x9E3779B97F4A7C15U;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
    z ^= z >> 31;
    return static_cast<double>(z >> 40) / 8388608 - 1;
  }

 private:
  std::uint64_t state_ = 14695981039346656037U;
};

inline std::shared_ptr<Arena> formula_weights(const ModelConfig& config) {
  auto arena = std::make_shared<Arena>(std::make_shared<const Manifest>(model_manifest(config)));
  for (const TensorEntry& tensor : arena->manifest().tensors()) {
    FormulaNumbers numbers(tensor.name);
    bool bias = tensor.name.ends_with(".bias");
    bool embedding = tensor.name.find("embed_tokens") != std::string::npos;
    bool vector = tensor.shape.size() == 1;
    double scale = bias || vector ? 0.5
                   : embedding    ? 1
                                  : 2 / std::sqrt(static_cast<double>(tensor.shape[1]));
    for (float& value : arena->floats(tensor.name))
      value = static_cast<float>((vector && !bias ? 1 : 0) + scale * numbers.next());
  }
  return arena;
}

}  // namespace tramontane
