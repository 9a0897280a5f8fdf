#pragma once
// The rollouts that a report shows: a bounded sample, spread over the steps, of what batches hold.

#include "actors/messages/types.h"

#include <boost/json/object.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace tramontane {

struct SampleBounds {
  std::size_t rollouts = 400;
  std::size_t steps = 100;         // batches that are read
  std::size_t tokens = 60'000;     // of all rollouts shown, about 1 MB of page
  std::size_t tokens_each = 4000;  // of one; the rest is cut, and the page says so
};

struct SampledRollout {
  std::uint64_t step = 0;
  Prompt prompt;
  JudgedRollout judged;
};

// The batch of a step; nothing if it is gone or was never sealed.
using BatchReader = std::function<std::optional<Batch>(std::uint64_t step)>;

// From steps spread evenly over `steps`, the first and the last among them; of each batch first
// rollouts that span several versions, right and wrong ones in turn.
std::vector<SampledRollout> sample_rollouts(
    const std::vector<std::uint64_t>& steps, const BatchReader& batch, SampleBounds bounds);

// The text of a token; empty if unknown.
using TokenText = std::function<std::string(Token)>;

// {"vocabulary": {ID: text}, "items": [{…}]} for actors/report/static/rollouts.js.
boost::json::object rollouts_page(
    const std::vector<SampledRollout>& rollouts, const TokenText& text, SampleBounds bounds);

}  // namespace tramontane
