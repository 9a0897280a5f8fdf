#include "actors/run/spans_file.h"

#include "tests/support/temp_folder.h"

#include <boost/json/parse.hpp>

#include <filesystem>
#include <fstream>

#include "tests/support/test.h"

using namespace tramontane;
using namespace std::chrono_literals;

namespace {

struct SpansBench {
  // At this many milliseconds, what there is to see of one actor.
  void look(int at_ms, const std::string& waiting_for, int since_ms,
      std::map<std::string, std::string> notes = {}) {
    ActorStatus status;
    status.name = "a";
    status.waiting_for = waiting_for;
    status.waiting_since = Time(since_ms * 1ms);
    status.notes = std::move(notes);
    spans.look({status}, Time(at_ms * 1ms), 1'000'000'000 + at_ms * 1000);
  }

  void look_at_nobody(int at_ms) {
    spans.look({}, Time(at_ms * 1ms), 1'000'000'000 + at_ms * 1000);
  }

  // "wait for x 100-500" in milliseconds.
  std::vector<std::string> lines() const {
    std::vector<std::string> out;
    std::ifstream in(path);
    for (std::string line; std::getline(in, line);) {
      auto event = boost::json::parse(line).as_object();
      auto ms = [&](const char* key) {
        return std::to_string((event.at(key).to_number<std::int64_t>() - 1'000'000'000) / 1000);
      };
      if (event.at("event") == "written")
        out.push_back("written " + std::to_string(event.at("rollout").as_int64()));
      else
        out.push_back(std::string(event.at("event").as_string()) + " " +
                      std::string(event.at("what").as_string()) + " " + ms("from_us") + "-" +
                      ms("to_us"));
    }
    return out;
  }

  // Adds a line, so that the file has so many bytes.
  void grow(std::uint64_t bytes) const {
    auto missing = bytes - std::filesystem::file_size(path);
    std::ofstream(path, std::ios::app) << std::string(missing - 1, ' ') << "\n";
  }

  using Lines = std::vector<std::string>;

  TempFolder folder;
  std::string path = folder.path() + "/spans.jsonl";
  SpansFile spans{path};
};

using Lines = SpansBench::Lines;

}  // namespace

TEST_CASE("a wait has its own beginning, and ends when another is seen or none") {
  SpansBench bench;
  bench.look(400, "reply of x", 100);
  bench.look(800, "reply of x", 100);
  CHECK(bench.lines() == Lines{});
  bench.look(1200, "reply of y", 1000);
  bench.look(1600, "", 0);
  CHECK(bench.lines() == Lines{"wait reply of x 100-1000", "wait reply of y 1000-1600"});
  bench.look(2000, "reply of x", 1900);
  bench.look(2400, "reply of x", 2300);  // the same again is another
  bench.look_at_nobody(2800);
  CHECK(bench.lines().size() == 4);
  CHECK(bench.lines()[2] == "wait reply of x 1900-2300");
  CHECK(bench.lines()[3] == "wait reply of x 2300-2800");
}

TEST_CASE("who waits for messages is idle, unless he says why; what one does is told too") {
  SpansBench bench;
  bench.look(400, "messages", 0);
  bench.look(800, "messages", 500, {{"idle_because", "max_lag"}});
  bench.look(1200, "", 0, {{"idle_because", "max_lag"}, {"doing", "a test"}});
  bench.look(1600, "reply of x", 1300, {{"doing", "a test"}});
  bench.look(2000, "messages", 1900);
  CHECK(bench.lines() == Lines{"wait max_lag 500-1200", "work a test 1200-2000"});
}

TEST_CASE("what is short is left out, the more the longer the file is; it does not grow for ever") {
  SpansBench bench;
  bench.look(400, "reply of x", 351);
  bench.look(800, "reply of y", 400);
  CHECK(bench.lines() == Lines{});
  CHECK(bench.spans.least() == 50'000);
  for (int rollout = 0; rollout < 3; ++rollout)
    bench.spans.written({{"event", "written"}, {"rollout", rollout}, {"from_us", 5}});
  CHECK(bench.lines().size() == 3);
  bench.grow(9 << 20);
  SpansFile longer(bench.path);
  CHECK(longer.least() == 200'000);
  auto size = [&] { return std::filesystem::file_size(bench.path); };
  for (int i = 1; i <= 8; ++i)
    longer.written({{"event", "written"}, {"rollout", i}, {"from_us", i * 100'000}});
  CHECK(size() - (9 << 20) > 60);
  CHECK(size() - (9 << 20) < 120);  // two of them
  bench.grow(SpansFile::bytes_most);
  SpansFile full(bench.path);
  auto before = size();
  full.written({{"event", "written"}, {"rollout", 1}, {"from_us", 1e15}});
  CHECK(size() == before);
}
