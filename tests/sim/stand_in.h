#pragma once
// A StandIn takes the place of LibTorch's trainer: new weights are a cheap function of the old
// ones, of its optimizer's state and of every byte of the batch. So a batch that differs, or an
// optimizer state that was lost, shows as another fingerprint.

#include "actors/model/policy.h"

#include <functional>
#include <memory>
#include <string>

namespace tramontane {

// XXH3-64 of everything in the sequences.
std::uint64_t hash_of(std::span<const TrainSequence> sequences);

class StandIn final : public PolicyTrainer {
 public:
  struct Hooks {
    std::function<void(std::span<const TrainSequence>)> reinforced;  // before each such step
    std::uint32_t skip_one_in = 0;  // so often a step "is not finite"; 1: always, 0: never
  };

  StandIn(const ModelConfig& config, Hooks hooks);

  void set_threads(unsigned) override {}

  void set_recompute(Recompute) override {}

  void import(const Arena& arena) override;
  void export_to(Arena& arena) const override;

  ByteView parameters() const override { return parameters_.bytes(); }

  StepReport supervised_step(std::span<const TrainSequence> sequences,
      const OptimizerOptions& options, std::int64_t rows_max) override;
  StepReport reinforce_step(std::span<const TrainSequence> sequences, const LossOptions& loss,
      const OptimizerOptions& options, std::int64_t rows_max) override;
  std::vector<std::vector<float>> log_probs(
      std::span<const TrainSequence> sequences, double temperature, std::int64_t rows_max) override;
  Pieces optimizer_state() const override;
  void load_optimizer_state(ByteView state) override;

 private:
  StepReport step(std::span<const TrainSequence> sequences, const OptimizerOptions& options);

  struct Moment {
    std::uint64_t steps = 0;
    std::uint64_t hash = 0;
  };

  Hooks hooks_;
  Arena parameters_;
  Moment moment_;
};

}  // namespace tramontane
