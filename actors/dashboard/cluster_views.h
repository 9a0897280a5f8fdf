#pragma once
// What the API of a cluster answers, route by route (cluster_api.h).
//
// Each throws Error(not_found) for a thing that there is not, and Error(bad_input) for a parameter
// or a body that makes no sense. Thread rule: one at a time.

#include "actors/dashboard/query.h"
#include "actors/dashboard/watched_cluster.h"

#include <boost/json/object.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace tramontane {

boost::json::object cluster_jobs_view(WatchedCluster& cluster, const Query& query);
boost::json::object cluster_job_view(WatchedCluster& cluster, const Query& query);
boost::json::object cluster_nodes_view(WatchedCluster& cluster, const Query& query);
boost::json::object cluster_node_view(WatchedCluster& cluster, const Query& query);
boost::json::object cluster_events_view(WatchedCluster& cluster, const Query& query);
boost::json::object stop_job(WatchedCluster& cluster, const Query& query);
boost::json::object drain_node(WatchedCluster& cluster, const Query& query);

// What is posted to /api/v1/jobs.
struct Submission {
  std::string graph;
  std::string folder;
  std::vector<std::string> set;
  std::int32_t priority = 0;
};

// Error(bad_input) names the member that is wrong.
Submission parse_submission(const std::string& body);

// The cluster's figures in the text format that Prometheus scrapes.
std::string cluster_prometheus_text(WatchedCluster& cluster);

}  // namespace tramontane
