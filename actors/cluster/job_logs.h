#pragma once
// What a job's driver and workers have logged, piece by piece, for who asks the head.
//
//   boost::json::object piece = read_log(home, job, "generator/0", 0);   // {"text","next","size"}
//
// A negative offset counts from the end. Error(not_found) names the logs there are. Any thread.

#include "actors/cluster/head_job.h"

#include <boost/json/object.hpp>

#include <cstdint>
#include <string>

namespace tramontane {

// Of what its driver prints.
std::string driver_log(const std::string& home, const HeadJob& job);

// `who`: a worker, "driver", or "events" (RUN/metrics.jsonl). Where there is more, a piece ends
// with a line, if it has a whole one.
boost::json::object read_log(
    const std::string& home, const HeadJob& job, const std::string& who, std::int64_t offset);

}  // namespace tramontane
