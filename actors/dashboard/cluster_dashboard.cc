#include "actors/dashboard/cluster_dashboard.h"

#include "actors/dashboard/cluster_api.h"
#include "actors/dashboard/cluster_stream.h"
#include "actors/dashboard/program_answers.h"
#include "actors/dashboard/run_answers.h"
#include "runtime/base/check.h"
#include "runtime/base/json_text.h"
#include "runtime/base/result.h"

#include <map>
#include <string_view>
#include <utility>

namespace tramontane {
namespace {

namespace json = boost::json;

using View = json::object (*)(WatchedCluster&, const Query&);

// By method and path.
const std::map<std::string_view, View>& views() {
  static const std::map<std::string_view, View> all = {{"GET /api/v1/jobs", cluster_jobs_view},
      {"GET /api/v1/jobs/{job}", cluster_job_view}, {"POST /api/v1/jobs/{job}/stop", stop_job},
      {"GET /api/v1/nodes", cluster_nodes_view}, {"GET /api/v1/nodes/{name}", cluster_node_view},
      {"POST /api/v1/nodes/{name}/drain", drain_node}, {"GET /api/v1/events", cluster_events_view}};
  return all;
}

std::vector<ApiRoute> api_of(const std::vector<ClusterRoute>& routes) {
  std::vector<ApiRoute> all;
  for (const ClusterRoute& route : routes) all.push_back(route.api);
  return all;
}

}  // namespace

class ClusterDashboard::State {
 public:
  State(Options options, HttpGuard& guard, const Clock& clock)
      : program_(std::move(options.version), guard, clock),
        request_of_(std::move(options.request_of)),
        cluster_(std::make_shared<WatchedCluster>(
            WatchedCluster::Options{std::move(options.home), std::move(options.ask)}, clock)),
        routes_(cluster_routes()),
        table_(api_of(routes_)) {}

  const std::vector<ClusterRoute>& routes() const { return routes_; }

  HttpResponse answer(const ClusterRoute& route, const HttpRequest& request) {
    Query query(request, route.api);
    const std::string& path = route.api.path;
    if (auto answer = program_.answer(path, request, table_)) return std::move(*answer);
    if (!route.of_run.empty())
      return answer_of_run(run_of(query.captured("job")), route.of_run, query);
    if (path == "/metrics") return metrics(query);
    cluster_->refresh();
    if (path == "/api/v1/stream") return stream(query);
    json::object answer = view(str(route.api.method, " ", path), query);
    query.select(answer);
    return {.body = json_text(answer)};
  }

  // Whether the head answers.
  HttpResponse ready() {
    cluster_->refresh();
    return {.body = "{\"ok\":true}"};
  }

 private:
  // A run is read where the head does not answer, too.
  std::shared_ptr<WatchedRun> run_of(const std::string& job) {
    if (!cluster_->refreshed() && cluster_->jobs().empty()) cluster_->refresh();
    return cluster_->run(job);
  }

  HttpResponse metrics(const Query& query) {
    if (auto job = query.whole("job"))
      return answer_of_run(run_of(std::to_string(*job)), "/metrics", query);
    return {.type = "text/plain; version=0.0.4; charset=utf-8",
        .body = cluster_prometheus_text(*cluster_)};
  }

  HttpResponse stream(const Query& query) {
    HttpResponse response{.type = "text/event-stream"};
    response.stream = std::make_unique<ClusterStream>(cluster_, query.words("kinds"));
    return response;
  }

  json::object view(const std::string& what, const Query& query) {
    if (what == "POST /api/v1/jobs") {
      json::object request = request_of_(parse_submission(query.request().body));
      return in_shape(cluster_->ask("submit", request), "ClusterJob");
    }
    auto found = views().find(what);
    TRAM_CHECK(found != views().end(), "a route that nobody answers", what);
    return found->second(*cluster_, query);
  }

  const ProgramAnswers program_;
  const std::function<json::object(const Submission&)> request_of_;
  std::shared_ptr<WatchedCluster> cluster_;
  const std::vector<ClusterRoute> routes_;
  const std::vector<ApiRoute> table_;
};

ClusterDashboard::ClusterDashboard(Options options, HttpGuard& guard, const Clock& clock)
    : state_(std::make_shared<State>(std::move(options), guard, clock)), guard_(guard) {}

ClusterDashboard::~ClusterDashboard() = default;

std::vector<HttpRoute> ClusterDashboard::routes() {
  std::vector<HttpRoute> all;
  for (const ClusterRoute& route : state_->routes())
    all.push_back(
        {route.api.method, route.api.path, [state = state_, &route](const HttpRequest& request) {
           return state->answer(route, request);
         }});
  all.push_back({"GET", "/healthz",
      [](const HttpRequest&) { return HttpResponse{.body = "{\"ok\":true}"}; }, HttpAccess::open});
  all.push_back({"GET", "/readyz", [state = state_](const HttpRequest&) { return state->ready(); },
      HttpAccess::open});
  for (HttpRoute& route : page_routes(PageOf::cluster, guard_)) all.push_back(std::move(route));
  return all;
}

}  // namespace tramontane
