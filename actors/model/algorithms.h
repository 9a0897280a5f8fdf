#pragma once
// The table of reinforcement algorithms: each is a choice on the axes of the loss (loss.h) with the
// bounds that its paper gives. A job graph names one and may change any axis or bound.
//
//   LossOptions loss = loss_of("magistral");   // Error(bad_input) names the rest
//
// To add one: a row of algorithms.cc, and its formula in tests/model/paper_losses.cc.

#include "actors/model/loss.h"

#include <string>
#include <string_view>
#include <vector>

namespace tramontane {

LossOptions loss_of(std::string_view algorithm);

std::vector<std::string> algorithm_names();

}  // namespace tramontane
