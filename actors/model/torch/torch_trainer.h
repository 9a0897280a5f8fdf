#pragma once
// The PolicyTrainer of policy.h: packs a minibatch into microbatches, runs the Network over them,
// applies the loss and takes the optimizer's step. Belongs to one thread.

#include "actors/model/policy.h"
#include "actors/model/torch/microbatch.h"
#include "actors/model/torch/network.h"

#include <cstdint>
#include <span>
#include <vector>

namespace tramontane {

class TorchTrainer final : public PolicyTrainer {
 public:
  explicit TorchTrainer(const ModelConfig& config);

  void set_threads(unsigned threads) override { network_.set_threads(threads); }

  void set_recompute(Recompute recompute) override { network_.set_recompute(recompute); }

  void import(const Arena& arena) override;
  void export_to(Arena& arena) const override;

  ByteView parameters() const override {
    return std::as_bytes(
        std::span(network_.parameters(), static_cast<std::size_t>(network_.floats())));
  }

  StepReport supervised_step(std::span<const TrainSequence> sequences,
      const OptimizerOptions& options, std::int64_t rows_max) override;
  StepReport reinforce_step(std::span<const TrainSequence> sequences, const LossOptions& loss,
      const OptimizerOptions& options, std::int64_t rows_max) override;
  std::vector<std::vector<float>> log_probs(
      std::span<const TrainSequence> sequences, double temperature, std::int64_t rows_max) override;
  Pieces optimizer_state() const override;
  void load_optimizer_state(ByteView state) override;

 private:
  // One optimizer step; `loss` is called for each sequence with its log-probabilities.
  template <class Loss>
  StepReport run(std::span<const TrainSequence> sequences, double temperature,
      std::int64_t rows_max, const OptimizerOptions& options, Loss loss);

  // Clips and takes the optimizer's step, unless loss or gradient are not finite.
  void apply(const OptimizerOptions& options, StepReport& report);

  ModelConfig config_;
  Network network_;
  std::vector<float> mean_;
  std::vector<float> square_;
  std::int64_t step_ = 0;

  Microbatch batch_;
  std::vector<double> slopes_;   // d loss / d log_prob
  std::vector<float> gradient_;  // the same as the graph takes it
};

}  // namespace tramontane
