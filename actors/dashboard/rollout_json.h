#pragma once
// Rollouts as JSON: the same for the API and for `tram rollouts --json`.
//
// Pure functions: any thread.

#include "actors/ledger/ledger.h"
#include "actors/messages/types.h"

#include <boost/json/object.hpp>

#include <string>

namespace tramontane {

const char* name(Finish finish) noexcept;

// What a list says of it: the API's RolloutRow.
boost::json::object rollout_row(const RolloutSummary& summary);

// Adds token_ids, log_probs, spans, correct and components.
void add_rollout(boost::json::object& row, const JudgedRollout& judged);

// 16 hexadecimal digits.
std::string hex_digits(std::uint64_t value);

}  // namespace tramontane
