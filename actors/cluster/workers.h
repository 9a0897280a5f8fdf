#pragma once
// What a reinforcement job wants of a cluster: its driver, and a worker for each actor that
// computes or writes. Pure functions: any thread.

#include "actors/cluster/job_worker.h"
#include "actors/job/job.h"

#include <vector>

namespace tramontane {

// What the job says of each role (`place`); else memory as `tram plan` counts it, shared out, and
// of processors, what each must have to get on: half a one for each thread of who computes all the
// time (trainer, generators), a tenth for the others; they use what there is. Ledger and trainer
// write, so they are where the run directory is.
std::vector<JobWorker> workers_of(const Job& job);

}  // namespace tramontane
