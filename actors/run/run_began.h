#pragma once
// The first event of each process that works on a run: what runs, on what machine, and where it
// goes on from.

#include "actors/job/job.h"
#include "actors/messages/run_event.h"
#include "actors/run/files.h"

#include <cstdint>
#include <optional>

namespace tramontane {

RunEvent run_began(
    const Job& job, const RunFiles& files, const std::optional<std::uint64_t>& resumed_from);

}  // namespace tramontane
