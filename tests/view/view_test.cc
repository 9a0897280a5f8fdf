#include "actors/view/frame.h"
#include "actors/view/lines.h"
#include "tests/view/sample_run.h"

#include <boost/json/parse.hpp>

#include <cmath>
#include <limits>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

RunEvent event(const char* json) {
  return boost::json::parse(json).as_object();
}

std::string joined(const std::vector<std::string>& lines) {
  std::string out;
  for (const auto& line : lines) out += line + "\n";
  return out;
}

bool has(const std::string& whole, const std::string& part) {
  return whole.find(part) != std::string::npos;
}

// The state after the events up to the given step of the reinforcement.
RunState state_at(int step) {
  RunState state;
  for (const auto& e : sample_run({})) {
    state.take(e);
    if (state.reinforcing() && state.step >= step && !state.actors.empty()) break;
  }
  return state;
}

}  // namespace

TEST_CASE("a frame names stage, step, time left, busy shares, swaps, queues and waits") {
  std::string shown = joined(frame(state_at(77), {100, 40}, false));
  CHECK(has(shown, "arithmetic"));
  CHECK(has(shown, "▸ reinforce step 77 of 200"));
  CHECK(has(shown, "✓ warm start 600"));
  CHECK(has(shown, "left"));
  CHECK(has(shown, "held-out 0."));
  CHECK(has(shown, "tokens per completion"));
  CHECK(has(shown, "tok/s"));
  CHECK(has(shown, "generator ███"));
  CHECK(has(shown, "stall p50"));
  CHECK(has(shown, "waiting "));
  CHECK(has(shown, "gap 0, bit for bit"));
  CHECK(has(shown, "lag        max 2  0 "));
  CHECK(has(shown, "generator/1"));
  CHECK(has(shown, "completions missing"));
}

TEST_CASE("a warm start shows its loss") {
  RunState state;
  for (const auto& e : sample_run({})) {
    state.take(e);
    if (state.step == 300) break;
  }
  std::string shown = joined(frame(state, {80, 24}, false));
  CHECK(has(shown, "▸ warm start step 300 of 600"));
  CHECK(has(shown, "50 %"));
  CHECK(has(shown, "loss 0."));
}

TEST_CASE("a frame keeps to every size of terminal, and always tells progress") {
  for (int step : {0, 1, 77, 200}) {
    RunState state = state_at(step);
    for (int columns : {1, 2, 8, 20, 39, 40, 60, 80, 100, 132, 250, 1000})
      for (int rows : {1, 2, 3, 5, 8, 12, 16, 24, 30, 50, 300}) {
        auto lines = frame(state, {columns, rows}, false);
        CAPTURE(columns);
        CAPTURE(rows);
        CHECK(!lines.empty());
        CHECK(static_cast<int>(lines.size()) <= std::max(1, rows - 1));
        for (const auto& line : lines) CHECK(tramontane::columns(line) <= std::max(1, columns - 1));
        if (columns >= 40) CHECK(has(joined(lines), "%"));
      }
  }
}

TEST_CASE("colour changes nothing but the tones") {
  RunState state = state_at(50);
  auto plain = frame(state, {90, 30}, false);
  auto toned = frame(state, {90, 30}, true);
  REQUIRE(plain.size() == toned.size());
  for (std::size_t i = 0; i < plain.size(); ++i) {
    std::string bare;
    for (std::size_t at = 0; at < toned[i].size(); ++at)
      if (toned[i][at] == '\x1b')
        at = toned[i].find('m', at);
      else
        bare += toned[i][at];
    CHECK(bare == plain[i]);
  }
  CHECK(!has(joined(plain), "\x1b"));
  CHECK(has(joined(toned), "\x1b["));
}

TEST_CASE("no event, however odd, upsets state, frame or lines") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  std::vector<RunEvent> odd = {event("{}"), event(R"({"event": 3})"), event(R"({"event": "step"})"),
      event(R"({"event": "step", "stage": "x", "step": "y", "steps": [], "lag_histogram": {}})"),
      event(R"({"event": "step", "kind": "reinforce", "step": 5, "steps": 0,
                "lag_histogram": ["a", null, 3], "queues": [1]})"),
      event(R"({"event": "step", "step": -4, "steps": -1, "stage": 1e300})"),
      event(R"({"event": "status", "actors": [1, null, {}, {"name": 4, "busy": "much"}]})"),
      event(R"({"event": "run", "stages": [{}, 7, {"kind": null, "steps": null}]})"),
      event(R"({"event": "evaluation", "label": "before", "examples": [3, {}], "by_kind": 4})"),
      event(R"({"event": "evaluation", "label": "after", "examples": [{}]})"),
      event(R"({"event": "swap"})"), event(R"({"event": "swap_failed"})"),
      event(R"({"event": "exit", "log": 1})"), event(R"({"event": "alarm"})"),
      event(R"({"event": "checkpoint", "bytes": -1, "best": "yes"})"),
      event(R"({"event": "summary"})"), event(R"({"event": "unheard of"})"),
      {{"event", "step"}, {"kind", "reinforce"}, {"step", nan}, {"steps", infinity},
          {"correct", nan}, {"eta_seconds", -infinity}, {"loss", 1e308}, {"tokens_mean", infinity}},
      {{"event", "step"}, {"kind", "reinforce"}, {"step", 1e300}, {"tokens_mean", 1e308},
          {"generator_busy", 1e300}, {"lag_max", -1e300}, {"lag_histogram", {nan, -1.0, 1e308}}},
      {{"event", "alarm"}, {"text", "\x1b[2J\xff\xc3(\n"}}};
  RunState state;
  for (const auto& e : odd) {
    state.take(e);
    for (const auto& line : event_lines(e)) CHECK(!has(line.str(200, false), "\x1b"));
    step_line(e).str(200, true);
    closing_lines(state, 80);
    for (int columns : {10, 80, 160})
      for (const auto& line : frame(state, {columns, 30}, false))
        CHECK(tramontane::columns(line) <= columns - 1);
  }
  CHECK(has(joined(frame(state, {80, 24}, false)), "–"));
}

TEST_CASE("a figure that was never measured is a dash, not a zero") {
  RunState state;
  state.take(event(R"({"event": "stage", "stage": 0, "kind": "reinforce", "steps": 10})"));
  std::string shown = joined(frame(state, {100, 40}, false));
  CHECK(has(shown, "gap –"));
  CHECK(has(shown, "– tok/s"));
  CHECK(has(
      step_line(event(R"({"event": "step", "kind": "reinforce"})")).str(300, false), "correct –"));
}

TEST_CASE("a log-prob gap stands out") {
  RunState state;
  state.take(event(R"({"event": "step", "stage": 0, "kind": "reinforce", "step": 1, "steps": 9,
                       "log_prob_gap_max": 0.0000119})"));
  CHECK(has(joined(frame(state, {100, 40}, false)), "gap 0.0000119"));
}

TEST_CASE("many actors give way to the rest of the view, and are counted") {
  RunState state;
  for (const auto& e : sample_run({.generators = 40})) {
    state.take(e);
    if (state.reinforcing() && state.step == 30) break;
  }
  std::string shown = joined(frame(state, {100, 30}, false));
  CHECK(has(shown, "more actors"));
  CHECK(has(shown, "tokens per completion"));
}

TEST_CASE("the swap stall's middle is that of the recent ones, its maximum that of all") {
  RunState state;
  for (int i = 0; i < 5000; ++i)
    state.take({{"event", "swap"}, {"stall_us", i == 0 ? 1000.0 : i < 3000 ? 50.0 : 10.0}});
  CHECK(state.swaps == 5000);
  CHECK(state.stall_us_p50() == 10);
  CHECK(state.stall_us_max == 1000);
  CHECK(state.stall_us_last == 10);
}

TEST_CASE("a step told again after a resume replaces the curve from there") {
  Series series;
  for (int i = 1; i <= 10; ++i) series.add(i, 0.1 * i);
  series.add(7, 0.5);
  REQUIRE(series.points().size() == 7);
  CHECK(series.last() == 0.5);
}

TEST_CASE("a curve of many steps keeps its ends in bounded memory") {
  Series series;
  for (int i = 0; i < 1000000; ++i) series.add(i, i);
  CHECK(series.points().size() <= 2048);
  CHECK(series.points().front().first == 0);
  CHECK(series.last() == 999999);
}

TEST_CASE("the closing lines say how much of the gain is choosing to think") {
  RunState state;
  for (const auto& e : sample_run({})) state.take(e);
  std::string shown;
  for (const auto& line : closing_lines(state, 100)) shown += line.str(200, false) + "\n";
  CHECK(has(shown, "0.11 → 0.81"));
  CHECK(has(shown, "0.54 is choosing to think"));
  CHECK(has(shown, "0.16 is better working"));
  CHECK(has(shown, "✗ 422"));
  CHECK(has(shown, "✓ <think>"));
  CHECK(has(shown, "runs/arithmetic-1/report.html"));
}

TEST_CASE("widths count columns, not bytes") {
  CHECK(columns("█░–π") == 4);
  CHECK(columns("日本") == 4);
  CHECK(columns("e\xCC\x81") == 1);
  CHECK(fit("日本語", 4) == "日… ");
  CHECK(fit("ab", 4) == "ab  ");
  CHECK(fit_right("ab", 4) == "  ab");
  CHECK(cut("abcdef", 4) == "abc…");
}

TEST_CASE("figures carry their units") {
  CHECK(count(999) == "999");
  CHECK(count(12345) == "12.3k");
  CHECK(count(4.56e6) == "4.56M");
  CHECK(whole(1234567) == "1,234,567");
  CHECK(whole(-1234) == "-1,234");
  CHECK(duration(0.42) == "0.4 s");
  CHECK(duration(65) == "1:05");
  CHECK(duration(7384) == "2:03:04");
  CHECK(micros(9.25) == "9.2 µs");
  CHECK(micros(1234) == "1.2 ms");
  CHECK(share(0.964) == "96 %");
  CHECK(bytes_text(1.74e6) == "1.7 MB");
  CHECK(bar(0.5, 4) == "██░░");
  CHECK(sparkline({0, 1}, 5) == "▁█");
  for (auto* show : {count, whole, duration, micros, share, bytes_text})
    CHECK(show(std::nan("")) == "–");
}
