#pragma once
// The API of a cluster's dashboard, which the head's port has: the cluster's own routes, and those
// of the dashboard of one run (api.h) for each job, below /api/v1/jobs/ID/.
//
//   GET  /api/v1/version               as of one run
//   GET  /api/v1/jobs                  {jobs: [ClusterJob], next}, as `tram jobs --json`
//   POST /api/v1/jobs                  Submission: a job graph to run; ClusterJob
//   GET  /api/v1/jobs/ID               ClusterJobDetails, as `tram status ID --json`, and its run
//   POST /api/v1/jobs/ID/stop          ClusterJob
//   GET  /api/v1/jobs/ID/…             actors, nodes, events, metrics, rollouts, batches, stream
//                                      of its run
//   GET  /api/v1/nodes[/NAME]          {nodes: [ClusterNode]}, as `tram nodes --json`
//   POST /api/v1/nodes/NAME/drain      ClusterNode
//   GET  /api/v1/events                what the head has logged: jobs and nodes that changed
//   GET  /api/v1/stream                server-sent events, see below
//   GET  /api/v1/openapi.json, POST /api/v1/links, GET /login, GET /, /static/NAME: as of one run
//   GET  /metrics                      Prometheus text of the cluster; with ?job=ID of a job's run
//   GET  /healthz                      open to all: it serves
//   GET  /readyz                       open to all: 503 where the head does not answer it
//
// Whoever may post may run programs on every node: what a job graph names as a grader is executed.
// Posts want the token, or the cookie and a page of this origin (runtime/http/guard.h).
//
// The stream of a cluster sends, whenever that changes, at most once a second, and at the beginning
//
//   jobs        data: {jobs: [ClusterJob], next}: the first page, the newest first
//   nodes       data: {nodes: [ClusterNode], next}
//
// without ids: there is nothing to resume. Pure functions: any thread.

#include "actors/dashboard/api.h"

#include <string>
#include <vector>

namespace tramontane {

struct ClusterRoute {
  ApiRoute api;
  std::string of_run;  // the path in the table of one run; empty: it is the cluster's own
};

std::vector<ClusterRoute> cluster_routes();

// What api_shapes() has of them.
std::vector<ApiShape> cluster_shapes();

}  // namespace tramontane
