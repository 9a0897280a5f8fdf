#include "actors/view/frame.h"
#include "actors/view/lines.h"
#include "actors/view/panels.h"
#include "tests/view/sample_run.h"

#include <boost/json/parse.hpp>

#include <algorithm>
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

TEST_CASE("where there is no room for curves a line has them small, and no more than that") {
  RunState state = state_at(77);
  auto large = frame(state, {100, 40}, false);
  auto small = frame(state, {100, 12}, false);
  auto smallest = frame(state, {100, 3}, false);
  auto curves = [](const std::vector<std::string>& lines) {
    return std::count_if(lines.begin(), lines.end(),
        [](const std::string& line) { return line.starts_with(" correct ▁"); });
  };
  CHECK(curves(large) == 0);
  CHECK(has(joined(large), "⠤"));
  CHECK(curves(small) == 1);
  CHECK(curves(smallest) == 0);
}

TEST_CASE("the parts of a frame stand apart where there is room, and panels fit their width") {
  auto blanks = [](const std::vector<std::string>& lines) {
    return std::count_if(lines.begin(), lines.end(),
        [](const std::string& line) { return line.find_first_not_of(' ') == std::string::npos; });
  };
  RunState state = state_at(77);
  CHECK(blanks(frame(state, {100, 40}, false)) >= 3);
  CHECK(blanks(frame(state, {100, 12}, false)) == 0);
  for (int width : {40, 60, 99})
    for (const auto& line : panels(state, {.across = 1, .rows = 4}, width))
      CHECK(line.width() <= width);
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
    closing_lines(state, "tram", 80);
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
  CHECK(has(step_line(event(R"({"event": "step", "kind": "reinforce"})")).str(300, false),
      "correct     –"));
}

TEST_CASE("a log-prob gap stands out") {
  CHECK(has(step_line(event(R"({"event": "step", "kind": "reinforce", "log_prob_gap_max": 2e-5})"))
                .str(300, false),
      "GAP 2.0e-5"));
  RunState state;
  state.take(event(R"({"event": "step", "stage": 0, "kind": "reinforce", "step": 1, "steps": 9,
                       "log_prob_gap_max": 0.0000119})"));
  CHECK(has(joined(frame(state, {100, 40}, false)), "gap 0.0000119"));
}

TEST_CASE("nothing that is written wraps on a terminal of 80 columns") {
  RunState state;
  auto events = sample_run({});
  events.push_back(
      {{"event", "alarm"}, {"text", std::string(60, 'a') + " and " + std::string(60, 'b')}});
  for (auto& e : events) {
    if (e["event"] == "step") e["log_prob_gap_max"] = 1.2e-7;
    state.take(e);
    CHECK(columns(step_line(e).str(1 << 20, false)) < 80);
    for (const auto& line : event_lines(e)) CHECK(columns(line.str(1 << 20, false)) < 80);
  }
  for (const char* how : {"finished", "interrupted", "failed"}) {
    state.summary["stopped"] = how;
    state.summary["swaps_while_writing"] = 1234;
    state.summary["reason"] =
        "the trainer failed for good: the loss was not finite at three steps in a row, which is "
        "what `non_finite_max` allows";
    for (const auto& line : closing_lines(state, "build/release/actors/tram", 79))
      CHECK(columns(line.str(1 << 20, false)) < 80);
  }
}

TEST_CASE("a line is folded between figures, then between words, and a path is left whole") {
  Line line;
  line.add("label  ").add("one 1  two 2  ", Tone::strong).add("three 3");
  auto folded = line.folded(16, 7);
  REQUIRE(folded.size() == 3);
  CHECK(folded[0].str(99, false) == "label  one 1");
  CHECK(folded[1].str(99, false) == "       two 2");
  CHECK(folded[2].str(99, false) == "       three 3");
  auto words = Line().add("label  a few words that are prose").folded(16, 7);
  CHECK(words[0].str(99, false) == "label  a few");
  CHECK(words[1].str(99, false) == "       words");
  auto path = Line().add("label  see /a/path/that/is/longer/than/that now").folded(16, 7);
  REQUIRE(path.size() == 3);
  CHECK(path[1].str(99, false) == "       /a/path/that/is/longer/than/that");
}

TEST_CASE("on 80 by 24 the trainer and a generator are shown, and columns have names") {
  RunState state = state_at(77);
  // As a real run has them: those that only pass messages come first.
  std::vector<RunState::ActorLine> others;
  for (const char* name : {"reporter", "ledger", "evaluator", "weights/receiver", "broadcaster"})
    others.push_back({name, name, "idle", "mail", 1, 0, 0, 64});
  state.actors.insert(state.actors.begin(), others.begin(), others.end());
  auto lines = frame(state, {80, 24}, false);
  std::string shown = joined(lines);
  REQUIRE(lines.size() == 23);
  CHECK(has(shown, " trainer "));
  CHECK(has(shown, " generator/0 "));
  CHECK(has(shown, "waiting for"));
  CHECK(has(shown, "more actors"));
}

TEST_CASE("the frame of a run that is over shows how it ended, and nobody at work") {
  for (bool to_its_end : {true, false}) {
    RunState state = state_at(77);
    state.take({{"event", "summary"}, {"stopped", to_its_end ? "finished" : "interrupted"},
        {"final_version", 80}, {"generator_busy", 0.61}, {"trainer_busy", 0.42}});
    std::string shown = joined(frame(state, {100, 40}, false));
    CHECK(has(shown, "version 80"));
    CHECK(has(shown, "░ 61 %  trainer"));
    CHECK(!has(shown, "being written"));
    CHECK(!has(shown, "waiting"));
    CHECK(!has(shown, "generator/0"));
    CHECK(has(shown, to_its_end ? "✓ reinforce" : "■ reinforce step 77 of 200"));
    CHECK(has(shown, to_its_end ? "100 %  finished" : "interrupted"));
    // Gone on with, it is not over.
    state.take({{"event", "run"}, {"stages", boost::json::array{}}});
    CHECK(!has(joined(frame(state, {100, 40}, false)), "interrupted"));
  }
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
  for (const auto& line : closing_lines(state, "tram", 100)) shown += line.str(200, false) + "\n";
  CHECK(has(shown, "0.11 → 0.81"));
  CHECK(has(shown, "0.54 is choosing to think"));
  CHECK(has(shown, "0.16 is better working"));
  CHECK(has(shown, "✗ 422"));
  CHECK(has(shown, "✓ <think>"));
  CHECK(has(shown, "runs/arithmetic-1/report.html"));
}

TEST_CASE("the closing lines say what was lost, when the last evaluation was, and nothing twice") {
  auto closing = [](const char* summary) {
    RunState state;
    state.take(event(R"({"event": "step", "kind": "reinforce", "step": 77, "steps": 200})"));
    state.take(event(summary));
    std::string shown;
    for (const auto& line : closing_lines(state, "/opt/my tools/tram", 79))
      shown += line.str(200, false) + "\n";
    return shown;
  };
  std::string worse = closing(R"({"event": "summary", "heldout_before": 0.4, "heldout_after": 0.5,
      "heldout_forced_thinking": 0.52, "stopped": "interrupted", "reason": "interrupted",
      "run": "/runs/it's one", "heldout_after_step": 60})");
  CHECK(has(worse, "Interrupted at step 77 of 200\n"));
  CHECK(has(worse, "0.40 → 0.50, as of step 60"));
  CHECK(has(worse, "made to think    0.52 before training: 0.02 more than was reached"));
  CHECK(!has(worse, "-0.02"));
  CHECK(!has(worse, "better working"));
  CHECK(has(worse, "  go on    '/opt/my tools/tram' resume '/runs/it'\\''s one'\n"));
  std::string harmful = closing(R"({"event": "summary", "heldout_before": 0.4, "heldout_after": 0.5,
      "heldout_forced_thinking": 0.3, "stopped": "failed", "reason": "the disk is full"})");
  CHECK(has(harmful, "Failed at step 77 of 200: the disk is full"));
  CHECK(has(harmful, "made to think    0.30 before training: 0.10 less than by itself"));
  std::string once =
      closing(R"({"event": "summary", "heldout_before": 0.1, "heldout_after": null})");
  CHECK(has(once, "held-out pass@1  0.10 before; not evaluated since"));
  CHECK(!has(once, "swaps"));
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
