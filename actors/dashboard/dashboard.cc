#include "actors/dashboard/dashboard.h"

#include "actors/dashboard/api.h"
#include "actors/dashboard/page_files.h"
#include "actors/dashboard/query.h"
#include "actors/dashboard/run_stream.h"
#include "actors/dashboard/views.h"
#include "actors/dashboard/watched_run.h"
#include "runtime/base/check.h"
#include "runtime/base/json_text.h"
#include "runtime/base/result.h"
#include "runtime/base/wall_time.h"

#include <functional>
#include <map>
#include <string_view>
#include <utility>

namespace tramontane {
namespace {

namespace json = boost::json;

constexpr int api_version = 1;
constexpr int link_seconds = 600;

using View = json::object (*)(WatchedRun&, const Query&);

const std::map<std::string_view, View>& views() {
  static const std::map<std::string_view, View> all = {{"/api/v1/jobs", jobs_view},
      {"/api/v1/jobs/{id}", job_view}, {"/api/v1/actors", actors_view},
      {"/api/v1/actors/{name...}", actor_view}, {"/api/v1/nodes", nodes_view},
      {"/api/v1/nodes/{name}", node_view}, {"/api/v1/events", events_view},
      {"/api/v1/metrics", metrics_view}, {"/api/v1/rollouts", rollouts_view},
      {"/api/v1/rollouts/{id}", rollout_view}, {"/api/v1/batches/{step}", batch_view}};
  return all;
}

HttpResponse json_response(const json::object& answer) {
  return {.body = json_text(answer)};
}

}  // namespace

class Dashboard::State {
 public:
  State(Options options, HttpGuard& guard, const Clock& clock)
      : options_(std::move(options)),
        guard_(guard),
        clock_(clock),
        run_(std::make_shared<WatchedRun>(options_.run, clock)),
        table_(api_routes()) {}

  const std::vector<ApiRoute>& table() const { return table_; }

  WatchedRun& run() { return *run_; }

  HttpGuard& guard() { return guard_; }

  HttpResponse answer(const ApiRoute& route, const HttpRequest& request) {
    Query query(request, route);
    std::string_view path = route.path;
    if (path == "/api/v1/version") return version();
    if (path == "/api/v1/openapi.json") return json_response(openapi(options_.version));
    if (path == "/api/v1/links")
      return json_response(
          {{"link", "http://" + request.host + guard_.new_link()}, {"seconds", link_seconds}});
    if (auto job = request.parameter("job"); job && *job != run_->id())
      throw Error(Errc::not_found, str("there is no job '", *job, "' here"));
    run_->refresh(request.deadline);
    if (path == "/metrics")
      return {.type = "text/plain; version=0.0.4; charset=utf-8", .body = prometheus_text(*run_)};
    if (path == "/api/v1/stream") return stream(query);
    auto view = views().find(path);
    TRAM_CHECK(view != views().end(), "a route that nobody answers", path);
    json::object answer = view->second(*run_, query);
    query.select(answer);
    return json_response(answer);
  }

 private:
  HttpResponse version() const {
    return json_response({{"program", "tramontane"}, {"version", options_.version},
        {"api", api_version}, {"time", iso_time(clock_.wall())}});
  }

  HttpResponse stream(const Query& query) {
    std::string from = query.request().last_event_id;
    if (from.empty()) from = query.text("after");
    auto place =
        from.empty() ? std::optional(stream_end(run_->folder())) : parse_stream_place(from);
    if (!place)
      throw Error(Errc::bad_input, "after, or Last-Event-ID, is no id of an event of this stream");
    HttpResponse response{.type = "text/event-stream"};
    response.stream = std::make_unique<RunStream>(run_, *place, query.words("kinds"));
    return response;
  }

  const Options options_;
  HttpGuard& guard_;
  const Clock& clock_;
  std::shared_ptr<WatchedRun> run_;
  const std::vector<ApiRoute> table_;
};

Dashboard::Dashboard(Options options, HttpGuard& guard, const Clock& clock)
    : state_(std::make_shared<State>(std::move(options), guard, clock)) {}

Dashboard::~Dashboard() = default;

const std::string& Dashboard::run_folder() const {
  return state_->run().folder();
}

bool Dashboard::live() {
  state_->run().refresh(forever);
  return state_->run().snapshot().live();
}

std::vector<HttpRoute> Dashboard::routes() {
  std::vector<HttpRoute> all;
  for (const ApiRoute& route : state_->table())
    all.push_back({route.method, route.path, [state = state_, &route](const HttpRequest& request) {
                     return state->answer(route, request);
                   }});
  for (const PageFile& file : page_files()) {
    auto handler = [file](const HttpRequest&) {
      return HttpResponse{.type = std::string(file.type), .body = std::string(file.bytes)};
    };
    all.push_back({"GET", str("/static/", file.name), handler});
    if (file.name == "index.html") all.push_back({"GET", "/", handler});
  }
  for (const char* path : {"/healthz", "/readyz"})
    all.push_back(
        {"GET", path, [](const HttpRequest&) { return HttpResponse{.body = "{\"ok\":true}"}; },
            HttpAccess::open});
  all.push_back(state_->guard().login_route());
  return all;
}

}  // namespace tramontane
