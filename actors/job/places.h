#pragma once
// Where the roles of a job live: what the job graph says by `isolation`, and what each wants of a
// cluster by `place` (job.capnp), which changes nothing on one machine.
//
//   const JobGroup* wanted = place_of(job.places, "generator");   // null: as the role has it
//
// Values: any thread.

#include "actors/job/apart.h"
#include "actors/job/job.capnp.h"
#include "runtime/config/load.h"
#include "scheduler/job_request.h"

#include <string>
#include <vector>

namespace tramontane {

// By role, those alone of which the job says anything. Needs that are 0 are not said.
std::vector<JobGroup> read_places(schema::Actors::Reader actors, LoadedConfig& config);

IsolationPlan read_isolation(schema::Actors::Reader actors);

const JobGroup* place_of(const std::vector<JobGroup>& places, const std::string& role);

}  // namespace tramontane
