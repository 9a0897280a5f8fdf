#include "actors/model/torch/plugin.h"

#include "actors/model/torch/torch_trainer.h"

#include <memory>

extern "C" {

int tramontane_trainer_abi() {
  return tramontane::trainer_abi;
}

tramontane::PolicyTrainer* tramontane_trainer_create(const tramontane::ModelConfig& config) {
  return std::make_unique<tramontane::TorchTrainer>(config).release();
}
}
