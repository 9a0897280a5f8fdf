// What the head tells of the inside of a job, from the files that there are.
#include "actors/cluster/job_views.h"

#include "actors/cluster/job_logs.h"
#include "runtime/base/check.h"
#include "tests/cluster/cluster_values.h"
#include "tests/support/temp_folder.h"

#include <boost/json/serialize.hpp>

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/support/test.h"

using namespace tramontane;
namespace json = boost::json;

namespace {

struct Run {
  Run() {
    job.id = 7;
    job.run = folder.path();
    job.state = JobState::running;
    job.seats = {{"driver", "a", {}}, {"generator/0", "b", {}}};
  }

  void put(const std::string& name, const std::string& text) const {
    std::ofstream(folder.path() + "/" + name, std::ios::binary) << text;
  }

  TempFolder folder;
  HeadJob job = job_of_test(1);
};

}  // namespace

TEST_CASE("actors are told with their nodes, and for how long they do what they do") {
  Run run;
  CHECK(job_actors(run.job, 5'000).empty());
  run.put("actors.json",
      R"({"actors":[{"name":"agent","kind":"agent","worker":"","pid":11,"state":"idle",)"
      R"("waiting_for":"messages","since":1000000,"busy":0.5,"mailbox":3,"mailbox_limit":9},)"
      R"({"name":"generator/0","kind":"generator","worker":"generator/0","pid":null,)"
      R"("state":"working","since":9000000,"restarts":2,"tokens_per_s":1200,"notes":{"version":"4"}},)"
      R"({"name":"verifier/0","worker":"verifier/0"}, 4]})");
  json::array actors = job_actors(run.job, 5'000);
  REQUIRE(actors.size() == 3);
  CHECK(json::serialize(actors[0]) ==
        R"({"name":"agent","kind":"agent","job":7,"node":"a","pid":11,"state":"idle",)"
        R"("waiting_for":"messages","since":4E0,"busy":5E-1,"mailbox":3,"mailbox_limit":9,)"
        R"("restarts":0,"tokens_per_s":null,"notes":{}})");
  CHECK(actors[1].at("node") == "b");
  CHECK(actors[1].at("since") == 0.0);  // by a clock that is ahead
  CHECK(actors[1].at("restarts") == 2);
  CHECK(actors[1].at("tokens_per_s") == 1200);
  CHECK(actors[1].at("notes").at("version") == "4");
  CHECK(actors[2].at("node").is_null());
  run.job.state = JobState::failed;
  CHECK(job_actors(run.job, 5'000).at(1).at("tokens_per_s").is_null());
  CHECK(job_actors(run.job, 5'000)[0].at("state") == "over");
  for (const char* nonsense :
      {"", "{", "[]", "{}", R"({"actors":3})", R"({"actors":[{}]})", "\xff"}) {
    INFO(std::string(nonsense));
    run.put("actors.json", nonsense);
    CHECK(job_actors(run.job, 5'000).size() <= 1);
  }
}

TEST_CASE("the last exits are told, and alarms that have begun and not ended") {
  Run run;
  CHECK(job_exits(run.job).empty());
  CHECK(job_alarms(run.job).empty());
  std::string exits = "not JSON\n{\"event\":\"step\"}\n";
  for (int i = 0; i < 120; ++i) exits += str("{\"event\":\"exit\",\"actor\":\"", i, "\"}\n");
  run.put("exits.jsonl", exits);
  json::array told = job_exits(run.job);
  REQUIRE(told.size() == 100);
  CHECK(told[0].at("actor") == "20");
  CHECK(told[99].at("actor") == "119");
  run.put("metrics.jsonl",
      R"({"event":"alarm","text":"a damaged checkpoint"})"
      "\n"
      R"({"event":"alarm","rule":"stalled","actor":"trainer","text":"no step","look":"its wait"})"
      "\n"
      R"({"event":"alarm","rule":"lag","actor":"x","text":"behind"})"
      "\n"
      R"({"event":"alarm_over","rule":"lag","actor":"x"})"
      "\n");
  json::array alarms = job_alarms(run.job);
  REQUIRE(alarms.size() == 1);
  CHECK(json::serialize(alarms[0]) ==
        R"({"rule":"stalled","actor":"trainer","text":"no step","look":"its wait"})");
}

TEST_CASE("of a long file its end is read, from the beginning of a line") {
  Run run;
  std::string line(1 << 20, 'x');
  std::string long_exit = str("{\"event\":\"exit\",\"actor\":\"", line, "\"}\n");
  std::string all;
  for (int i = 0; i < 6; ++i) all += long_exit;
  run.put("exits.jsonl", all + "{\"event\":\"exit\",\"actor\":\"last\"}\n");
  json::array told = job_exits(run.job);
  CHECK(told.size() == 4);
  CHECK(told.back().at("actor") == "last");
}

TEST_CASE(
    "a piece of a log ends with a line where there is more, and a long line is told in pieces") {
  Run run;
  std::string text;
  for (int i = 0; text.size() < 200'000; ++i) text += str("line ", i, " \u00e9\u00e9\n");
  run.put("metrics.jsonl", text);
  std::string read;
  for (std::int64_t offset = 0;;) {
    json::object piece = read_log("", run.job, "events", offset);
    std::string got(piece.at("text").as_string());
    CHECK(got.ends_with("\n"));
    read += got;
    offset = piece.at("next").to_number<std::int64_t>();
    if (offset == piece.at("size").to_number<std::int64_t>()) break;
  }
  CHECK(read == text);
  run.put("metrics.jsonl", std::string(100'000, 'y'));
  json::object piece = read_log("", run.job, "events", 0);
  CHECK(piece.at("text").as_string().size() == 64 << 10);
}
