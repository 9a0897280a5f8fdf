// What a run's files tell, however they come to be.
#include "actors/dashboard/history.h"

#include "actors/dashboard/curves.h"
#include "actors/dashboard/line_reader.h"
#include "actors/dashboard/run_stream.h"
#include "runtime/base/json_text.h"
#include "tests/dashboard/watched_folder.h"
#include "tests/view/sample_run.h"

#include <boost/json/array.hpp>

#include <cmath>
#include <sstream>
#include <string>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

std::vector<std::string> texts(const std::vector<FileLine>& lines) {
  std::vector<std::string> out;
  for (const auto& line : lines) out.push_back(line.text);
  return out;
}

RunEvent step(int number, double score) {
  return {{"event", "step"}, {"stage", 0}, {"kind", "reinforce"}, {"step", number}, {"steps", 9},
      {"score", score}, {"seconds", number * 1.0}};
}

// The ids and data of a stream's events.
std::vector<std::pair<std::string, std::string>> told(const std::string& stream) {
  std::vector<std::pair<std::string, std::string>> out;
  std::istringstream lines(stream);
  std::string id;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("event: ")) id.clear();
    if (line.starts_with("id: ")) id = line.substr(4);
    if (line.starts_with("data: ") && !id.empty()) out.emplace_back(id, line.substr(6));
  }
  return out;
}

}  // namespace

TEST_CASE("lines are read from anywhere, and only when they are whole") {
  WatchedFolder run;
  run.append("lines", "one\ntwo\n\nthree\nfo");
  LineReader file(run.path() + "/lines");
  CHECK(texts(file.read(0, 1000)) == std::vector<std::string>{"one", "two", "", "three"});
  CHECK(texts(file.read(1, 1000)) == std::vector<std::string>{"two", "", "three"});
  CHECK(texts(file.read(4, 1)) == std::vector<std::string>{"two"});
  CHECK(file.read(15, 1000).empty());
  CHECK(file.read(1000, 1000).empty());
  CHECK(file.read(0, 1000)[3].end == 15);
  run.append("lines", "ur\n");
  CHECK(texts(file.read(15, 1000)) == std::vector<std::string>{"four"});
  CHECK(file.line_at(4)->text == "two");
  CHECK_FALSE(file.line_at(5));
  CHECK(texts(file.tail(2, 1000)) == std::vector<std::string>{"three", "four"});
  CHECK(texts(file.tail(9, 7)) == std::vector<std::string>{"four"});
  CHECK(LineReader(run.path() + "/none").read(0, 10).empty());
  CHECK(LineReader(run.path()).read(0, 10).empty());
}

TEST_CASE("a line that is longer than any has reason to be is left out") {
  WatchedFolder run;
  run.append("lines", "a\n" + std::string(20 << 20, 'x') + "\nb\n");
  CHECK(texts(LineReader(run.path() + "/lines").read(0, 100 << 20)) ==
        std::vector<std::string>{"a", "b"});
  CHECK(texts(LineReader(run.path() + "/lines").read(2, 1)) == std::vector<std::string>{"b"});
}

TEST_CASE("a step that was trained again counts as told last, in its place") {
  WatchedFolder run;
  run.write_metrics({step(1, 0.1), step(2, 0.2), step(3, 0.3), step(2, 0.25)});
  RunHistory history(run.path());
  CHECK(history.refresh(run.clock(), forever));
  const auto& points = history.curves().find(*find_metric("score"))->at("");
  CHECK(points == Points{{1, 0.1}, {2, 0.25}});
  run.write_metrics({step(3, 0.35)});
  history.refresh(run.clock(), forever);
  CHECK(points.back() == std::pair(3.0, 0.35));
  CHECK(history.read(RunFile::metrics, *history.step_at(2))->at("score") == 0.25);
}

TEST_CASE("events of all files stand in the order of time") {
  WatchedFolder run;
  run.write_metrics({{{"event", "run"}, {"started", "2026-01-01T00:00:00Z"}, {"seconds", 0.0}},
      {{"event", "alarm"}, {"text", "a"}, {"seconds", 4.0}},
      {{"event", "alarm"}, {"text", "b"}, {"seconds", 6.0}},
      {{"event", "exit"}, {"actor", "x"}, {"seconds", 6.5}}});
  run.write_exit("x", "killed", 1'767'225'600'000'000 + 5'500'000);
  run.write_log("y", "error", "bad");  // at 5 s
  RunHistory history(run.path());
  history.refresh(run.clock(), forever);
  std::string order;
  for (const auto& place : history.events()) order += history.name_of(place.kind) + " ";
  CHECK(order == "run alarm log exit alarm ");
  CHECK(history.failures() == 1);
  CHECK(history.alarms() == 2);
}

TEST_CASE("which alarms stand is known, also after the run has ended; a new life ends them") {
  WatchedFolder run;
  RunEvent begins{{"event", "alarm"}, {"rule", "gap"}, {"actor", "trainer"},
      {"text", "trainer: a gap"}, {"look", "the audit"}, {"seconds", 3}};
  RunEvent other{{"event", "alarm"}, {"rule", "stalled"}, {"actor", "trainer"}, {"seconds", 4}};
  RunEvent over{{"event", "alarm_over"}, {"rule", "stalled"}, {"actor", "trainer"}, {"seconds", 5}};
  run.write_metrics({{{"event", "run"}}, begins, other, over, {{"event", "summary"}}});
  auto job = run.get("/api/v1/jobs/run");
  CHECK(job.at("alarms") == 2);
  CHECK(job.at("alarms_now") ==
        boost::json::array{{{"rule", "gap"}, {"actor", "trainer"}, {"text", "trainer: a gap"},
            {"look", "the audit"}, {"times", 1}, {"seconds", 3.0}}});
  auto events = run.get("/api/v1/events?kind=alarm,alarm_over").at("events").as_array();
  REQUIRE(events.size() == 3);
  CHECK(events[0].at("kind") == "alarm_over");
  CHECK(events[2].at("actor") == "trainer");
  CHECK(events[2].at("text") == "a gap");
  std::string standing = R"(tramontane_alarm_standing{job_id="run",rule="gap",actor="trainer"} 1)";
  CHECK(run.ask("/metrics").body.find(standing) != std::string::npos);
  WatchedFolder again;
  again.write_metrics({{{"event", "run"}}, begins, {{"event", "run"}}});
  CHECK(again.get("/api/v1/jobs/run").at("alarms_now").as_array().empty());
}

TEST_CASE("a time that has run out leaves the rest for the next look") {
  WatchedFolder run;
  run.write_metrics(sample_run({.reinforce_steps = 2000}));
  RunHistory history(run.path());
  CHECK_FALSE(history.refresh(run.clock(), run.clock().now()));
  std::size_t some = history.events().size();
  CHECK(some > 0);
  while (!history.refresh(run.clock(), run.clock().now())) continue;
  CHECK(history.events().size() > some);
  RunHistory at_once(run.path());
  at_once.refresh(run.clock(), forever);
  CHECK(at_once.events().size() == history.events().size());
}

TEST_CASE("a curve keeps its ends and its peaks when it is thinned") {
  Points points;
  for (int i = 0; i < 10'000; ++i) points.emplace_back(i, i == 4321 ? 100.0 : std::sin(i * 0.01));
  Thinned some = thin(points, 100);
  CHECK(some.thinned);
  CHECK(some.points.size() <= 100);
  CHECK(some.points.front() == points.front());
  CHECK(some.points.back() == points.back());
  bool peak = false;
  for (std::size_t i = 0; i < some.points.size(); ++i) {
    peak |= some.points[i].second == 100;
    if (i > 0) CHECK(some.points[i - 1].first < some.points[i].first);
  }
  CHECK(peak);
  CHECK_FALSE(thin({{1, 1}}, 2).thinned);
  CHECK(thin({}, 2).points.empty());
}

TEST_CASE("a curve is bounded whatever it is told") {
  Curves curves;
  const MetricRow& row = *find_metric("score");
  for (int i = 0; i < 100'000; ++i) curves.add(row, "", i, i);
  curves.add(row, "", std::nan(""), 1);
  curves.add(row, "", 100'000, std::nan(""));
  const Points& points = curves.find(row)->at("");
  CHECK(points.size() <= 16'384);
  CHECK(points.back().first == 99'999);
  for (int i = 0; i < 1000; ++i) curves.add(row, std::to_string(i), 1, 1);
  CHECK(curves.find(row)->size() <= 256);
}

TEST_CASE("ids are read back, and nothing else is one") {
  CHECK(parse_stream_place("5120.0.733")->text() == "5120.0.733");
  CHECK(parse_stream_place("0")->text() == "0.0.0");
  for (const char* text : {"", "1", "1.2", "1.2.3.", "1.2.3.4", "-1.0.0", "a.b.c", "1..3", " 1.2.3",
           "1.2.99999999999999999999"})
    CHECK_FALSE(parse_stream_place(text));
  CHECK(parse_event_id("l.733")->second == 733);
  for (const char* text : {"", "m", "m.", "m.x", "q.1", "m.1x", "m1.1", "m.-1"})
    CHECK_FALSE(parse_event_id(text));
}

TEST_CASE("whoever comes back with his last id gets every line once") {
  WatchedFolder folder;
  auto events = sample_run({.warm_start_steps = 30, .reinforce_steps = 20});
  auto run = std::make_shared<WatchedRun>(folder.path(), folder.clock());
  std::vector<std::string> got;
  StreamPlace place;
  std::size_t written = 0;
  std::vector<std::string> want;
  for (int round = 0; written < events.size() || round < 1000; ++round) {
    if (written < events.size()) {
      if (events[written].at("event") != "status") want.push_back(json_text(events[written]));
      folder.write_metrics({events[written++]});
    }
    RunStream stream(run, place, {});
    std::string some = stream.next(round % 3 == 0 ? 1 : 10'000);
    auto lines = told(some);
    // The connection breaks behind any of them.
    std::size_t taken = lines.empty() ? 0 : 1 + static_cast<std::size_t>(round) % lines.size();
    for (std::size_t i = 0; i < taken; ++i) got.push_back(lines[i].second);
    if (taken > 0) place = *parse_stream_place(lines[taken - 1].first);
  }
  CHECK(got == want);
}

TEST_CASE("a stream tells of the job and its actors first, then of what is new") {
  WatchedFolder folder;
  folder.write_metrics({step(1, 0.5)});
  folder.write_actors(Alive::yes);
  auto run = std::make_shared<WatchedRun>(folder.path(), folder.clock());
  RunStream stream(run, stream_end(folder.path()), {});
  std::string first = stream.next(100'000);
  CHECK(first.find("event: job\ndata: {\"id\":\"run\"") != std::string::npos);
  CHECK(first.find("event: actors\ndata: {\"live\":true") != std::string::npos);
  CHECK(told(first).empty());
  CHECK(stream.next(100'000).empty());
  folder.write_exit("a", "failed", 1);
  folder.write_log("a", "warning", "w");
  folder.write_log("a", "info", "i");
  folder.write_metrics({{{"event", "exit"}, {"actor", "a"}}, step(2, 0.5)});
  folder.look_again();
  auto lines = told(stream.next(100'000));
  REQUIRE(lines.size() == 3);
  RunStream only(run, StreamPlace{}, {"step"});
  CHECK(told(only.next(100'000)).size() == 2);
  // A file that is shorter than it was is another.
  RunStream beyond(run, StreamPlace{{1'000'000, 0, 0}}, {"step"});
  folder.write_metrics({step(3, 0.5)});
  CHECK(told(beyond.next(100'000)).size() == 1);
}

TEST_CASE("what a process uses is told while its run lives, and is never another's") {
  for (Alive alive : {Alive::yes, Alive::no}) {
    WatchedFolder run;
    run.write_actors(alive);
    bool lives = alive == Alive::yes;
    CAPTURE(lives);
    boost::json::object node = run.get("/api/v1/nodes/box");
    CHECK(node.at("state") == (lives ? "up" : "gone"));
    CHECK(node.at("memory").is_null() == !lives);
    for (const auto& process : node.at("processes").as_array()) {
      CHECK(process.at("state") == (lives ? "running" : "gone"));
      for (const char* use : {"memory", "cpu_seconds", "threads"})
        CHECK(process.at(use).is_null() == !lives);
    }
  }
}
