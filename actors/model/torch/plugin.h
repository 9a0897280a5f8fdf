#pragma once
// What the trainer's plug-in exports, and what its loader asks for.

#include "actors/model/policy.h"

namespace tramontane {

// Changes whenever policy.h or arena.h does in a way that a plug-in of another build would not
// survive.
inline constexpr int trainer_abi = 6;

extern "C" {
using TrainerAbi = int (*)();
// The caller owns the trainer. May throw.
using TrainerFactory = PolicyTrainer* (*)(const ModelConfig& config);
}

inline constexpr const char* trainer_abi_symbol = "tramontane_trainer_abi";
inline constexpr const char* trainer_factory_symbol = "tramontane_trainer_create";

}  // namespace tramontane
