#include "actors/dashboard/run_answers.h"

#include "actors/dashboard/run_stream.h"
#include "actors/dashboard/views.h"
#include "runtime/base/check.h"
#include "runtime/base/json_text.h"
#include "runtime/base/result.h"

#include <map>
#include <string>
#include <utility>

namespace tramontane {
namespace {

namespace json = boost::json;

using View = json::object (*)(WatchedRun&, const Query&);

const std::map<std::string_view, View>& views() {
  static const std::map<std::string_view, View> all = {{"/api/v1/jobs", jobs_view},
      {"/api/v1/jobs/{id}", job_view}, {"/api/v1/actors", actors_view},
      {"/api/v1/actors/{name...}", actor_view}, {"/api/v1/nodes", nodes_view},
      {"/api/v1/nodes/{name}", node_view}, {"/api/v1/events", events_view},
      {"/api/v1/spans", spans_view}, {"/api/v1/metrics", metrics_view},
      {"/api/v1/rollouts", rollouts_view}, {"/api/v1/rollouts/{id}", rollout_view},
      {"/api/v1/batches/{step}", batch_view}};
  return all;
}

HttpResponse stream(const std::shared_ptr<WatchedRun>& run, const Query& query) {
  std::string from = query.request().last_event_id;
  if (from.empty()) from = query.text("after");
  auto place = from.empty() ? std::optional(stream_end(run->folder())) : parse_stream_place(from);
  if (!place)
    throw Error(Errc::bad_input, "after, or Last-Event-ID, is no id of an event of this stream");
  HttpResponse response{.type = "text/event-stream"};
  response.stream = std::make_unique<RunStream>(run, *place, query.words("kinds"));
  return response;
}

}  // namespace

HttpResponse answer_of_run(
    const std::shared_ptr<WatchedRun>& run, std::string_view path, const Query& query) {
  run->refresh(query.request().deadline);
  if (path == "/metrics")
    return {.type = "text/plain; version=0.0.4; charset=utf-8", .body = prometheus_text(*run)};
  if (path == "/api/v1/stream") return stream(run, query);
  auto view = views().find(path);
  TRAM_CHECK(view != views().end(), "a route that nobody answers", path);
  json::object answer = view->second(*run, query);
  query.select(answer);
  return {.body = json_text(answer)};
}

}  // namespace tramontane
