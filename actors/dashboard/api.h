#pragma once
// The API of the dashboard of one run (of a cluster's: cluster_api.h): every route, what it takes
// and what it answers, as one table. The routes that are served, the OpenAPI document
// (/api/v1/openapi.json) and the tests that hold every answer against it are made from this table;
// the shapes are explained field by field in api_shapes.cc, the routes with their parameters in
// api_routes.cc.
//
//   GET  /api/v1/version            Version
//   GET  /api/v1/jobs               {jobs: [Job], next}
//   GET  /api/v1/jobs/ID            JobDetails: Job, its file, resumptions, checkpoints
//   GET  /api/v1/actors             {live, written, actors: [Actor], next}
//   GET  /api/v1/actors/NAME        ActorDetails: Actor, past lives, last log lines (generator/0 as
//                                   it is, or with %2F)
//   GET  /api/v1/nodes[/NAME]       {nodes: [Node]}: machines with the processes of the run
//   GET  /api/v1/events             {events: [Event], next}: exits, swaps, checkpoints, alarms, …
//   GET  /api/v1/metrics            {metrics: [Metric], series: [Series]}: what there is, and the
//                                   curves of those that `names` lists
//   GET  /api/v1/rollouts           {rollouts: [RolloutRow], next, scanned, note}
//   GET  /api/v1/rollouts/ID        Rollout: tokens, texts, log-probs, spans, verdict, its group
//   GET  /api/v1/batches/STEP       Batch: its groups, and what was dropped and why
//   GET  /api/v1/stream             server-sent events, see below
//   GET  /api/v1/openapi.json       this table as OpenAPI 3.1
//   POST /api/v1/links              Link: another single-use link to log in with
//   GET  /metrics                   Prometheus text
//   GET  /healthz, /readyz          open to all; everything else wants the token
//   GET  /login?ticket=…            what a single-use link leads to: sets the cookie, goes to /
//   GET  /, /static/NAME            the page
//
// Lists are cut into pages: `limit` (100, at most 1000) and `after`, which is the `next` of the
// page before; `next` is null on the last one. `fields=name,state` leaves out all others but those
// that say which thing it is. `job=ID` chooses the job; without it, it is the newest. An answer
// that is no success is {"error": {"code", "text"}}: 400 (a parameter, by name), 401, 403, 404,
// 503.
//
// The stream sends these kinds of server-sent events:
//
//   actors      data: {live, written, actors: [Actor]} whenever that changes, at most once a
//   second,
//               and once at the beginning; without an id
//   job         data: Job, likewise
//   run, stage, step, swap, swap_failed, evaluation, checkpoint, exit, alarm, summary
//               data: the line of metrics.jsonl as it was written (actors/messages/run_event.h), or
//               of exits.jsonl where the run has no metrics
//   log         data: the line of log.jsonl, of warnings and errors
//
// with ids that name a place in the run's files ("5120.0.733"): a reader who comes back with
// Last-Event-ID (or ?after=) gets what was written since, each line once. Without either it begins
// at the end; ?after=0 begins at the beginning. ?kinds=step,exit chooses. A comment line comes when
// nothing else does for 15 s. A reader who takes nothing for 10 s is dropped.
//
// Pure functions: any thread.

#include <boost/json/object.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace tramontane {

// One member of an answer. Its type is
//
//   string, integer, number, boolean, object (with any members), any;
//   Name, another shape;   [T], a list;   {T}, an object of T by name;   a|b, one of these words;
//   T?, or null.
struct ApiField {
  const char* name;
  const char* type;
  const char* doc;
  bool key = false;  // says which thing it is: there whatever `fields` chooses
};

struct ApiShape {
  const char* name;
  const char* doc;
  std::vector<ApiField> fields;
};

struct ApiParameter {
  const char* name;
  const char* type;  // as of a field
  const char* doc;
  bool in_path = false;
};

struct ApiRoute {
  const char* method;
  std::string path;  // {name}: a segment; {name...}: all that is left
  const char* summary;
  std::vector<ApiParameter> parameters;
  // The name of a shape, or a media type of which the API says no more.
  const char* answer;
  const char* body = nullptr;  // the name of the shape that is sent; null: nothing is
};

// All of them, those of clusters too (cluster_api.h).
std::vector<ApiShape> api_shapes();

// Of the dashboard of one run.
std::vector<ApiRoute> api_routes();

// The OpenAPI 3.1 document of these routes, with the shapes that they lead to.
boost::json::object openapi(std::string_view version, const std::vector<ApiRoute>& routes);

}  // namespace tramontane
