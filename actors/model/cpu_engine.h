#pragma once
// The engine of the CPU: the kernels in the order of the model, over weights packed for them. The
// trainer multiplies the same panels by the same kernels (torch/network.h), so that its
// log-probabilities are this engine's bit for bit.

#include "actors/model/engine.h"
#include "actors/model/packed.h"

#include <memory>

namespace tramontane {

// Plain pointers of `packed` point into the arena, which is held, or into a copy in the memory that
// was given.
class CpuWeights final : public ReadyWeights {
 public:
  CpuWeights(const ModelConfig& config, std::shared_ptr<const Arena> arena,
      std::pmr::memory_resource* memory);

  const PackedWeights& packed() const { return packed_; }

 private:
  std::shared_ptr<const Arena> arena_;  // null: copied
  kernels::FloatBlock copy_;
  PackedWeights packed_;
};

// The form of an arena's matrices: that of its first tensor, the embedding.
Dtype matrices_of(const Manifest& manifest);

std::unique_ptr<Engine> make_cpu_engine(
    const ModelConfig& config, Engine::Options options, CpuOptions cpu = {});

// Floats of one block of 16 positions of one layer.
std::int64_t cache_block_floats(const ModelConfig& config);

}  // namespace tramontane
