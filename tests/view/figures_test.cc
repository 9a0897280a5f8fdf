// Each figure of a frame, to the letter.
#include "actors/view/frame.h"

#include <boost/json/parse.hpp>

#include <string>
#include <vector>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

RunEvent event(const char* json) {
  return boost::json::parse(json).as_object();
}

// What stands behind this label in a frame of one column of figures.
std::string figure(const RunState& state, const std::string& label) {
  for (const auto& line : frame(state, {70, 60}, false))
    if (line.starts_with(" " + label + " ")) {
      auto begin = line.find_first_not_of(' ', label.size() + 1);
      return line.substr(begin, line.find_last_not_of(' ') + 1 - begin);
    }
  return "";
}

RunState reinforcing() {
  RunState state;
  state.take(event(R"({"event": "run", "name": "made up", "seconds": 0,
      "stages": [{"kind": "reinforce", "steps": 9}]})"));
  state.take(event(R"({"event": "stage", "stage": 0, "kind": "reinforce", "steps": 9})"));
  for (const char* stall : {"10", "50", "1234", "20"})
    state.take({{"event", "swap"}, {"stall_us", std::stod(stall)}});
  state.take(event(R"({"event": "swap_failed", "generator": "receiver/0", "reason": "torn"})"));
  state.take(event(R"({"event": "step", "stage": 0, "kind": "reinforce", "step": 3, "steps": 9,
      "generator_busy": 0.5, "trainer_busy": 0.25, "tokens_per_second": 12345,
      "lag_max": 2, "lag_histogram": [75, 0, 25], "log_prob_gap_max": 0,
      "audited_rollouts": 8, "audited_spanning": 2, "thinking_share": 0.3, "entropy": 0.51,
      "effective_sample_size": 0.934, "groups_kept": 3, "groups_without_contrast": 1,
      "rollouts_stale": 12,
      "queues": {"judged": 5, "waiting": 12, "leased": 34, "else": 1}})"));
  return state;
}

}  // namespace

TEST_CASE("the figures of reinforcement are those of the last step and of all swaps") {
  RunState state = reinforcing();
  CHECK(figure(state, "busy") == "generator ███░░░ 50 %  trainer █▌░░░░ 25 %");
  CHECK(figure(state, "lag") == "max 2  0 ▆ 75 %  1 ▁ 0 %  2 ▃ 25 %");
  CHECK(figure(state, "swaps") == "4  1 failed  stall p50 50 µs  max 1.2 ms  last 20 µs");
  CHECK(figure(state, "queues") == "waiting 12  leased 34  judged 5");
  CHECK(figure(state, "log-probs") == "gap 0, bit for bit  8 audited, 2 over a swap");
  CHECK(figure(state, "policy") == "thinks 30 %  entropy 0.510  ESS 0.934");
  CHECK(figure(state, "groups") == "kept 3  without contrast 1  stale 12");
  CHECK(figure(state, "speed") == "12.3k tok/s");
}

TEST_CASE("the figures of a warm start are its speed and its gradient") {
  RunState state;
  state.take(event(R"({"event": "step", "stage": 0, "kind": "warm_start", "step": 3, "steps": 9,
      "tokens": 5000, "train_seconds": 2, "gradient_norm": 1.234, "learning_rate": 0.004})"));
  CHECK(figure(state, "speed") == "2,500 tok/s    gradient   1.23   rate 0.004000");
  CHECK(figure(state, "busy") == "");
}

TEST_CASE("queues that nobody expects are shown where there are no others") {
  RunState state = reinforcing();
  state.take(event(R"({"event": "step", "stage": 0, "kind": "reinforce", "step": 4, "steps": 9,
      "queues": {"mine": 5, "yours": 6}})"));
  CHECK(figure(state, "queues") == "mine 5  yours 6");
}
