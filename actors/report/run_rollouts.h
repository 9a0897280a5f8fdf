#pragma once
// The rollouts of a run directory, for its report: from RUN/ledger, with the tokens' texts from the
// newest RUN/checkpoints/*/tokenizer.json that can be read.

#include <boost/json/object.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace tramontane {

// {"vocabulary", "items", "resumed", "note"}: rollouts of the batches of `steps` as
// rollout_sample.h chooses them, and the newest without a verdict; of all of the run, how many were
// gone on with that an earlier holder had left half written. Never throws for what is missing, held
// by somebody or damaged: the note says so.
boost::json::object run_rollouts(
    const std::string& run_folder, const std::vector<std::uint64_t>& steps);

}  // namespace tramontane
