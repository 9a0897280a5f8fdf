#include "actors/cluster/submission.h"

#include "actors/cluster/job_worker.h"
#include "actors/cluster/workers.h"

#include <boost/json/parse.hpp>

namespace tramontane {

boost::json::object submission_of(const Job& job, std::int64_t priority) {
  return {{"name", job.name}, {"graph", job.resolved}, {"priority", priority},
      {"workers", boost::json::parse(workers_text(workers_of(job)))}};
}

}  // namespace tramontane
