#pragma once
// What a job graph says of the actors, but for the rewards.

#include "actors/job/job.capnp.h"
#include "actors/job/job.h"

namespace tramontane {

// Fills in what `actors` says. The schema's bounds are checked already.
void read_actors(schema::Actors::Reader actors, Job& job);

}  // namespace tramontane
