#pragma once
// A job graph's algorithm as the trainer uses it.
//
//   LossOptions loss = loss_options(stage.getAlgorithm(), generator);

#include "actors/job/job.capnp.h"
#include "actors/model/loss.h"

namespace tramontane {

// The named algorithm's loss with what the graph says otherwise. Whatever it left to the algorithm
// is written into the graph, so that a resolved one says all of it. Error(bad_input) for an unknown
// name, or for axes that do not go together.
LossOptions loss_options(schema::Algorithm::Builder algorithm, schema::Generator::Reader generator);

}  // namespace tramontane
