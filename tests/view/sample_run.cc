#include "tests/view/sample_run.h"

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <cmath>
#include <random>
#include <string>

namespace tramontane {

namespace {

namespace json = boost::json;

class Story {
 public:
  explicit Story(SampleRun options) : options_(options), random_(options.seed) {}

  std::vector<RunEvent> tell() {
    begin();
    warm_start(0, options_.warm_start_steps, 3.0, 0.12);
    warm_start(1, 60, 0.6, 0.3);
    evaluation("before", 0, 0.11, 0.07, 6.9, 0.14);
    evaluation("forced_thinking", 0, 0.65, 0.75, 27.4, 1.0);
    reinforce();
    finish();
    return std::move(events_);
  }

 private:
  double noise(double scale) { return std::normal_distribution<double>(0, scale)(random_); }

  void say(RunEvent event) {
    event["seconds"] = seconds_;
    events_.push_back(std::move(event));
  }

  void begin() {
    say({{"event", "run"}, {"name", "arithmetic"}, {"seed", options_.seed},
        {"run", "runs/arithmetic-1"}, {"parameters", 144448}, {"isa", "avx512"}, {"cores", 2},
        {"machine", "Intel Xeon, 2 cores, 8 GB"}, {"started", "2026-01-05T10:00:00Z"},
        {"resumed_from", nullptr}, {"heldout", 329}, {"prompts", 3677}, {"max_lag", 2},
        {"stages", json::array{{{"kind", "warm_start"}, {"steps", options_.warm_start_steps}},
                       {{"kind", "warm_start"}, {"steps", 60}},
                       {{"kind", "reinforce"}, {"steps", options_.reinforce_steps}}}}});
  }

  void warm_start(int stage, int steps, double from, double to) {
    say({{"event", "stage"}, {"stage", stage}, {"kind", "warm_start"}, {"steps", steps}});
    for (int step = 1; step <= steps; ++step) {
      double left = 1.0 - static_cast<double>(step) / steps;
      seconds_ += 0.02;
      say({{"event", "step"}, {"stage", stage}, {"kind", "warm_start"}, {"step", step},
          {"steps", steps},
          {"loss", to + (from - to) * std::exp(-5 * (1 - left)) + std::abs(noise(0.03))},
          {"gradient_norm", 0.4 + left + std::abs(noise(0.2))},
          {"learning_rate", 4e-3 * (0.1 + 0.9 * left)}, {"skipped", false}, {"tokens", 480},
          {"train_seconds", 0.02}, {"eta_seconds", 0.02 * (steps - step)}});
      if (step % 25 == 0) status("warm_start", step, steps);
    }
  }

  double correct_at(double step) const { return 0.11 + 0.70 * (1 - std::exp(-step / 32)); }

  double tokens_at(double step) const { return 6.9 + 21 * (1 - std::exp(-step / 26)); }

  json::object queues() {
    auto depth = [&](double mean) { return std::max(0, static_cast<int>(mean + noise(mean / 4))); };
    return {{"waiting", depth(120)}, {"leased", 384}, {"finished", depth(6)}, {"judging", depth(8)},
        {"judged", depth(200)}};
  }

  void status(const std::string& kind, int step, int steps) {
    json::array actors;
    bool writing = kind == "reinforce";
    for (int i = 0; i < options_.generators; ++i)
      actors.push_back({{"name", "generator/" + std::to_string(i)}, {"kind", "generator"},
          {"state", writing ? "working" : "idle"}, {"busy", writing ? 0.97 : 0.0},
          {"waiting_for", writing ? "" : "the first weights, after the warm start"},
          {"waiting_seconds", writing ? 0.0 : seconds_}, {"mailbox", 1}, {"mailbox_limit", 64}});
    actors.push_back({{"name", "verifier/0"}, {"kind", "verifier"}, {"state", "idle"},
        {"busy", 0.04}, {"waiting_for", "finished rollouts"}, {"waiting_seconds", 0.1},
        {"mailbox", 0}, {"mailbox_limit", 64}});
    actors.push_back({{"name", "trainer"}, {"kind", "trainer"}, {"state", "idle"}, {"busy", 0.33},
        {"waiting_for", "batch " + std::to_string(step + 1) +
                            ": 12 of 384 completions missing: 8 being written by generator/0 "
                            "(oldest 1.2 s), 4 wait for a verdict"},
        {"waiting_seconds", 0.4}, {"mailbox", 0}, {"mailbox_limit", 16}});
    actors.push_back({{"name", "broadcaster"}, {"kind", "broadcaster"}, {"state", "idle"},
        {"busy", 0.01}, {"waiting_for", "version " + std::to_string(step + 1)},
        {"waiting_seconds", 0.3}, {"mailbox", 0}, {"mailbox_limit", 16}});
    say({{"event", "status"}, {"kind", kind}, {"step", step}, {"steps", steps}, {"actors", actors},
        {"queues", queues()}, {"tokens_per_second", writing ? 36000 + noise(1500) : 0.0},
        {"running", writing ? 384 : 0}, {"lag_max", writing ? 2 : 0}, {"version", step}});
  }

  void reinforce() {
    int steps = options_.reinforce_steps;
    say({{"event", "stage"}, {"stage", 2}, {"kind", "reinforce"}, {"steps", steps}});
    double average = 0.11;
    for (int step = 1; step <= steps; ++step) {
      seconds_ += 0.29;
      double correct = std::clamp(correct_at(step) + noise(0.03), 0.0, 1.0);
      average = 0.8 * average + 0.2 * correct;
      reinforce_step(step, steps, correct, average);
      for (int i = 0; i < options_.generators; ++i) swap(i, step);
      if (step % 2 == 0) status("reinforce", step, steps);
      if (step % 20 == 0) {
        double score = std::min(1.0, correct_at(step) + noise(0.02));
        evaluation("during", step, score, score + 0.03, tokens_at(step), thinking(step));
        say({{"event", "checkpoint"}, {"version", step},
            {"folder", "checkpoints/" + std::to_string(step)}, {"bytes", 1.74e6},
            {"took_seconds", 0.021}, {"best", true}});
      }
      if (step == 90) trouble();
    }
  }

  static double thinking(int step) { return 1 - 0.86 * std::exp(-step / 20.0); }

  void reinforce_step(int step, int steps, double correct, double average) {
    double entropy = 0.03 + 0.11 * std::exp(-step / 60.0) + std::abs(noise(0.004));
    double lag_one = std::clamp(0.35 + noise(0.08), 0.0, 0.5);
    double lag_two = std::clamp(0.08 + noise(0.04), 0.0, 0.2);
    double written = 384 * tokens_at(step);
    int contrast = static_cast<int>(48 * (0.23 + 0.67 * std::exp(-step / 50.0)));
    say({{"event", "step"}, {"stage", 2}, {"kind", "reinforce"}, {"step", step}, {"steps", steps},
        {"loss", -0.01 + noise(0.01)}, {"gradient_norm", 0.5 + std::abs(noise(0.3))},
        {"learning_rate", 5e-4 * std::min(1.0, step / 5.0)}, {"skipped", false},
        {"tokens", written}, {"train_seconds", 0.093}, {"eta_seconds", 0.29 * (steps - step)},
        {"version", step}, {"score", correct + 0.08 * (1 - correct)}, {"correct", correct},
        {"correct_average", average}, {"tokens_mean", tokens_at(step) + noise(0.4)},
        {"truncated_share", std::abs(noise(0.004))}, {"thinking_share", thinking(step)},
        {"rollouts", 384}, {"groups_kept", contrast}, {"groups_without_contrast", 48 - contrast},
        {"rollouts_stale", 0}, {"rollouts_no_verdict", 0}, {"entropy", entropy},
        {"clip_low_share", 0.002 + std::abs(noise(0.001))},
        {"clip_high_share", 0.006 + std::abs(noise(0.003))},
        {"ratio_max", 2.1 + std::abs(noise(1))},
        {"effective_sample_size", 0.985 - std::abs(noise(0.006))},
        {"mismatch_kl", 0.0006 + std::abs(noise(0.0002))}, {"log_prob_gap_max", 0.0},
        {"log_prob_gap_tokens", 212}, {"audited_rollouts", 8}, {"audited_spanning", 5},
        {"lag_histogram", json::array{std::round(written * (1 - lag_one - lag_two)),
                              std::round(written * lag_one), std::round(written * lag_two)}},
        {"lag_max", 2}, {"spanning_rollouts", 140}, {"tokens_per_second", 36000 + noise(1500)},
        {"generator_busy", std::clamp(0.97 + noise(0.01), 0.0, 1.0)},
        {"trainer_busy", std::clamp(0.33 + noise(0.03), 0.0, 1.0)}, {"wait_seconds", 0.19},
        {"queues", queues()}});
  }

  void swap(int generator, int version) {
    say({{"event", "swap"}, {"generator", "generator/" + std::to_string(generator)},
        {"version", version}, {"fingerprint", "9f3c2a7701be44d0"},
        {"publish_us", 40 + std::abs(noise(10))}, {"verify_us", 62 + std::abs(noise(9))},
        {"prepare_us", 180 + std::abs(noise(40))},
        {"stall_us", 9 + std::abs(noise(6)) + (version % 37 == 0 ? 70 : 0)},
        {"sequences_in_flight", 192}, {"transport", "local"}});
  }

  void trouble() {
    say({{"event", "alarm"},
        {"text",
            "3 % of the rollouts of step 90 have no verdict (the verifier lost them); see "
            "`tram rollouts runs/arithmetic-1 --no-verdict`"}});
    say({{"event", "swap_failed"}, {"generator", "generator/1"}, {"version", 90},
        {"reason", "fingerprint 1c77… instead of 9f3c…"}});
    say({{"event", "exit"}, {"actor", "verifier/0"}, {"kind", "verifier"}, {"incarnation", 1},
        {"cause", "handler_failed"}, {"text", "reward 'math' did not return within 2 s"},
        {"holding", "8 rollouts, released"}, {"log", json::array{"judging 720", "judging 721"}}});
  }

  void evaluation(const std::string& label, int step, double sampled, double greedy, double tokens,
      double thinks) {
    bool late = step > 60 || label == "forced_thinking";
    json::array examples;
    const char* problems[][4] = {
        {"385+47=", "432", "422", "<think>5+7+0=12,8+4+1=13,3+0+1=04</think>432"},
        {"102-85=", "17", "27", "<think>12-5-0=7,10-8-1=1,01-0-1=0</think>17"},
        {"9*91=", "819", "809", "<think>1*9+0=09,9*9+0=81</think>819"},
        {"612/4=", "153", "151", "<think>06/4=1r2,21/4=5r1,12/4=3r0</think>153"}};
    for (const auto& p : problems)
      examples.push_back({{"prompt", p[0]}, {"answer", p[1]}, {"completion", late ? p[3] : p[2]},
          {"correct", late}});
    bool whole = label == "before" || label == "after";
    say({{"event", "evaluation"}, {"label", label}, {"stage", 2}, {"step", step}, {"version", step},
        {"problems", 329}, {"greedy", greedy}, {"sampled", sampled},
        {"majority", whole ? json::value(sampled + 0.06) : json::value(nullptr)},
        {"majority_samples", 8}, {"thinking_share", thinks}, {"tokens_mean", tokens},
        {"by_kind", {{"+", std::min(1.0, sampled * 1.06)}, {"-", sampled}, {"*", sampled},
                        {"/", sampled * 0.43}}},
        {"examples", examples}});
  }

  void finish() {
    int steps = options_.reinforce_steps;
    evaluation("after", steps, 0.81, 0.85, 27.8, 1.0);
    say({{"event", "summary"}, {"heldout_before", 0.11}, {"heldout_after", 0.81},
        {"heldout_forced_thinking", 0.65}, {"greedy_before", 0.07}, {"greedy_after", 0.85},
        {"steps", steps}, {"rollouts", steps * 384}, {"swaps", steps * options_.generators},
        {"sequences_spanning_a_swap", steps * 140}, {"log_prob_gap_max", 0.0}, {"lag_max", 2},
        {"generator_busy", 0.97}, {"trainer_busy", 0.33}, {"swap_stall_us_p50", 11.2},
        {"swap_stall_us_p99", 84.0}, {"tokens_per_second", 36000}, {"seconds", seconds_},
        {"reinforce_seconds", 0.29 * steps}, {"final_version", steps},
        {"fingerprint", "9f3c2a7701be44d0"}, {"run", "runs/arithmetic-1"},
        {"report", "runs/arithmetic-1/report.html"}, {"stopped", "finished"}, {"reason", ""}});
  }

  SampleRun options_;
  std::mt19937_64 random_;
  double seconds_ = 0;
  std::vector<RunEvent> events_;
};

}  // namespace

std::vector<RunEvent> sample_run(SampleRun options) {
  return Story(options).tell();
}

}  // namespace tramontane
