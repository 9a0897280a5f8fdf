#pragma once
// The part `alarms` of a job graph.

#include "actors/alarms/alarm_bounds.h"
#include "actors/job/job.capnp.h"
#include "storage/file.h"

#include <string>

namespace tramontane {

// Words of the command that are files beside the job graph, in `folder`, get their whole names,
// there too.
AlarmPlan alarm_plan(schema::Alarms::Builder alarms, const std::string& folder, const Files& files);

}  // namespace tramontane
