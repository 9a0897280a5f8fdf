#include "actors/view/run_state.h"

#include "actors/view/fields.h"
#include "runtime/base/shown_text.h"

#include <boost/json/array.hpp>

#include <algorithm>
#include <cmath>

namespace tramontane {

namespace {

constexpr std::size_t stalls_kept = 1024;
constexpr std::size_t listed_at_most = 64;  // stages, actors, queues, lags: of a hostile event too

void set(double& figure, const RunEvent& event, std::string_view key) {
  double value = number(event, key);
  if (std::isfinite(value)) figure = value;
}

}  // namespace

double larger(double a, double b) {
  if (!std::isfinite(a)) return b;
  return std::isfinite(b) ? std::max(a, b) : a;
}

double RunState::eta_seconds() const {
  if (!std::isfinite(eta_)) return unknown;
  double since = std::isfinite(seconds) && std::isfinite(eta_told_at_) ? seconds - eta_told_at_ : 0;
  return std::max(0.0, eta_ - std::max(0.0, since));
}

double RunState::stall_us_p50() const {
  if (stalls_us_.empty()) return unknown;
  std::vector<double> sorted = stalls_us_;
  auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2);
  std::nth_element(sorted.begin(), middle, sorted.end());
  return *middle;
}

void RunState::take(const RunEvent& event) {
  std::string what = text(event, "event");
  set(seconds, event, "seconds");
  alarms.take(event);
  if (what == "run") {
    run = event;
    summary.clear();  // of an earlier life of this run
    name = text(event, "name");
    folder = text(event, "run");
    stages.clear();
    if (const auto* items = list(event, "stages"))
      for (const auto& item : *items)
        if (const auto* members = item.if_object(); members && stages.size() < listed_at_most)
          stages.push_back({text(*members, "kind"), number(*members, "steps")});
  } else if (what == "stage") {
    take_stage(event);
  } else if (what == "step") {
    take_step(event);
  } else if (what == "swap") {
    take_swap(event);
  } else if (what == "swap_failed") {
    ++swaps_failed;
  } else if (what == "evaluation") {
    take_evaluation(event);
  } else if (what == "checkpoint") {
    last_checkpoint = event;
  } else if (what == "status") {
    take_status(event);
  } else if (what == "summary") {
    take_summary(event);
  }
}

void RunState::take_stage(const RunEvent& event) {
  double index = number(event, "stage");
  if (std::isfinite(index) && std::abs(index) < 1e6) stage = static_cast<std::int64_t>(index);
  kind = text(event, "kind", kind);
  steps = number(event, "steps");
  step = 0;
  eta_ = unknown;
  // The held-out score that the stage starts from is the first point of its curve.
  double start = heldout.last();
  for (Series* curve : {&loss, &score, &correct, &tokens, &heldout}) curve->clear();
  heldout.add(0, start);
}

void RunState::take_step(const RunEvent& event) {
  double index = number(event, "stage");
  if (std::isfinite(index) && index != static_cast<double>(stage)) take_stage(event);
  last_step = event;
  kind = text(event, "kind", kind);
  set(step, event, "step");
  set(steps, event, "steps");
  set(version, event, "version");
  eta_ = number(event, "eta_seconds");
  eta_told_at_ = seconds;
  loss.add(step, number(event, "loss"));
  score.add(step, number(event, "score"));
  double average = number(event, "correct_average");
  correct.add(step, std::isfinite(average) ? average : number(event, "correct"));
  tokens.add(step, number(event, "tokens_mean"));
  set(tokens_per_second, event, "tokens_per_second");
  lag_max = larger(lag_max, number(event, "lag_max"));
  log_prob_gap_max = larger(log_prob_gap_max, number(event, "log_prob_gap_max"));
  if (const auto* items = list(event, "lag_histogram")) {
    lag_histogram.clear();
    for (const auto& item : *items)
      if (lag_histogram.size() < listed_at_most) lag_histogram.push_back(number(item));
  }
  take_queues(event);
}

void RunState::take_swap(const RunEvent& event) {
  double stall = number(event, "stall_us");
  set(version, event, "version");
  if (std::isfinite(stall)) {
    stall_us_last = stall;
    stall_us_max = larger(stall_us_max, stall);
    if (stalls_us_.size() < stalls_kept)
      stalls_us_.push_back(stall);
    else
      stalls_us_[swaps % stalls_kept] = stall;
  }
  ++swaps;
}

void RunState::take_evaluation(const RunEvent& event) {
  std::string label = text(event, "label");
  if (label == "forced_thinking") {
    forced_thinking = event;
    return;
  }
  if (label == "before") before = event;
  if (label == "after") after = event;
  last_evaluation = event;
  double at = number(event, "step");
  if (label == "before" || !std::isfinite(at)) at = label == "before" ? 0 : step;
  heldout.add(at, number(event, "sampled"));
}

void RunState::take_status(const RunEvent& event) {
  std::string told = text(event, "kind");
  double told_step = number(event, "step");
  if (!told.empty() && kind.empty()) kind = told;
  if (told == kind && std::isfinite(told_step)) step = larger(step, told_step);
  set(steps, event, "steps");
  set(version, event, "version");
  set(tokens_per_second, event, "tokens_per_second");
  set(running, event, "running");
  lag_max = larger(lag_max, number(event, "lag_max"));
  take_queues(event);
  const auto* items = list(event, "actors");
  if (!items) return;
  actors.clear();
  for (const auto& item : *items) {
    const auto* members = item.if_object();
    if (!members || actors.size() == listed_at_most) continue;
    std::string who = text(*members, "name");
    if (double pid = number(*members, "pid"); std::isfinite(pid))
      who += " [" + std::to_string(static_cast<long>(pid)) + "]";
    actors.push_back({who, text(*members, "kind"), text(*members, "state"),
        text(*members, "waiting_for"), number(*members, "waiting_seconds"),
        number(*members, "busy"), number(*members, "mailbox"), number(*members, "mailbox_limit")});
  }
}

void RunState::take_summary(const RunEvent& event) {
  summary = event;
  // Nobody is at work any more, and nothing lies anywhere: the last status told of the time before.
  actors.clear();
  queues.clear();
  running = unknown;
  // Of the last step, in which generators have nothing left to write: the run's means instead.
  set(tokens_per_second, event, "tokens_per_second");
  for (const char* key : {"generator_busy", "trainer_busy"})
    if (std::isfinite(number(event, key))) last_step[key] = number(event, key);
  version = larger(version, number(event, "final_version"));
}

void RunState::take_queues(const RunEvent& event) {
  const auto* members = object(event, "queues");
  if (!members) return;
  queues.clear();
  for (const auto& member : *members)
    if (queues.size() < listed_at_most)
      queues.emplace_back(one_line(std::string_view(member.key())), number(member.value()));
}

}  // namespace tramontane
