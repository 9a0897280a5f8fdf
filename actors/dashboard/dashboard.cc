#include "actors/dashboard/dashboard.h"

#include "actors/dashboard/api.h"
#include "actors/dashboard/program_answers.h"
#include "actors/dashboard/query.h"
#include "actors/dashboard/run_answers.h"
#include "actors/dashboard/watched_run.h"
#include "runtime/base/check.h"
#include "runtime/base/result.h"

#include <utility>

namespace tramontane {

class Dashboard::State {
 public:
  State(Options options, HttpGuard& guard, const Clock& clock)
      : program_(std::move(options.version), guard, clock),
        run_(std::make_shared<WatchedRun>(options.run, clock)),
        table_(api_routes()) {}

  const std::vector<ApiRoute>& table() const { return table_; }

  WatchedRun& run() { return *run_; }

  HttpResponse answer(const ApiRoute& route, const HttpRequest& request) {
    Query query(request, route);
    if (auto answer = program_.answer(route.path, request, table_)) return std::move(*answer);
    if (auto job = request.parameter("job"); job && *job != run_->id())
      throw Error(Errc::not_found, str("there is no job '", *job, "' here"));
    return answer_of_run(run_, route.path, query);
  }

 private:
  const ProgramAnswers program_;
  std::shared_ptr<WatchedRun> run_;
  const std::vector<ApiRoute> table_;
};

Dashboard::Dashboard(Options options, HttpGuard& guard, const Clock& clock)
    : state_(std::make_shared<State>(std::move(options), guard, clock)), guard_(guard) {}

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
  for (const char* path : {"/healthz", "/readyz"})
    all.push_back(
        {"GET", path, [](const HttpRequest&) { return HttpResponse{.body = "{\"ok\":true}"}; },
            HttpAccess::open});
  for (HttpRoute& route : page_routes(PageOf::run, guard_)) all.push_back(std::move(route));
  return all;
}

}  // namespace tramontane
