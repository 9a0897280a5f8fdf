// Activities of a run, page by page.
#include "tests/dashboard/watched_folder.h"

#include <boost/json/array.hpp>

#include <set>
#include <string>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

std::string wait(int number) {
  return R"({"event":"wait","actor":"a","what":")" + std::string(100, 'x') + R"(","from_us":)" +
         std::to_string(number) + R"(,"to_us":)" + std::to_string(number + 5) + "}\n";
}

}  // namespace

TEST_CASE("activities are told as they were written, and what is none is left out") {
  WatchedFolder run;
  run.append("spans.jsonl",
      R"({"event":"wait","actor":"a","what":"reply of b","from_us":1000,"to_us":2000}
{"event":"written","rollout":7,"from_us":1000,"parts":[{"version":1,"tokens":3,"to_us":1500},{"version":2,"tokens":4,"to_us":2500}]}
{"event":"written","rollout":8,"from_us":1000,"parts":[]}
{"event":"wait","actor":"a","what":"x","from_us":3000,"to_us":2000}
{"event":"wait","actor":"a","what":"x","from_us":"y","to_us":2000}
no line
{"event":"step","from_us":1,"to_us":2}
{"event":"wait","actor":"half)");
  auto answer = run.get("/api/v1/spans");
  CHECK(answer.at("next").is_null());
  const auto& spans = answer.at("spans").as_array();
  REQUIRE(spans.size() == 2);
  CHECK(spans[0].at("actor") == "a");
  CHECK(spans[0].at("what") == "reply of b");
  CHECK(spans[0].at("to_us") == 2000);
  CHECK(spans[1].at("rollout") == 7);
  CHECK(spans[1].at("to_us") == 2500);
  CHECK(spans[1].at("parts").as_array().size() == 2);
  CHECK(WatchedFolder().get("/api/v1/spans").at("spans").as_array().empty());
}

TEST_CASE("pages go back to the beginning, each activity once") {
  WatchedFolder run;
  std::string all;
  for (int i = 0; i < 5000; ++i) all += wait(i);
  run.append("spans.jsonl", all);
  std::multiset<std::int64_t> seen;
  int pages = 0;
  for (std::string after; pages < 20; ++pages) {
    auto page = run.get("/api/v1/spans" + after);
    for (const auto& span : page.at("spans").as_array()) seen.insert(span.at("from_us").as_int64());
    if (pages == 0) CHECK(page.at("spans").as_array().back().at("from_us") == 4999);
    if (page.at("next").is_null()) break;
    after = "?after=" + std::string(page.at("next").as_string());
  }
  CHECK(pages >= 2);
  CHECK(seen.size() == 5000);
  CHECK(std::set<std::int64_t>(seen.begin(), seen.end()).size() == 5000);
  CHECK(run.get("/api/v1/spans?after=999999999").at("spans").as_array().size() > 100);
}
