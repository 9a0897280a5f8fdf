#pragma once
// What the head tells of the inside of a job, from the files of its run directory, which is on the
// head's host: they are there while the run goes on, and after it.
//
//   boost::json::array actors = job_actors(job, wall_ms);
//
// Reads a bounded amount. A file that is not there, or makes no sense, has nothing. Any thread.

#include "actors/cluster/head_job.h"

#include <boost/json/array.hpp>

#include <cstdint>

namespace tramontane {

// {"name", "kind", "job", "node", "pid", "state", "waiting_for", "since" (seconds in that),
// "busy" (share of the time), "mailbox", "mailbox_limit", "restarts", "notes"} of each actor.
boost::json::array job_actors(const HeadJob& job, std::int64_t now_ms);

// The last exit records, oldest first.
boost::json::array job_exits(const HeadJob& job);

// {"rule", "actor", "text", "look"} of the alarms that have begun and not ended.
boost::json::array job_alarms(const HeadJob& job);

}  // namespace tramontane
