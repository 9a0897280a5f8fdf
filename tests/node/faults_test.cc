// Faults that somebody asks for: how they are said, and when they come.
#include "runtime/node/faults.h"

#include "runtime/base/check.h"
#include "runtime/base/result.h"

#include <chrono>
#include <cmath>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include "tests/support/test.h"

using namespace tramontane;
using namespace std::chrono_literals;

namespace {

std::string refusal(const std::string& text) {
  try {
    (void)parse_faults(text);
  } catch (const Error& error) {
    CHECK(error.errc() == Errc::bad_input);
    return error.text();
  }
  return "accepted";
}

Graph graph_of(const std::vector<std::string>& workers) {
  Graph graph;
  for (const std::string& name : workers)
    graph.actors.push_back({.name = name, .kind = "k", .isolation = Isolation::process});
  return graph;
}

}  // namespace

TEST_CASE("faults are read as they are said") {
  using Kind = FaultRule::Kind;
  auto rules = parse_faults("kill generator 1/60s, stop verifier/0 2/1m for 500ms,cut any 1/1.5h ");
  REQUIRE(rules.size() == 3);
  CHECK(rules[0] == FaultRule{Kind::kill, "generator", 60s, {}});
  CHECK(rules[1] == FaultRule{Kind::stop, "verifier/0", 30s, 500ms});
  CHECK(rules[2] == FaultRule{Kind::cut, "any", 90min, {}});
}

TEST_CASE("a fault that makes no sense is quoted, with what was expected") {
  for (const char* text : {"", " ", "kill", "kill generator", "kill generator 60s", "hit any 1/1s",
           "kill any 1/1s for 3s", "stop any 1/1s", "stop any 1/1s for", "stop any 1/1s to 3s",
           "kill any 0/1s", "kill any -1/1s", "kill any x/1s", "kill any 1/1s,", "kill any /1s",
           "kill any nan/1s", "kill any inf/1s", "kill any 1/1s cut any 1/1s"}) {
    INFO(std::string(text));
    CHECK(refusal(text).find("expected kill WHO N/TIME") != std::string::npos);
  }
  for (const char* time : {"1", "s", "1d", "1 s", "-1s", "0s", "1e9h", "nans", "1.s.", "0.01ms"}) {
    INFO(std::string(time));
    CHECK(refusal(str("kill any 1/", time)) != "accepted");
  }
  CHECK(refusal("kill any 1/1d").find("the fault \"kill any 1/1d\": \"1d\" is no time") == 0);
  CHECK(refusal("kill any 1000000/1s").find("more often than every millisecond") !=
        std::string::npos);
}

TEST_CASE("faults are for workers that there are") {
  auto why = [](const std::string& faults, const std::vector<std::string>& workers) {
    try {
      check_faults(parse_faults(faults), graph_of(workers));
    } catch (const Error& error) {
      return error.text();
    }
    return std::string();
  };
  CHECK(why("kill any 1/1s, kill generator 1/1s, cut generator/1 1/1s",
            {"generator/0", "generator/1"}) == "");
  CHECK(why("kill any 1/1s", {}).find("--isolation process") != std::string::npos);
  CHECK(why("kill trainr 1/1s", {"trainer"}).find("did you mean 'trainer'?") != std::string::npos);
  check_faults({}, Graph());
}

TEST_CASE("faults come as often as they were asked for, each to one of those who are meant") {
  const std::vector<std::string> running = {"generator/0", "generator/1", "trainer"};
  FaultClock faults(
      parse_faults("kill generator 1/10s, stop trainer 1/20s for 2s, cut any 1/5s"), 7);
  std::map<std::string, int> seen;
  Time now{};
  for (int tick = 0; tick < 1'000'000; ++tick) {
    now += 20ms;
    for (const DueFault& fault : faults.due(now, running)) {
      ++seen[str(static_cast<int>(fault.kind), " ", fault.worker)];
      CHECK((fault.lasts == (fault.kind == FaultRule::Kind::stop ? 2s : 0s)));
    }
  }
  // Of 20,000 s: 2,000 kills, 1,000 stops, 4,000 cuts; four deviations of a Poisson count.
  auto about = [](int count, double expected) {
    CHECK(std::abs(count - expected) < 4 * std::sqrt(expected));
  };
  about(seen["0 generator/0"], 1'000);
  about(seen["0 generator/1"], 1'000);
  about(seen["1 trainer"], 1'000);
  for (const std::string& worker : running) about(seen["2 " + worker], 4'000.0 / 3);
  CHECK(seen.size() == 6);
}

TEST_CASE("a seed draws the same faults, and nobody is meant who does not run") {
  auto play = [](std::uint64_t seed, const std::vector<std::string>& running) {
    FaultClock faults(parse_faults("kill generator 1/1s"), seed);
    std::string all;
    Time now{};
    for (int tick = 0; tick < 5'000; ++tick) {
      now += 20ms;
      for (const DueFault& fault : faults.due(now, running)) all += str(tick, fault.worker, " ");
    }
    return all;
  };
  CHECK(play(3, {"generator/0", "generator/1"}) == play(3, {"generator/0", "generator/1"}));
  CHECK(play(3, {"generator/0"}) != play(4, {"generator/0"}));
  CHECK(play(3, {"trainer"}) == "");
  CHECK(play(3, {}) == "");
}
