#pragma once
// How a batch is trained on: minibatch after minibatch, each one optimizer step. A version of the
// weights is what a whole batch made of the one before.
//
//   StepReport report = train_batch(*policy, *job.reinforce, batch, rows_max);
//
// The same bytes of a batch give the same weights: whoever trains it again (after a crash, in a
// replay) goes through here.

#include "actors/job/job.h"
#include "actors/messages/types.h"
#include "actors/model/policy.h"

#include <cstdint>
#include <set>
#include <vector>

namespace tramontane {

// The batch's groups in order, as many to a minibatch as the plan says, the numbers as equal as
// may be: sequences with final advantages and the lag of every token. Groups are never divided.
// What the plan masks (`overlong: mask`) counts in its group's advantages, then is left out.
std::vector<std::vector<TrainSequence>> minibatches(
    const ReinforcePlan& plan, const Batch& batch, const std::set<RolloutId>& watched = {});

// Trains on all of them. Proximal log-probabilities, where the loss has them, are those before the
// first. The report is over all: sums are summed, means are weighted by tokens, the largest is the
// largest; nothing is said of `log_prob_gap` but by the first, whose weights are the batch's. It
// has the tokens of the rollouts that are watched, by their ids, as the step that trained on each
// saw them; of those that the plan masks, nothing.
StepReport train_batch(PolicyTrainer& trainer, const ReinforcePlan& plan, const Batch& batch,
    std::int64_t rows_max, const std::set<RolloutId>& watched = {});

}  // namespace tramontane
