#include "actors/export/trace.h"

#include "runtime/base/result.h"
#include "tests/support/temp_folder.h"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>

#include <fstream>
#include <map>
#include <sstream>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

// A run's files, and the trace of them: "LANE: NAME FROM-TO" of each slice, "LANE: NAME @AT" of
// each mark, in milliseconds.
struct TracedRun {
  void put(const std::string& file, const std::string& lines) const {
    std::ofstream(folder.path() + "/" + file, std::ios::binary) << lines;
  }

  std::vector<std::string> trace() const {
    std::string path = folder.path() + "/trace.json";
    write_trace(folder.path(), path);
    std::ifstream in(path);
    std::stringstream all;
    all << in.rdbuf();
    auto parsed = boost::json::parse(all.str()).as_object();
    std::map<std::pair<std::int64_t, std::int64_t>, std::string> lanes;
    std::vector<std::string> out;
    for (const auto& value : parsed.at("traceEvents").as_array()) {
      const auto& event = value.as_object();
      std::pair lane(event.at("pid").as_int64(), event.at("tid").as_int64());
      std::string name(event.at("name").as_string());
      if (name == "thread_name") {
        lanes[lane] = std::string(event.at("args").at("name").as_string());
        continue;
      }
      if (event.at("ph") == "M") continue;
      auto ms = [&](double us) { return std::to_string(static_cast<int>(us / 1000 + 0.5)); };
      double at = event.at("ts").to_number<double>();
      std::string when = event.at("ph") == "i"
                             ? "@" + ms(at)
                             : ms(at) + "-" + ms(at + event.at("dur").to_number<double>());
      out.push_back(lanes.at(lane) + ": " + name + " " + when);
    }
    return out;
  }

  TempFolder folder;
};

using Lines = std::vector<std::string>;

constexpr const char* run_line = R"({"event":"run","started":"2026-01-01T00:00:00Z","seconds":0})"
                                 "\n";

}  // namespace

TEST_CASE("steps, swaps, checkpoints and marks stand where their events have them") {
  TracedRun run;
  run.put("metrics.jsonl",
      std::string(run_line) +
          R"({"event":"swap","generator":"g/0","version":1,"stall_us":1000,"seconds":1}
{"event":"step","kind":"reinforce","step":1,"train_seconds":0.5,"wait_seconds":0.25,"seconds":2}
{"event":"step","kind":"reinforce","step":2,"train_seconds":0.5,"wait_seconds":0.75,"seconds":3}
{"event":"swap","generator":"g/0","version":2,"stall_us":2000,"seconds":4}
{"event":"checkpoint","version":2,"took_seconds":0.5,"seconds":5}
{"event":"evaluation","label":"during","seconds":6}
{"event":"alarm","text":"odd","seconds":6}
)");
  CHECK(run.trace() == Lines{"run: begins @0", "g/0: swap 999-1000",
                           "trainer: waits for its batch 1250-1500", "trainer: trains 1500-2000",
                           "trainer: waits for its batch 2000-2500", "trainer: trains 2500-3000",
                           "g/0: version 1 1000-3998", "g/0: swap 3998-4000",
                           "checkpoints: checkpoint 4500-5000", "evaluations: during @6000",
                           "alarms: alarm @6000", "g/0: version 2 4000-6000"});
}

TEST_CASE("waits, deaths and rollouts have times by the wall; rollouts that overlap have lanes") {
  TracedRun run;
  run.put("metrics.jsonl", run_line);
  run.put("exits.jsonl",
      R"({"event":"exit","actor":"g/0","cause":"killed","wall_us":1767225602000000})"
      "\n");
  run.put("spans.jsonl",
      R"({"event":"wait","actor":"g/0","what":"reply of x","from_us":1767225601000000,"to_us":1767225601500000}
{"event":"work","actor":"evaluator","what":"a test","from_us":1767225601000000,"to_us":1767225601500000}
{"event":"wait","actor":"g/0","what":"no end","from_us":1767225601000000}
{"event":"work","actor":"g/0","what":"no beginning","to_us":1767225601000000}
{"event":"rest","actor":"g/0","what":"of no kind","from_us":1767225601000000,"to_us":1767225601500000}
{"event":"written","rollout":5,"from_us":1767225601000000,"parts":[{"version":1,"tokens":3,"to_us":1767225602000000},{"version":2,"tokens":3,"to_us":1767225603000000}]}
{"event":"written","rollout":6,"from_us":1767225602000000,"parts":[{"version":2,"tokens":3,"to_us":1767225604000000}]}
{"event":"written","rollout":7,"from_us":1767225603000000,"parts":[{"version":2,"tokens":3,"to_us":1767225604000000}]}
{"event":"written","rollout":8,"from_us":1767225603000000,"parts":[]}
{"event":"written","rollout":9,"from_us":"x","parts":[1]}
)");
  CHECK(
      run.trace() == Lines{"run: begins @0", "deaths: g/0 @2000", "g/0 waits: reply of x 1000-1500",
                         "evaluator works: a test 1000-1500", "lane 1: rollout 5 1000-3000",
                         "lane 1: version 1 1000-2000", "lane 1: version 2 2000-3000",
                         "lane 2: rollout 6 2000-4000", "lane 2: version 2 2000-4000",
                         "lane 1: rollout 7 3000-4000", "lane 1: version 2 3000-4000"});
}

TEST_CASE("a run that was resumed has its pause in it") {
  TracedRun run;
  run.put("metrics.jsonl",
      std::string(run_line) +
          R"({"event":"swap","generator":"g/0","version":1,"stall_us":0,"seconds":1}
{"event":"run","started":"2026-01-01T00:01:00Z","seconds":2,"resumed_from":1}
{"event":"step","kind":"reinforce","step":1,"train_seconds":1,"seconds":3}
)");
  CHECK(run.trace() == Lines{"run: begins @0", "g/0: swap 1000-1000", "g/0: version 1 1000-60000",
                           "run: goes on @60000", "trainer: trains 60000-61000"});
}

TEST_CASE("no run, no trace") {
  TempFolder folder;
  CHECK_THROWS_AS(write_trace(folder.path(), folder.path() + "/t"), Error);
}
