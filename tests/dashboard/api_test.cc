// Every answer of the API is as its document says, whatever the run is like.
#include "actors/dashboard/api.h"

#include "actors/dashboard/metric_table.h"
#include "runtime/base/result.h"
#include "tests/dashboard/schema_check.h"
#include "tests/dashboard/watched_folder.h"
#include "tests/view/sample_run.h"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <map>
#include <regex>
#include <set>
#include <string>

#include "tests/support/test.h"

using namespace tramontane;
namespace json = boost::json;

namespace {

// Of each route one or several that there is something of in a whole run.
const std::multimap<std::string, std::string> targets = {{"/api/v1/version", "/api/v1/version"},
    {"/api/v1/jobs", "/api/v1/jobs"}, {"/api/v1/jobs/{id}", "/api/v1/jobs/run"},
    {"/api/v1/actors", "/api/v1/actors"},
    {"/api/v1/actors/{name...}", "/api/v1/actors/generator/1"},
    {"/api/v1/actors/{name...}", "/api/v1/actors/generator%2F0"},
    {"/api/v1/nodes", "/api/v1/nodes"}, {"/api/v1/nodes/{name}", "/api/v1/nodes/box"},
    {"/api/v1/events", "/api/v1/events?limit=1000"},
    {"/api/v1/events", "/api/v1/events?kind=step&order=oldest"}, {"/api/v1/spans", "/api/v1/spans"},
    {"/api/v1/metrics", "/api/v1/metrics?names=score,swap_stall_us,heldout_sampled&points=50"},
    {"/api/v1/rollouts", "/api/v1/rollouts?limit=1000"},
    {"/api/v1/rollouts/{id}", "/api/v1/rollouts/5"},
    {"/api/v1/batches/{step}", "/api/v1/batches/2"}};

void fill(const WatchedFolder& run, Alive alive) {
  run.write_metrics(sample_run({.warm_start_steps = 20, .reinforce_steps = 12}));
  run.write_exit("generator/1", "killed", 1'767'225'600'000'000);
  run.write_log("trainer", "warning", "slow");
  run.write_log("trainer", "debug", "fine");
  run.append("spans.jsonl",
      R"({"event":"wait","actor":"a","what":"b","from_us":1,"to_us":2})"
      "\n"
      R"({"event":"written","rollout":7,"from_us":1,"parts":[{"version":1,"tokens":3,"to_us":5}]})"
      "\n");
  run.write_actors(alive);
  run.write_ledger();
}

std::string problem_of(
    const json::object& answer, const std::string& path, const json::object& document) {
  std::string spelled = std::regex_replace(path, std::regex("\\.\\.\\.\\}"), "}");
  const auto& responses = document.at("paths").at(spelled).at("get").at("responses").as_object();
  const auto& schema = responses.at("200").at("content").at("application/json").at("schema");
  return problem_with(answer, schema.as_object(), document);
}

// Fields that the table has and the answer has not, of it or of the first thing it lists.
void expect_whole(const json::object& answer, const std::string& shape) {
  for (const auto& one : api_shapes()) {
    if (one.name != shape) continue;
    for (const auto& field : one.fields) {
      INFO(shape << "." << field.name);
      REQUIRE(answer.contains(field.name));
      std::string_view type = field.type;
      const auto& value = answer.at(field.name);
      if (!type.starts_with('[') || type[1] < 'A' || type[1] > 'Z' || value.as_array().empty())
        continue;
      expect_whole(value.as_array()[0].as_object(), std::string(type.substr(1, type.size() - 2)));
    }
  }
}

}  // namespace

TEST_CASE("every reference in the document leads somewhere, and every route is in it") {
  json::object document = openapi("1.2.3", api_routes());
  std::string text = json::serialize(document);
  std::set<std::string> shapes;
  for (const auto& shape : api_shapes()) {
    CHECK(shapes.insert(shape.name).second);
    std::set<std::string> names;
    for (const auto& field : shape.fields) CHECK(names.insert(field.name).second);
  }
  std::regex reference("\"#/components/schemas/(\\w+)\"");
  for (std::sregex_iterator at(text.begin(), text.end(), reference), end; at != end; ++at)
    CHECK(shapes.contains((*at)[1]));
  CHECK(document.at("openapi") == "3.1.0");
  CHECK(document.at("paths").as_object().size() == api_routes().size());
  CHECK(text.find("...}") == std::string::npos);
}

TEST_CASE("what a run that goes on answers is as the document says, and whole") {
  WatchedFolder run;
  Alive alive = Alive::yes;
  SUBCASE("while it is worked on") {}
  SUBCASE("after its process is gone") {
    alive = Alive::no;
  }
  fill(run, alive);
  json::object document = run.get("/api/v1/openapi.json");
  for (const ApiRoute& route : api_routes()) {
    auto [begin, end] = targets.equal_range(route.path);
    if (begin == end) continue;
    for (auto at = begin; at != end; ++at) {
      INFO(at->second);
      json::object answer = run.get(at->second);
      CHECK(problem_of(answer, route.path, document) == "");
      expect_whole(answer, route.answer);
    }
  }
}

TEST_CASE("a run of which there is nothing yet answers as the document says") {
  const char* file = "job.yaml";
  SUBCASE("of a job") {}
  SUBCASE("of a graph") {
    file = "graph.yaml";
  }
  WatchedFolder run(file);
  json::object document = run.get("/api/v1/openapi.json");
  for (const auto& row : targets) {
    INFO(row.second);
    try {
      CHECK(problem_of(run.get(row.second), row.first, document) == "");
    } catch (const Error& error) {
      CHECK(error.errc() == Errc::not_found);
    }
  }
  CHECK(run.get("/api/v1/jobs").at("jobs").at(0).at("state") == "queued");
  CHECK(run.ask("/metrics").body.find("tramontane_job_state") != std::string::npos);
}

TEST_CASE("files that are damaged cost what stood there, and no more") {
  WatchedFolder run;
  fill(run, Alive::no);
  run.append("metrics.jsonl", "{\"event\":\"step\",\"step\":[}\n\xff\xfe\n{\"event\":17}\n{\"half");
  run.append("exits.jsonl", "[1,2]\nnull\n{\"event\":\"exit\",\"actor\":[],\"wall_us\":\"x\"}\n");
  run.append("log.jsonl", "{\"time\":5,\"level\":\"error\",\"who\":{}}\n");
  run.append("actors.json", "}");
  json::object document = run.get("/api/v1/openapi.json");
  for (const char* target : {"/api/v1/jobs", "/api/v1/actors", "/api/v1/nodes"})
    CHECK(problem_of(run.get(target), target, document) == "");
  CHECK(problem_of(run.get("/api/v1/events"), "/api/v1/events", document) == "");
  CHECK(run.get("/api/v1/jobs/run").at("notes").as_array().size() == 1);
  run.ask("/metrics");
}

TEST_CASE("pages follow each other without a gap and without an overlap") {
  WatchedFolder run;
  fill(run, Alive::yes);
  for (std::string path : {"/api/v1/events?kind=step,swap,exit,log&limit=7",
           "/api/v1/events?order=oldest&limit=3", "/api/v1/rollouts?limit=9",
           "/api/v1/actors?limit=1", "/api/v1/rollouts?spanning=true&limit=2"}) {
    INFO(path);
    std::string name = path.substr(8, path.find('?') - 8);
    std::string whole = std::regex_replace(path, std::regex("limit=\\d+"), "limit=1000");
    json::array all = run.get(whole).at(name).as_array();
    json::array together;
    json::value next;
    int pages = 0;
    do {
      std::string target =
          path + (next.is_string() ? "&after=" + std::string(next.as_string()) : "");
      json::object page = run.get(target);
      for (const auto& one : page.at(name).as_array()) together.push_back(one);
      next = page.at("next");
      REQUIRE(++pages < 1000);
    } while (!next.is_null());
    CHECK(all.size() > 1);
    CHECK(together == all);
  }
}

TEST_CASE("fields that are not wanted are left out, but for what says which thing it is") {
  WatchedFolder run;
  fill(run, Alive::yes);
  json::object page = run.get("/api/v1/actors?fields=state");
  const auto& actor = page.at("actors").at(0).as_object();
  CHECK(actor.size() == 2);
  CHECK(actor.contains("name"));
  CHECK(run.get("/api/v1/jobs/run?fields=state,reason").size() == 3);
  CHECK(run.get("/api/v1/rollouts/5?fields=text").size() == 2);
}

TEST_CASE("an audited rollout has what the trainer saw of its tokens, the newest there is") {
  WatchedFolder run;
  fill(run, Alive::no);
  CHECK(run.get("/api/v1/rollouts/5").at("audit").is_null());
  auto line = [](int rollout, int step, const std::string& more) {
    return "{\"event\":\"audit\",\"rollout\":" + std::to_string(rollout) +
           ",\"step\":" + std::to_string(step) + more + "}\n";
  };
  run.append("audits.old.jsonl", line(5, 1, "") + line(6, 1, ",\"fates\":\"<>\""));
  CHECK(run.get("/api/v1/rollouts/5").at("audit").at("step") == 1);
  // More than is read at once, then nonsense about another.
  run.append("audits.jsonl",
      line(5, 2, ",\"gaps\":[0.5,null,\"x\"],\"ratios\":[1],\"entropy\":7,\"fates\":\".m\"") +
          line(4, 2, ",\"fates\":\"" + std::string(3 << 20, '.') + "\"") + line(51, 3, "") +
          "{\"event\":\"audit\",\"rollout\":7,[\n" +
          "{\"event\":\"audit\",\"rollout\":8,\"step\":-1,\"fates\":[1],\"gaps\":{}}\n");
  json::object document = run.get("/api/v1/openapi.json");
  json::object answer = run.get("/api/v1/rollouts/5");
  CHECK(problem_of(answer, "/api/v1/rollouts/{id}", document) == "");
  CHECK(answer.at("audit") == json::value{{"step", 2}, {"gaps", json::array{0.5, nullptr, nullptr}},
                                  {"ratios", json::array{1}}, {"entropy", json::array{}},
                                  {"fates", ".m"}});
  CHECK(run.get("/api/v1/rollouts/6").at("audit").at("fates") == "<>");
  CHECK(run.get("/api/v1/rollouts/7").at("audit").is_null());
  json::object odd = run.get("/api/v1/rollouts/8");
  CHECK(problem_of(odd, "/api/v1/rollouts/{id}", document) == "");
  CHECK(odd.at("audit").at("step") == 0);
}

TEST_CASE("a parameter that makes no sense is refused by its name") {
  WatchedFolder run;
  fill(run, Alive::yes);
  for (const char* target : {"/api/v1/jobs?job=run", "/api/v1/version?x=1",
           "/api/v1/actors?limit=0", "/api/v1/actors?limit=1001", "/api/v1/actors?limit=-1",
           "/api/v1/actors?limit=", "/api/v1/actors?after=x", "/api/v1/actors?fields=nme",
           "/api/v1/events?after=x.5", "/api/v1/events?after=m.5", "/api/v1/events?order=up",
           "/api/v1/events?level=loud", "/api/v1/metrics?names=scores", "/api/v1/metrics?points=1",
           "/api/v1/metrics?from=nan", "/api/v1/rollouts?spanning=1",
           "/api/v1/rollouts?min_score=a", "/api/v1/rollouts?finish=never", "/api/v1/rollouts/abc",
           "/api/v1/rollouts/-1", "/api/v1/batches/1.5", "/api/v1/batches/99999999999999999999999",
           "/api/v1/stream?after=1.2", "/api/v1/stream?after=-1.0.0"}) {
    INFO(target);
    try {
      run.ask(target);
      CHECK_MESSAGE(false, "it was taken");
    } catch (const Error& error) {
      CHECK(error.errc() == Errc::bad_input);
    }
  }
  for (const char* target :
      {"/api/v1/jobs/other", "/api/v1/actors?job=other", "/api/v1/actors/nobody",
          "/api/v1/nodes/elsewhere", "/api/v1/rollouts/4611686018427387904",
          "/api/v1/rollouts/18446744073709551615", "/api/v1/batches/77"}) {
    INFO(target);
    try {
      run.ask(target);
      CHECK_MESSAGE(false, "there was something");
    } catch (const Error& error) {
      CHECK(error.errc() == Errc::not_found);
    }
  }
}

TEST_CASE("a series has the points from one place to another, with both ends") {
  WatchedFolder run;
  fill(run, Alive::yes);
  auto between = [&](const std::string& query) {
    json::object answer = run.get("/api/v1/metrics?names=score" + query);
    return answer.at("series").at(0).as_object();
  };
  json::object all = between("");
  const auto& x = all.at("x").as_array();
  REQUIRE(x.size() == 12);
  auto expect = [&](const std::string& query, std::size_t from, std::size_t to) {
    json::object part = between(query);
    INFO(query);
    for (const char* axis : {"x", "y"}) {
      const auto& whole = all.at(axis).as_array();
      CHECK(part.at(axis).as_array() == json::array(whole.begin() + from, whole.begin() + to));
    }
  };
  std::string third = json::serialize(x[2]);
  std::string sixth = json::serialize(x[5]);
  expect("&from=" + third, 2, 12);
  expect("&to=" + sixth, 0, 6);
  expect("&from=" + third + "&to=" + sixth, 2, 6);
  expect("&from=" + sixth + "&to=" + third, 0, 0);
}

TEST_CASE("rollouts are found by what is asked of them") {
  WatchedFolder run;
  fill(run, Alive::no);
  json::array all = run.get("/api/v1/rollouts?limit=1000").at("rollouts").as_array();
  auto count = [&](const std::string& query, auto wanted) {
    INFO(query);
    std::size_t expected = 0;
    for (const auto& row : all) expected += wanted(row.as_object()) ? 1 : 0;
    json::array found = run.get("/api/v1/rollouts?limit=1000&" + query).at("rollouts").as_array();
    CHECK(found.size() == expected);
    CHECK(expected > 0);
    for (const auto& row : found) CHECK(wanted(row.as_object()));
  };
  count("step=1", [](const auto& row) { return row.at("step") == 1; });
  count("group=3", [](const auto& row) { return row.at("group") == 3; });
  count("state=trained", [](const auto& row) { return row.at("state") == "trained"; });
  count("state=dropped",
      [](const auto& row) { return row.at("state").as_string().starts_with("dropped"); });
  count("spanning=true", [](const auto& row) { return row.at("oldest") != row.at("newest"); });
  count("min_score=0.5", [](const auto& row) {
    return row.at("score").is_number() && row.at("score").template to_number<double>() >= 0.5;
  });
  count("min_tokens=5&max_tokens=9", [](const auto& row) {
    auto tokens = row.at("tokens").template to_number<int>();
    return tokens >= 5 && tokens <= 9;
  });
  count("version=1", [](const auto& row) {
    return row.at("tokens").template to_number<int>() > 0 &&
           row.at("oldest").template to_number<int>() <= 1 &&
           row.at("newest").template to_number<int>() >= 1;
  });
  CHECK(run.get("/api/v1/rollouts?step=1&group=99").at("rollouts").as_array().empty());
  CHECK(run.get("/api/v1/rollouts?step=77").at("rollouts").as_array().empty());
}

TEST_CASE("a job's state is what its files and its process say") {
  WatchedFolder run;
  auto state = [&] {
    run.look_again();
    return std::string(run.get("/api/v1/jobs").at("jobs").at(0).at("state").as_string());
  };
  CHECK(state() == "queued");
  run.write_actors(Alive::yes);
  CHECK(state() == "placing");
  auto events = sample_run({.warm_start_steps = 20, .reinforce_steps = 12});
  RunEvent summary = events.back();
  events.pop_back();
  run.write_metrics(events);
  CHECK(state() == "running");
  run.write_actors(Alive::no);
  CHECK(state() == "failed");
  CHECK(run.get("/api/v1/actors").at("actors").at(1).at("state") == "dead");
  CHECK(run.get("/api/v1/actors").at("actors").at(1).at("last_state") == "working");
  CHECK(run.get("/api/v1/actors").at("actors").at(1).at("messages_from") ==
        json::object{{"ledger", 5}});
  for (const char* how : {"interrupted", "finished", "failed"}) {
    summary["stopped"] = how;
    run.write_metrics({summary});
    CHECK(state() == (std::string(how) == "interrupted" ? "stopped" : how));
  }
  run.write_metrics({events.front()});  // it goes on
  run.write_actors(Alive::yes);
  CHECK(state() == "running");
}

TEST_CASE("what Prometheus reads has a HELP, a TYPE and no series twice") {
  WatchedFolder run;
  fill(run, Alive::yes);
  std::string text = run.ask("/metrics").body;
  std::set<std::string> helped, typed, series;
  std::regex sample(
      R"(^([a-z_:][a-z0-9_:]*)(\{[a-z_]+="[^"\n]*"(,[a-z_]+="[^"\n]*")*\})? (NaN|[+-]?Inf|[-+.eE0-9]+)$)");
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    INFO(line);
    std::istringstream words(line);
    std::string hash, what, name;
    words >> hash >> what >> name;
    if (hash == "#" && what == "HELP") {
      CHECK(helped.insert(name).second);
      CHECK(line.find("; ") != std::string::npos);  // the unit
    } else if (hash == "#") {
      CHECK(helped.contains(name));
      CHECK(typed.insert(name).second);
    } else {
      std::smatch match;
      REQUIRE(std::regex_match(line, match, sample));
      CHECK(typed.contains(match[1]));
      CHECK(series.insert(line.substr(0, line.rfind(' '))).second);
    }
  }
  CHECK(series.size() > 100);
}

TEST_CASE("every figure that a step tells has a row in the table of metrics") {
  std::set<std::string> known;
  for (const auto& row : metric_rows()) {
    CHECK(find_metric(row.name) == &row);
    if (row.source == MetricSource::reinforce_step) known.insert(row.field);
  }
  // What says where it is, or is no single figure.
  for (const char* other :
      {"event", "seconds", "stage", "kind", "step", "steps", "version", "fingerprint", "batch",
          "eta_seconds", "lag_histogram", "queues", "rows", "microbatches", "audited_spanning"})
    known.insert(other);
  for (const auto& event : sample_run({.warm_start_steps = 2, .reinforce_steps = 3})) {
    if (event.at("event") != "step" || event.at("kind") != "reinforce") continue;
    for (const auto& field : event)
      CHECK_MESSAGE(known.contains(field.key()), std::string(field.key()));
  }
}

TEST_CASE("a link that was asked for leads here") {
  WatchedFolder run;
  json::object answer = json::parse(run.ask("/api/v1/links", "POST").body).as_object();
  std::string link(answer.at("link").as_string());
  CHECK(link.starts_with("http://localhost:1/login?ticket="));
  HttpResponse response = run.ask(link.substr(18));
  CHECK(response.status == 303);
  CHECK(run.ask(link.substr(18)).status == 403);
}
