#pragma once
// What the roles of a job want of a cluster: `place` of each in the job graph (job.capnp, Place).
// On one machine it changes nothing.
//
//   const JobGroup* wanted = place_of(job.places, "generator");   // null: as the role has it
//
// Values: any thread.

#include "actors/job/job.capnp.h"
#include "runtime/config/load.h"
#include "scheduler/job_request.h"

#include <string>
#include <vector>

namespace tramontane {

// By role, those alone of which the job says anything. Needs that are 0 are not said.
std::vector<JobGroup> read_places(schema::Actors::Reader actors, LoadedConfig& config);

const JobGroup* place_of(const std::vector<JobGroup>& places, const std::string& role);

}  // namespace tramontane
