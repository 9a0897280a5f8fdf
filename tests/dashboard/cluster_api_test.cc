// Every answer of a cluster's dashboard is as its document says; what is asked of a head is what
// was posted.
#include "actors/dashboard/cluster_api.h"

#include "actors/cluster/head_answers.h"
#include "actors/dashboard/cluster_dashboard.h"
#include "runtime/base/json_text.h"
#include "runtime/base/result.h"
#include "tests/cluster/cluster_values.h"
#include "tests/dashboard/schema_check.h"
#include "tests/dashboard/watched_folder.h"
#include "tests/support/temp_folder.h"
#include "tests/view/sample_run.h"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>

#include <filesystem>
#include <fstream>
#include <optional>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "tests/support/test.h"

using namespace tramontane;
namespace json = boost::json;

namespace {

// A head with two nodes, of whose jobs the first has a run.
class World {
 public:
  World() : guard_({.token = std::string(64, 'a')}, clock_) {
    std::filesystem::create_directories(folder_.path() + "/logs");
    JoinCluster near = near_node("a", 101);
    near.home = folder_.path();
    state.joined(near, now);
    state.joined(far_node("b", 102), now);
    dashboard_.emplace(
        ClusterDashboard::Options{.home = folder_.path(),
            .version = "0.0.1",
            .ask =
                [this](const std::string& what, const json::object& request) {
                  ++asked;
                  if (away) throw Error(Errc::io, "nobody is there");
                  last = request;
                  return json::parse(
                      answer_of_head(state, "/nowhere", {what, json_text(request), {}}, now).answer)
                      .as_object();
                },
            .request_of =
                [](const Submission& submission) {
                  if (submission.graph == "wrong") throw Error(Errc::bad_input, "line 1: wrong");
                  json::object request{{"name", "posted"}, {"graph", submission.graph},
                      {"priority", submission.priority}};
                  request["workers"] = json::parse(workers_text(job_of_test(2).workers));
                  return request;
                }},
        guard_, clock_);
    routes_ = dashboard_->routes();
  }

  std::uint64_t submit() {
    HeadJob job = job_of_test(2);
    std::uint64_t id = state.submit(std::move(job), now);
    state.decide(now);
    look_again();
    return id;
  }

  HttpResponse ask(
      const std::string& target, const std::string& method = "GET", const std::string& body = "") {
    return ask_route(routes_, clock_, target, method, body);
  }

  json::object get(const std::string& target) { return json::parse(ask(target).body).as_object(); }

  json::object post(const std::string& target, const std::string& body = "") {
    return json::parse(ask(target, "POST", body).body).as_object();
  }

  Errc refusal(
      const std::string& target, const std::string& method = "GET", const std::string& body = "") {
    try {
      ask(target, method, body);
    } catch (const Error& error) {
      CHECK(!error.text().empty());
      return error.errc();
    }
    FAIL("it was taken: " << target << " " << body);
    return Errc::failed;
  }

  void look_again() { clock_.advance(std::chrono::seconds(3)); }

  const std::vector<HttpRoute>& routes() const { return routes_; }

  void write_log(const std::string& text) const {
    std::ofstream(folder_.path() + "/logs/head.jsonl", std::ios::app) << text;
  }

  bool away = false;
  int asked = 0;
  json::object last;
  std::int64_t now = 1'000'000;

 private:
  TempFolder folder_;

 public:
  HeadState state{{.home = folder_.path(), .host = "here"}, {}, now};

 private:
  ManualClock clock_;
  HttpGuard guard_;
  std::optional<ClusterDashboard> dashboard_;
  std::vector<HttpRoute> routes_;
};

std::string problem_of(const json::object& answer, const std::string& path,
    const json::object& document, const char* method = "get") {
  const auto& responses = document.at("paths").at(path).at(method).at("responses").as_object();
  const auto& schema = responses.at("200").at("content").at("application/json").at("schema");
  return problem_with(answer, schema.as_object(), document);
}

}  // namespace

TEST_CASE("what a cluster answers is as its document says") {
  World world;
  std::uint64_t id = world.submit();
  world.write_log(
      "{\"time\":\"2026-01-01T00:00:05.000001Z\",\"level\":\"info\",\"who\":\"head\",\"text\":"
      "\"job "
      "1\",\"reason\":\"why\"}\n{\"half");
  json::object document = world.get("/api/v1/openapi.json");
  std::string one = "/api/v1/jobs/" + std::to_string(id);
  CHECK(problem_of(world.get("/api/v1/version"), "/api/v1/version", document) == "");
  CHECK(problem_of(world.get("/api/v1/jobs"), "/api/v1/jobs", document) == "");
  CHECK(problem_of(world.get(one), "/api/v1/jobs/{job}", document) == "");
  CHECK(problem_of(world.get("/api/v1/nodes"), "/api/v1/nodes", document) == "");
  CHECK(problem_of(world.get("/api/v1/nodes/b"), "/api/v1/nodes/{name}", document) == "");
  CHECK(problem_of(world.get("/api/v1/events"), "/api/v1/events", document) == "");
  CHECK(world.get("/api/v1/events").at("events").at(0).at("text") == "job 1: why");
  CHECK(problem_of(world.post("/api/v1/links"), "/api/v1/links", document, "post") == "");
  std::string body = R"({"graph":"g: 1","set":["a=b"],"priority":-2,"folder":"/somewhere"})";
  CHECK(problem_with(json::parse(body),
            document.at("components").at("schemas").at("Submission").as_object(), document) == "");
  CHECK(problem_of(world.post("/api/v1/jobs", body), "/api/v1/jobs", document, "post") == "");
  CHECK(problem_of(world.post("/api/v1/nodes/b/drain"), "/api/v1/nodes/{name}/drain", document,
            "post") == "");
  CHECK(problem_of(world.post(one + "/stop"), "/api/v1/jobs/{job}/stop", document, "post") == "");
}

TEST_CASE("a head tells nothing of jobs and nodes that the document has not") {
  World world;
  std::uint64_t id = world.submit();
  auto told = [&](const char* what, const json::object& request) {
    return json::parse(
        answer_of_head(world.state, "/nowhere", {what, json_text(request), {}}, world.now).answer)
        .as_object();
  };
  auto expect_all = [](const json::object& from, const char* shape) {
    json::object kept = in_shape(from, shape);
    for (const auto& field : from) {
      INFO(shape << "." << std::string(field.key()));
      CHECK(kept.contains(field.key()));
    }
    for (const auto& field : kept) {
      INFO(shape << "." << std::string(field.key()));
      CHECK((from.contains(field.key()) || field.key() == "progress"));
    }
  };
  json::object job = told("job", {{"id", id}});
  expect_all(job, "ClusterJobDetails");
  expect_all(job.at("workers").at(0).as_object(), "ClusterWorker");
  expect_all(told("jobs", {}).at("jobs").at(0).as_object(), "ClusterJob");
  expect_all(told("nodes", {}).at("nodes").at(0).as_object(), "ClusterNode");
}

TEST_CASE("every route of one run is one of each job, and every reference leads somewhere") {
  World world;
  json::object document = world.get("/api/v1/openapi.json");
  std::set<std::string> known;
  for (const auto& [name, schema] : document.at("components").at("schemas").as_object())
    known.emplace(name);
  std::string text = json_text(document);
  std::regex reference("\"#/components/schemas/(\\w+)\"");
  for (std::sregex_iterator at(text.begin(), text.end(), reference), end; at != end; ++at)
    CHECK(known.contains((*at)[1]));
  for (const char* path : {"/api/v1/jobs/{job}/actors", "/api/v1/jobs/{job}/actors/{name}",
           "/api/v1/jobs/{job}/nodes", "/api/v1/jobs/{job}/rollouts/{id}",
           "/api/v1/jobs/{job}/batches/{step}", "/api/v1/jobs/{job}/stream"})
    CHECK(document.at("paths").as_object().contains(path));
  std::set<std::string> all;
  for (const ClusterRoute& route : cluster_routes()) {
    INFO(route.api.path);
    CHECK(all.insert(std::string(route.api.method) + route.api.path).second);
  }
}

TEST_CASE("a job's run is read where it lies, and told apart from one that has not begun") {
  World world;
  WatchedFolder run;
  run.write_metrics(sample_run({.warm_start_steps = 2, .reinforce_steps = 3}));
  run.write_actors(Alive::yes);
  world.submit();
  CHECK(world.get("/api/v1/jobs/1").at("progress").is_null());
  CHECK(world.refusal("/api/v1/jobs/1/actors") == Errc::not_found);
  std::filesystem::path folder(std::string(world.get("/api/v1/jobs/1").at("run").as_string()));
  std::filesystem::create_directories(folder.parent_path());
  std::filesystem::create_directory_symlink(run.path(), folder);
  json::object document = world.get("/api/v1/openapi.json");
  json::object job = world.get("/api/v1/jobs/1");
  CHECK(problem_of(job, "/api/v1/jobs/{job}", document) == "");
  CHECK(job.at("progress").at("stage_kind") == "reinforce");
  json::object actors = world.get("/api/v1/jobs/1/actors?kind=generator");
  CHECK(problem_of(actors, "/api/v1/jobs/{job}/actors", document) == "");
  CHECK(actors.at("actors").as_array().size() == 2);
  CHECK(world.get("/api/v1/jobs/1/actors/generator/1").at("name") == "generator/1");
  CHECK(world.get("/api/v1/jobs/1/nodes").at("nodes").at(0).at("name") == "box");
  CHECK(world.ask("/metrics?job=1").body.find("tramontane_job_state") != std::string::npos);
  CHECK(world.refusal("/api/v1/jobs/1/actors?job=1") == Errc::bad_input);
  world.away = true;  // files are there without a head, too
  world.look_again();
  CHECK(world.get("/api/v1/jobs/1/events").at("events").as_array().size() > 1);
  CHECK(world.refusal("/api/v1/jobs/2/actors") == Errc::not_found);
  world.away = false;
  world.look_again();
  CHECK(world.refusal("/api/v1/jobs/x") == Errc::not_found);
}

TEST_CASE("what is posted is checked before a head is asked") {
  World world;
  for (const char* body : {"", "[]", "{", "{}", R"({"graph":1})", R"({"graph":"g","sets":[]})",
           R"({"graph":"g","set":"a=b"})", R"({"graph":"g","set":[1]})",
           R"({"graph":"g","folder":"here"})", R"({"graph":"g","folder":"/a\u0000b"})",
           R"({"graph":"g","priority":"1"})", R"({"graph":"g","priority":1e9})",
           R"({"graph":"g","priority":1000001})", R"({"graph":"wrong"})"}) {
    INFO(body);
    CHECK(world.refusal("/api/v1/jobs", "POST", body) == Errc::bad_input);
  }
  CHECK(world.state.jobs().empty());
  world.submit();
  CHECK(world.refusal("/api/v1/jobs/1/stop?deadline=soon", "POST") == Errc::bad_input);
  CHECK(world.refusal("/api/v1/jobs/1/stop?deadline=-1", "POST") == Errc::bad_input);
  CHECK(world.refusal("/api/v1/jobs/7/stop", "POST") == Errc::not_found);
  CHECK(world.refusal("/api/v1/nodes/c/drain", "POST") == Errc::not_found);
  CHECK(world.refusal("/api/v1/nodes/a/drain?undo=yes", "POST") == Errc::bad_input);
  world.post("/api/v1/jobs/1/stop?deadline=2.5");
  CHECK(world.last.at("patience_s") == 2.5);
  CHECK(world.post("/api/v1/nodes/b/drain").at("state") != "ready");
  CHECK(world.get("/api/v1/nodes/b").at("state") != "ready");  // at once
  CHECK(world.post("/api/v1/nodes/b/drain?undo=true").at("state") == "ready");
}

TEST_CASE("the head is not asked for each who looks, and what it said last is told of no more") {
  World world;
  world.submit();
  for (int i = 0; i < 100; ++i) world.get("/api/v1/jobs");
  CHECK(world.asked == 2);
  world.away = true;
  world.get("/api/v1/jobs");
  world.look_again();
  CHECK(world.refusal("/api/v1/jobs") == Errc::closed);
  CHECK(world.refusal("/readyz") == Errc::closed);
  CHECK(world.ask("/healthz").status == 200);
  int asked = world.asked;
  for (int i = 0; i < 100; ++i) CHECK(world.refusal("/api/v1/nodes") == Errc::closed);
  CHECK(world.asked == asked);
  CHECK(world.ask("/metrics").body.find("tramontane_head_answers 0") != std::string::npos);
  world.away = false;
  world.look_again();
  CHECK(world.get("/api/v1/jobs").at("jobs").as_array().size() == 1);
  CHECK(world.ask("/readyz").status == 200);
}

TEST_CASE("jobs come in pages, the newest first, of the states that are asked for") {
  World world;
  for (int i = 0; i < 5; ++i) world.submit();
  auto ids = [&](const std::string& query) {
    std::vector<std::int64_t> found;
    json::object page = world.get("/api/v1/jobs?" + query);
    for (const auto& job : page.at("jobs").as_array())
      found.push_back(job.at("id").to_number<std::int64_t>());
    return found;
  };
  CHECK(ids("") == std::vector<std::int64_t>{5, 4, 3, 2, 1});
  CHECK(ids("order=oldest&limit=2") == std::vector<std::int64_t>{1, 2});
  CHECK(ids("order=oldest&limit=2&after=2") == std::vector<std::int64_t>{3, 4});
  CHECK(ids("state=finished").empty());
  CHECK(world.get("/api/v1/jobs?fields=state").at("jobs").at(0).as_object().size() == 2);
  CHECK(world.refusal("/api/v1/jobs?job=1") == Errc::bad_input);
}

TEST_CASE("events of a cluster are the lines of its head's log, of a level and a text") {
  World world;
  for (const char* level : {"debug", "info", "warning", "error", "loud"})
    world.write_log(str(R"({"time":"2026-01-01T00:00:00Z","level":")", level, R"(","text":"it is )",
        level, R"(","reason":"why"})", "\n"));
  world.write_log("no JSON\n[1]\n");
  auto texts = [&](const std::string& query, const std::string& order = "oldest") {
    std::vector<std::string> found;
    json::object page = world.get("/api/v1/events?order=" + order + query);
    for (const auto& event : page.at("events").as_array())
      found.emplace_back(event.at("text").as_string());
    return found;
  };
  using Texts = std::vector<std::string>;
  const std::string info = "it is info: why", warning = "it is warning: why";
  const std::string error = "it is error: why";
  CHECK(texts("") == Texts{info, warning, error});
  CHECK(texts("&level=info") == Texts{info, warning, error});
  CHECK(texts("&level=warning") == Texts{warning, error});
  CHECK(texts("&level=error") == Texts{error});
  CHECK(texts("&text=warn") == Texts{warning});
  CHECK(texts("&kind=log") == Texts{info, warning, error});
  CHECK(texts("&kind=step").empty());
  CHECK(texts("&actor=a").empty());
  CHECK(texts("&limit=2", "newest") == Texts{error, warning});
  json::object first = world.get("/api/v1/events?order=oldest&limit=1");
  std::string next(first.at("next").as_string());
  CHECK(texts("&after=" + next) == Texts{warning, error});
}

TEST_CASE("a stream tells jobs and nodes at the beginning, and again when they are others") {
  World world;
  world.submit();
  auto told = [](const std::string& text, const char* kind) {
    return text.find(std::string("event: ") + kind + "\n") != std::string::npos;
  };
  HttpResponse response = world.ask("/api/v1/stream");
  REQUIRE(response.stream != nullptr);
  std::string first = response.stream->next(1 << 16);
  CHECK(told(first, "jobs"));
  CHECK(told(first, "nodes"));
  world.now += 5000;  // they are older, and no others
  world.look_again();
  CHECK(response.stream->next(1 << 16).empty());
  world.state.drain("a", true);
  world.look_again();
  std::string later = response.stream->next(1 << 16);
  CHECK(!told(later, "jobs"));
  CHECK(told(later, "nodes"));
  world.away = true;
  world.look_again();
  CHECK(response.stream->next(1 << 16).empty());
  world.away = false;
  world.look_again();
  HttpResponse some = world.ask("/api/v1/stream?kinds=nodes");
  CHECK(!told(some.stream->next(1 << 16), "jobs"));
}
