// What a report makes of a run's events.
#include "actors/report/run_story.h"
#include "tests/support/temp_folder.h"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

namespace json = boost::json;

RunStory story_of(const std::string& metrics) {
  TempFolder folder;
  std::ofstream(folder.path() + "/metrics.jsonl") << metrics;
  return read_story(folder.path());
}

std::string shown(const json::value& value) {
  return json::serialize(value);
}

}  // namespace

TEST_CASE("the steps of stages of one kind follow each other on one axis") {
  auto story = story_of(
      R"({"event":"step","kind":"warm_start","stage":0,"step":1,"loss":3,"tokens":10}
{"event":"step","kind":"warm_start","stage":0,"step":2,"loss":2.5,"skipped":true}
{"event":"step","kind":"warm_start","stage":1,"step":1,"loss":2}
{"event":"step","kind":"reinforce","stage":2,"step":1,"version":1,"rollouts":8,"spanning_rollouts":1,"score":0.5,"lag_histogram":[5,0,2]}
{"event":"step","kind":"reinforce","stage":2,"step":2,"version":2,"rollouts":4,"score":0.1234567}
)");
  auto& warm = story.page["warm"].as_object();
  CHECK(shown(warm["at"]) == "[1,2,3]");
  CHECK(shown(warm["stage"]) == "[0,0,1]");
  CHECK(shown(warm["loss"]) == "[3,2.5E0,2]");
  CHECK(shown(warm["tokens"]) == "[10,null,null]");
  CHECK(shown(warm["skipped"]) == "[null,1,null]");
  auto& steps = story.page["steps"].as_object();
  CHECK(shown(steps["at"]) == "[1,2]");
  CHECK(shown(steps["version"]) == "[1,2]");
  CHECK(shown(steps["score"]) == "[5E-1,1.23457E-1]");
  CHECK(shown(steps["lags"]) == "[[5,0,2],[]]");
  CHECK(shown(story.page["totals"]) == R"({"rollouts":12,"spanning_rollouts":1})");
  CHECK(story.batches == std::vector<std::uint64_t>{0, 1});
}

TEST_CASE("lags beyond the last that is shown are counted with it") {
  std::string lags = "[1,2,3,4,5,6,7,8,9,10,11,12,13,14]";
  auto story =
      story_of(R"({"event":"step","kind":"reinforce","step":5,"lag_histogram":)" + lags + "}\n");
  CHECK(shown(story.page["steps"].as_object()["lags"]) == "[[1,2,3,4,5,6,7,8,9,10,11,39]]");
  CHECK(story.batches == std::vector<std::uint64_t>{4});  // by its step, where no version is told
}

TEST_CASE("stages are those that the run told at its beginning, or those that it came to") {
  std::string came_to =
      R"({"event":"stage","stage":0,"kind":"warm_start","steps":3}
{"event":"stage","stage":1,"kind":"reinforce","steps":9}
)";
  CHECK(shown(story_of(came_to).page["stages"]) ==
        R"([{"kind":"warm_start","steps":3},{"kind":"reinforce","steps":9}])");
  CHECK(shown(story_of(R"({"event":"run","stages":[{"kind":"told"}]})"
                       "\n" +
                       came_to)
                  .page["stages"]) == R"([{"kind":"told"}])");
}

TEST_CASE("each generator has the middle, the ninety-ninth and the longest of its swaps") {
  std::string metrics;
  for (int i = 0; i <= 200; ++i)
    metrics += R"({"event":"swap","generator":"a","version":)" + std::to_string(i) +
               R"(,"stall_us":)" + std::to_string((i * 37) % 201) + R"(,"verify_us":)" +
               std::to_string(i % 3) +
               R"(,"prepare_us":7})"
               "\n";
  metrics += R"({"event":"swap","generator":"b","stall_us":5}
{"event":"swap","stall_us":6}
)";
  auto story = story_of(metrics);
  CHECK(shown(story.page["generators"]) ==
        R"([{"name":"a","swaps":201,"stall_us_p50":100,"stall_us_p99":198,"stall_us_max":200,)"
        R"("verify_us_p50":1,"prepare_us_p50":7},)"
        R"({"name":"b","swaps":1,"stall_us_p50":5,"stall_us_p99":5,"stall_us_max":5,)"
        R"("verify_us_p50":null,"prepare_us_p50":null},)"
        R"({"name":"generator","swaps":1,"stall_us_p50":6,"stall_us_p99":6,"stall_us_max":6,)"
        R"("verify_us_p50":null,"prepare_us_p50":null}])");
  auto& swaps = story.page["swaps"].as_object();
  CHECK(swaps["total"] == 203);
  CHECK(swaps["generator"].as_array().back() == 2);
  CHECK(swaps["stall_us"].as_array()[1] == 37);
}

TEST_CASE("of evaluations the examples stay where the page shows them") {
  auto evaluation = [](const char* label) {
    std::string examples;
    for (int i = 0; i < 30; ++i) examples += (i == 0 ? "" : ",") + std::to_string(i);
    return std::string(R"({"event":"evaluation","label":")") + label + R"(","examples":[)" +
           examples + "]}\n";
  };
  auto story = story_of(evaluation("before") + evaluation("forced_thinking") +
                        evaluation("during") + evaluation("during") + evaluation("after"));
  std::vector<std::size_t> kept;
  for (const auto& row : story.page["evaluations"].as_array()) {
    const auto* examples = row.as_object().if_contains("examples");
    kept.push_back(examples == nullptr ? 0 : examples->as_array().size());
  }
  CHECK(kept == std::vector<std::size_t>{24, 24, 0, 0, 24});
}

TEST_CASE("an alarm of a rule has how long it lasted, once that is over") {
  auto story = story_of(R"({"event":"alarm","rule":"gap","actor":"a","number":1}
{"event":"alarm","rule":"gap","actor":"b","number":2}
{"event":"alarm_over","rule":"gap","actor":"a","lasted_seconds":4.5}
)");
  auto& rows = story.page["alarms"].as_array();
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].as_object()["lasted_seconds"] == 4.5);
  CHECK_FALSE(rows[1].as_object().contains("lasted_seconds"));
}

TEST_CASE("tables keep their newest rows, and a run that goes on has no summary yet") {
  std::string metrics = R"({"event":"run","started":"1"}
{"event":"summary","steps":1}
{"event":"run","started":"2","resumed_from":7,"seconds":9.5}
)";
  for (int i = 0; i < 250; ++i)
    for (const char* what : {"alarm", "checkpoint", "swap_failed"})
      metrics += R"({"event":")" + std::string(what) + R"(","number":)" + std::to_string(i) + "}\n";
  auto story = story_of(metrics);
  for (const char* table : {"alarms", "checkpoints", "swaps_failed"}) {
    auto& rows = story.page[table].as_array();
    REQUIRE(rows.size() == 200);
    CHECK(rows.front().as_object()["number"] == 50);
    CHECK(rows.back().as_object()["number"] == 249);
  }
  CHECK(story.page["summary"].is_null());
  CHECK(shown(story.page["resumed"]) == R"([{"seconds":9.5E0,"resumed_from":7,"started":"2"}])");
  CHECK(story.page["run"].as_object()["started"] == "2");
}

TEST_CASE("figures keep six digits, whole ones all of them") {
  auto story = story_of(
      R"({"event":"step","kind":"reinforce","step":1,"score":123456.789,"correct":-0.00001234567,"entropy":1234567,"loss":1e300,"clip_low_share":null}
)");
  auto& steps = story.page["steps"].as_object();
  CHECK(shown(steps["score"]) == "[1.23457E5]");
  CHECK(steps["correct"].as_array()[0].as_double() == doctest::Approx(-1.23457e-5).epsilon(1e-9));
  CHECK(shown(steps["entropy"]) == "[1234567]");
  CHECK(steps["loss"].as_array()[0].as_double() == doctest::Approx(1e300).epsilon(1e-9));
  CHECK(shown(steps["clip_low_share"]) == "[null]");
}
