// Events as lines of text, to the letter.
#include "actors/view/lines.h"

#include <boost/json/parse.hpp>

#include <string>
#include <vector>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

RunEvent event(const std::string& json) {
  return boost::json::parse(json).as_object();
}

std::string text(const Line& line) {
  std::string shown = line.str(1 << 20, false);
  return shown.substr(0, shown.find_last_not_of(' ') + 1);
}

std::vector<std::string> texts(const std::vector<Line>& lines) {
  std::vector<std::string> out;
  for (const auto& line : lines) out.push_back(text(line));
  return out;
}

std::string only_line(const std::string& json, int width = 200) {
  auto lines = texts(event_lines(event(json), width));
  REQUIRE(lines.size() == 1);
  return lines[0];
}

constexpr const char* step = R"({"event": "step", "kind": "reinforce", "step": 7, "steps": 200,
    "correct": 0.25, "tokens_mean": 12.34, "thinking_share": 0.5, "lag_max": 2, "eta_seconds": 75,
    "correct_average": 0.375, "log_prob_gap_max": 0, "tokens_per_second": 12345,
    "generator_busy": 0.75, "trainer_busy": 0.5, "score": 0.125, "entropy": 0.625)";

}  // namespace

TEST_CASE("a step is a line of its figures, as many as have room") {
  std::string whole = std::string(step) + "}";
  CHECK(text(step_line(event(whole), 300)) ==
        "reinforce     7/200  correct 0.250  tokens 12.3  think  50 %  lag 2  left  1:15  average "
        "0.375  gap 0  tok/s 12.3k  generator busy  75 %  trainer busy  50 %  score 0.125  entropy "
        "0.625");
  std::string shown = text(step_line(event(whole)));
  CHECK(shown == "reinforce     7/200  correct 0.250  tokens 12.3  think  50 %  lag 2  left  1:15");
  int exactly = step_line(event(whole)).width();
  CHECK(text(step_line(event(whole), exactly)) == shown);
  CHECK(text(step_line(event(whole), exactly - 1)) != shown);
  CHECK(text(step_line(event(whole), 70)) ==
        "reinforce     7/200  correct 0.250  tokens 12.3  think  50 %  lag 2");
  CHECK(text(step_line(event(std::string(step) + R"(, "skipped": true})"), 60)) ==
        "reinforce     7/200  SKIPPED  correct 0.250  tokens 12.3");
  auto gap = event(whole);
  gap["log_prob_gap_max"] = 0.00025;
  gap["tokens_mean"] = 99.96;
  CHECK(text(step_line(gap, 70)) == "reinforce     7/200  GAP 2.5e-4  correct 0.250  tokens  100");
}

TEST_CASE("a step of a warm start has figures of its own") {
  CHECK(
      text(step_line(event(R"({"event": "step", "kind": "warm_start", "step": 12, "steps": 1000,
      "loss": 1.23456, "eta_seconds": 3.5, "tokens": 5000, "train_seconds": 2,
      "gradient_norm": 0.987, "learning_rate": 0.0025, "log_prob_gap_max": 1})"),
          300)) ==
      "warm start     12/1,000  loss 1.2346  left 3.5 s  tok/s 2,500  gradient  0.99  rate 2.5e-3");
}

TEST_CASE("the beginning of a run and of a stage is told with what is known of it") {
  CHECK(texts(event_lines(event(R"({"event": "run", "name": "sums", "parameters": 144448,
            "seed": 7, "isa": "avx2", "cores": 1, "resumed_from": 1200, "run": "runs/sums"})"),
            200)) ==
        std::vector<std::string>{"run          sums: 144,448 parameters, seed 7, avx2, 1 core",
            "resumed      from version 1,200", "folder       runs/sums"});
  CHECK(only_line(R"({"event": "run", "cores": 2})") == "run          run, 2 cores");
  CHECK(only_line(R"({"event": "stage", "stage": 1, "kind": "warm_start", "steps": 1800})") ==
        "stage        2: warm start, 1,800 steps");
  CHECK(only_line(R"({"event": "stage", "kind": "reinforce", "steps": 9})") ==
        "stage        reinforce, 9 steps");
}

TEST_CASE("an evaluation is told with its shares, and those by kind") {
  CHECK(only_line(R"({"event": "evaluation", "label": "forced_thinking", "sampled": 0.5,
            "greedy": 0.25, "majority": 0.75, "majority_samples": 8, "thinking_share": 1,
            "tokens_mean": 12.25, "by_kind": {"+": 0.5, "-": 0.125}})") ==
        "held-out     forced thinking  sampled 0.500  greedy 0.250  maj@8 0.750  think 100 %  "
        "tokens 12.2  by kind:  + 0.50  - 0.12");
  CHECK(only_line(R"({"event": "evaluation", "label": "during", "step": 20, "sampled": 0.5,
            "greedy": 0.25, "majority": null, "thinking_share": 0, "tokens_mean": 1})") ==
        "held-out     step 20  sampled 0.500  greedy 0.250  think 0 %  tokens 1.0");
}

TEST_CASE("trouble is told with who has it and why") {
  CHECK(only_line(R"({"event": "exit", "actor": "ledger", "incarnation": 2, "cause": "failed",
            "text": "disk full", "holding": "3 leases"})") ==
        "exit         ledger (incarnation 2): failed: disk full; held 3 leases");
  CHECK(only_line(R"({"event": "exit"})") == "exit         an actor: no cause given");
  CHECK(only_line(R"({"event": "alarm", "text": "odd"})") == "ALARM        odd");
  CHECK(only_line(R"({"event": "alarm", "text": "odd", "look": "there"})") ==
        "ALARM        odd.  Look at there");
  CHECK(only_line(R"({"event": "alarm_over", "text": "a: over"})") == "alarm over   a: over");
  CHECK(only_line(R"({"event": "alarm"})") == "ALARM        without a text");
  CHECK(only_line(R"({"event": "swap_failed", "generator": "generator/1", "version": 1234,
            "reason": "torn"})") ==
        "swap failed  generator/1 keeps its weights; version 1,234 was not taken: torn");
  CHECK(only_line(R"({"event": "swap_failed", "version": 1})") ==
        "swap failed  a generator keeps its weights; version 1 was not taken: no reason given");
}

TEST_CASE("a checkpoint is told with its size and whether it did best") {
  CHECK(only_line(R"({"event": "checkpoint", "version": 20, "best": true, "bytes": 1740000,
            "took_seconds": 0.42, "folder": "runs/a/checkpoints/step-000020"})") ==
        "checkpoint   version 20 (best so far)  1.7 MB in 0.4 s  runs/a/checkpoints/step-000020");
  CHECK(only_line(R"({"event": "checkpoint", "version": 20, "bytes": 1, "took_seconds": 65,
            "folder": "x"})")
            .find("version 20  1 B in 1:05  x") != std::string::npos);
  CHECK(event_lines(event(R"({"event": "swap"})")).empty());
}

TEST_CASE("the closing lines of a run that went well, to the letter") {
  RunState state;
  auto evaluation = [&](const char* label, const char* examples) {
    state.take(event(std::string(R"({"event": "evaluation", "label": ")") + label +
                     R"(", "sampled": 0.5, "examples": )" + examples + "}"));
  };
  evaluation("before", R"([{"prompt": "1+1=", "completion": "3", "correct": false},
      {"prompt": "2+2=", "completion": "4", "correct": true},
      {"prompt": "3+3=", "completion": "", "correct": false}])");
  evaluation("after", R"([{"prompt": "2+2=", "completion": "4", "correct": true},
      {"prompt": "3+3=", "completion": "6", "correct": true},
      {"prompt": "1+1=", "completion": "5", "correct": false}])");
  state.take(event(R"({"event": "summary", "stopped": "finished", "reason": "all steps done",
      "heldout_before": 0.11, "heldout_after": 0.81, "heldout_forced_thinking": 0.65,
      "seconds": 3725, "steps": 200, "rollouts": 76800, "swaps": 199, "swaps_while_writing": 150,
      "sequences_spanning_a_swap": 1234, "swap_stall_us_p50": 9.25, "log_prob_gap_max": 0,
      "run": "runs/a", "report": "runs/a/report.html"})"));
  CHECK(texts(closing_lines(state, "tram", 200)) ==
        std::vector<std::string>{"", "What was learnt: all steps done",
            "  held-out pass@1  0.11 → 0.81",
            "  of which         0.54 is choosing to think: made to think, the policy was at 0.65 "
            "before;  0.16 is better working",
            "  in               1:02:05, 200 steps, 76,800 rollouts",
            "  swaps            199, 150 in the middle of writing;  1,234 completions span several "
            "versions;  stall p50 9.2 µs,  log-prob gap 0",
            "", "  problem   before    after", "  3+3=      ✗ –       ✓ 6",
            "  1+1=      ✗ 3       ✗ 5", "  2+2=      ✓ 4       ✓ 4", "",
            "  report   runs/a/report.html", "  look at  tram rollouts runs/a",
            "  watch    tram dashboard runs/a"});
}
