// What a head answers to its clients, and what it makes of requests that make no sense.
#include "actors/cluster/head_answers.h"

#include "runtime/base/json_text.h"
#include "tests/cluster/cluster_values.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

#include <chrono>
#include <limits>
#include <optional>
#include <tuple>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

namespace json = boost::json;

struct Desk {
  Desk() {
    JoinCluster offer = near_node("a", 101);
    offer.labels = {{"zone", "west"}};
    offer.instruction_set = 1;
    state.joined(offer, now);
  }

  json::object ask(const std::string& what, const std::string& request) {
    return json::parse(answer_of_head(state, "/nowhere", {what, request, {}}, now).answer)
        .as_object();
  }

  json::object submit(int generators) {
    HeadJob job = job_of_test(generators);
    return ask("submit", str(R"({"name":"n m","graph":"g: 1","priority":3,"workers":)",
                             workers_text(job.workers), "}"));
  }

  std::optional<Errc> refusal(const std::string& what, const std::string& request) {
    try {
      std::ignore = answer_of_head(state, "/nowhere", {what, request, {}}, now);
    } catch (const Error& error) {
      CHECK(!error.text().empty());
      return error.errc();
    }
    return std::nullopt;
  }

  std::int64_t now = 1'000'000;
  HeadState state{rules_of_test(), {}, now};
};

}  // namespace

TEST_CASE("a job that is submitted is told as it is, alone and in the list") {
  Desk desk;
  json::object job = desk.submit(2);
  CHECK(job.at("id") == 1);
  CHECK(job.at("name") == "n m");
  CHECK(job.at("state") == "queued");
  CHECK(job.at("priority") == 3);
  CHECK(job.at("run") == "/home/tram/runs/1-n-m");
  CHECK(job.at("pid").is_null());
  CHECK(job.at("exit_code").is_null());
  desk.now += 1'500;
  desk.state.decide(desk.now);
  desk.state.driver_started(1, 1, 4711, desk.now);
  desk.now += 500;
  desk.submit(1);
  json::array jobs = desk.ask("jobs", "{}").at("jobs").as_array();
  REQUIRE(jobs.size() == 2);
  json::object first = jobs[0].as_object();
  CHECK(first.at("state") == "running");
  CHECK(first.at("submitted") == 2.0);
  CHECK(first.at("since") == 0.5);
  CHECK(first.at("attempt") == 1);
  CHECK(first.at("node") == "a");
  CHECK(first.at("pid") == 4711);
  json::array workers = desk.ask("job", R"({"id":1})").at("workers").as_array();
  REQUIRE(workers.size() == 3);
  CHECK(workers[1].at("name") == "generator/0");
  CHECK(workers[1].at("node") == "a");
  CHECK(workers[1].at("cpus") == 1.0);
  CHECK(workers[1].at("memory_bytes") == gib);
  CHECK(desk.ask("job", R"({"id":2})").at("workers").as_array()[0].at("node").is_null());
}

TEST_CASE("nodes are told with what they have and what is taken") {
  Desk desk;
  desk.submit(2);
  desk.state.decide(desk.now);
  desk.state.joined(far_node("b", 102), desk.now);
  desk.state.disconnected(102, desk.now);
  json::array nodes = desk.ask("nodes", "{}").at("nodes").as_array();
  REQUIRE(nodes.size() == 2);
  json::object a = nodes[0].as_object();
  CHECK(a.at("name") == "a");
  CHECK(a.at("state") == "ready");
  CHECK(a.at("cpus") == 4.0);
  CHECK(a.at("cpus_used") == 2.1);
  CHECK(a.at("memory_bytes_used") == 3 * gib);
  CHECK(a.at("labels").at("zone") == "west");
  CHECK(a.at("instruction_set") == "avx2");
  CHECK(a.at("workers").as_array().size() == 3);
  CHECK(a.at("workers").as_array()[0] == "1/driver");
  CHECK(nodes[1].at("state") == "slow");
  desk.now += 8'000;
  nodes = desk.ask("nodes", "{}").at("nodes").as_array();
  CHECK(nodes[1].at("state") == "lost");
  CHECK(nodes[1].at("since") == 8.0);
}

TEST_CASE("a node is drained and let back, and a job is stopped, as is asked") {
  Desk desk;
  CHECK(desk.ask("drain", R"({"node":"a","draining":true})").at("state") == "drained");
  CHECK(desk.ask("drain", R"({"node":"a","draining":false})").at("state") == "ready");
  CHECK(desk.refusal("drain", R"({"node":"b","draining":true})") == Errc::not_found);
  desk.submit(1);
  desk.submit(1);
  CHECK(desk.ask("stop", R"({"id":1})").at("state") == "stopped");
  CHECK(desk.ask("stop", R"({"id":1})").at("exit_code") == 0);
  desk.state.decide(desk.now);
  desk.state.driver_started(2, 1, 5, desk.now);
  CHECK(desk.ask("stop", R"({"id":2,"patience_s":1.5})").at("state") == "running");
  auto orders = desk.state.decide(desk.now);
  REQUIRE(orders.size() == 1);
  CHECK(orders[0].stop.patience == std::chrono::milliseconds(1'500));
}

TEST_CASE("a request that makes no sense is refused, and changes nothing") {
  Desk desk;
  desk.submit(1);
  std::ignore = desk.state.changed();
  for (const char* what : {"submit", "job", "stop", "drain"})
    for (const char* request : {"", "{", "null", "[]", "7", "{}", "{\"id\":null,\"node\":7}",
             "\xFF", "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["}) {
      INFO(str(what, " ", request));
      CHECK(desk.refusal(what, request) == Errc::bad_input);
    }
  CHECK(desk.refusal("dance", "{}") == Errc::bad_input);
  CHECK(desk.refusal("", "{}") == Errc::bad_input);
  CHECK(desk.refusal("jobs", "[]") == Errc::bad_input);
  for (const char* id : {"-1", "1.5", "1e400", "18446744073709551616", "\"1\"", "true", "[1]"})
    for (const char* what : {"job", "stop"}) {
      INFO(str(what, " ", id));
      CHECK(desk.refusal(what, str("{\"id\":", id, "}")) == Errc::bad_input);
    }
  for (const char* id : {"0", "2", "18446744073709551615"})
    for (const char* what : {"job", "stop"})
      CHECK(desk.refusal(what, str("{\"id\":", id, "}")) == Errc::not_found);
  for (const char* patience : {"-1", "1e7", "1e300", "\"5\"", "null", "-0.001"}) {
    INFO(std::string(patience));
    CHECK(desk.refusal("stop", str("{\"id\":1,\"patience_s\":", patience, "}")) == Errc::bad_input);
  }
  CHECK(desk.refusal("drain", R"({"node":"a","draining":1})") == Errc::bad_input);
  CHECK(desk.refusal("drain", R"({"node":"a"})") == Errc::bad_input);
  CHECK(desk.state.changed().empty());
  CHECK(desk.state.jobs().at(1).state == JobState::queued);
}

TEST_CASE("a submitted job that makes no sense is refused") {
  Desk desk;
  std::string workers = workers_text(job_of_test(1).workers);
  auto request = [](const std::string& name, const std::string& priority, const std::string& all) {
    return str(
        "{\"name\":", name, ",\"graph\":\"g\",\"priority\":", priority, ",\"workers\":", all, "}");
  };
  CHECK(desk.refusal("submit", request("7", "0", workers)) == Errc::bad_input);
  CHECK(desk.refusal("submit", request("\"n\"", "1e10", workers)) == Errc::bad_input);
  CHECK(desk.refusal("submit", request("\"n\"", "\"high\"", workers)) == Errc::bad_input);
  for (const char* bad : {"[]", "{}", "[7]", "[{}]", "null"}) {
    INFO(std::string(bad));
    CHECK(desk.refusal("submit", request("\"n\"", "0", bad)) == Errc::bad_input);
  }
  HeadJob huge = job_of_test(1, std::numeric_limits<std::int64_t>::max());
  CHECK(
      desk.refusal("submit", request("\"n\"", "0", workers_text(huge.workers))) == Errc::bad_input);
  std::string gpus = workers;
  gpus.replace(gpus.find("\"gpu_milli\":0"), 13, "\"gpu_milli\":4294967296");
  CHECK(desk.refusal("submit", request("\"n\"", "0", gpus)) == Errc::bad_input);
  CHECK(desk.state.jobs().empty());
  CHECK(desk.refusal("submit", request("\"n\"", "-2", workers)) == std::nullopt);
}
