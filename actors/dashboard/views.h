#pragma once
// What the API answers, route by route (api.h), from a run as it is known.
//
// Each throws Error(not_found) for a thing that there is not, and Error(bad_input) for a parameter
// that makes no sense. Thread rule: one at a time.

#include "actors/dashboard/query.h"
#include "actors/dashboard/watched_run.h"

#include <boost/json/object.hpp>

#include <cstdint>
#include <string>

namespace tramontane {

boost::json::object jobs_view(WatchedRun& run, const Query& query);
boost::json::object job_view(WatchedRun& run, const Query& query);
boost::json::object actors_view(WatchedRun& run, const Query& query);
boost::json::object actor_view(WatchedRun& run, const Query& query);
boost::json::object nodes_view(WatchedRun& run, const Query& query);
boost::json::object node_view(WatchedRun& run, const Query& query);
boost::json::object events_view(WatchedRun& run, const Query& query);
boost::json::object spans_view(WatchedRun& run, const Query& query);
boost::json::object metrics_view(WatchedRun& run, const Query& query);
boost::json::object rollouts_view(WatchedRun& run, const Query& query);
boost::json::object rollout_view(WatchedRun& run, const Query& query);
boost::json::object batch_view(WatchedRun& run, const Query& query);

// What an audit saw of the rollout's tokens; null if there was none, or it is not kept any more.
boost::json::value audit_view(const std::string& folder, std::uint64_t rollout);

// An event in the API's shape.
boost::json::object event_row(WatchedRun& run, const EventPlace& place, const RunEvent& event);

// The run's figures in the text format that Prometheus scrapes.
std::string prometheus_text(WatchedRun& run);

}  // namespace tramontane
