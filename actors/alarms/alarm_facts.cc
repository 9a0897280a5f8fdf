#include "actors/alarms/alarm_facts.h"

#include "actors/view/fields.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace tramontane {
namespace {

constexpr std::size_t first_steps = 10;
constexpr std::size_t actors_most = 10'000;
constexpr std::size_t failures_most = 1000;  // of one actor
// Where nobody looked for so long, the process itself stood still, and nobody is to blame.
constexpr double pause_seconds = 10;
// Who computes less than this share of the time only asks whether there is something to do.
constexpr double idle_share = 0.02;

double or_zero(double value) {
  return std::isfinite(value) ? value : 0;
}

// The share of tokens that are `lag` versions old or older.
double share_from(const RunEvent& event, std::uint32_t lag) {
  const auto* histogram = list(event, "lag_histogram");
  if (histogram == nullptr) return std::numeric_limits<double>::quiet_NaN();
  double all = 0;
  double old = 0;
  for (std::size_t i = 0; i < histogram->size(); ++i) {
    double tokens = or_zero(number((*histogram)[i]));
    all += tokens;
    if (i >= lag) old += tokens;
  }
  return all > 0 ? old / all : std::numeric_limits<double>::quiet_NaN();
}

double busy_of(const std::vector<AlarmActor>& actors, const std::string& name) {
  for (const auto& actor : actors)
    if (actor.name == name) return actor.busy_seconds;
  return -1;
}

}  // namespace

void AlarmFacts::take(const RunEvent& event) {
  std::string what = text(event, "event");
  advance(number(event, "seconds"));
  if (what == "stage") {
    stage_kind = text(event, "kind");
    step = 0;
    steps = or_zero(number(event, "steps"));
    took.clear();
    recent.clear();
    truncated_first.clear();
    stepped_ = -1;
    moved = now;
  } else if (what == "step") {
    take_step(event);
  } else if (what == "evaluation") {
    moved = now;
  } else if (what == "checkpoint") {
    checkpoint_bytes = or_zero(number(event, "bytes"));
  } else if (what == "exit" && text(event, "cause") != "stopped") {
    std::string who = text(event, "actor");
    if (failed.size() >= actors_most && !failed.contains(who)) return;
    auto& ends = failed[who];
    ends.push_back(now);
    if (ends.size() > failures_most) ends.pop_front();
  }
}

void AlarmFacts::take_step(const RunEvent& event) {
  stage_kind = text(event, "kind");
  step = or_zero(number(event, "step"));
  steps = or_zero(number(event, "steps"));
  moved = now;
  if (stepped_ >= 0) took.push_back(now - stepped_);
  if (took.size() > paced_most) took.pop_front();
  stepped_ = now;
  if (stage_kind != "reinforce") return;
  AlarmStep row{.seconds = now,
      .gap = number(event, "log_prob_gap_max"),
      .rollouts = or_zero(number(event, "rollouts")),
      .no_verdict = or_zero(number(event, "rollouts_no_verdict")),
      .stale = or_zero(number(event, "rollouts_stale")),
      .correct = number(event, "correct"),
      // Where nothing was trained on, none was measured.
      .entropy = number(event, "tokens") > 0 ? number(event, "entropy") : std::nan(""),
      .truncated = number(event, "truncated_share"),
      .generator_busy = number(event, "generator_busy"),
      .oldest_share = share_from(event, max_lag)};
  if (truncated_first.size() < first_steps && std::isfinite(row.truncated))
    truncated_first.push_back(row.truncated);
  recent.push_back(row);
  if (recent.size() > steps_most) recent.pop_front();
}

void AlarmFacts::advance(double seconds) {
  if (!(seconds > now)) return;
  double passed = seconds - std::exchange(now, seconds);
  if (actors.empty() || passed <= pause_seconds) return;
  moved += passed;
  for (auto& [name, at] : wrote) at += passed;
}

void AlarmFacts::look(AlarmLook look) {
  advance(look.seconds);
  auto before = std::exchange(actors, std::move(look.actors));
  if (actors.size() > actors_most) actors.resize(actors_most);
  const AlarmActor* evaluator = actor("evaluator");
  bool evaluating =
      evaluator != nullptr && evaluator->busy_seconds > busy_of(before, evaluator->name);
  if (evaluating) moved = now;
  if (evaluating || !under_way() || stage_kind != "reinforce") wrote.clear();
  watch_generators(before);
  looked_ = now;
  if (look.disk_bytes) disk_bytes = look.disk_bytes;
  if (look.memory_bytes) memory_bytes = look.memory_bytes;
}

// One writes if it has computed since the look before.
void AlarmFacts::watch_generators(const std::vector<AlarmActor>& before) {
  std::map<std::string, double> seen;
  for (const auto& one : actors) {
    if (one.kind != "generator") continue;
    double computed = one.busy_seconds - busy_of(before, one.name);
    auto known = wrote.find(one.name);
    bool writes = known == wrote.end() || computed > idle_share * (now - looked_);
    seen[one.name] = writes ? now : known->second;
  }
  wrote = std::move(seen);
}

bool AlarmFacts::under_way() const {
  return took.size() >= 3 && step < steps;
}

double AlarmFacts::median_step() const {
  if (took.empty()) return 0;
  std::vector<double> sorted(took.begin(), took.end());
  auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2);
  std::nth_element(sorted.begin(), middle, sorted.end());
  return *middle;
}

const AlarmActor* AlarmFacts::actor(const std::string& kind) const {
  for (const auto& one : actors)
    if (one.kind == kind) return &one;
  return nullptr;
}

std::string AlarmFacts::one_of(const std::string& kind) const {
  const AlarmActor* only = nullptr;
  for (const auto& one : actors) {
    if (one.kind != kind) continue;
    if (only != nullptr) return kind;
    only = &one;
  }
  return only == nullptr ? kind : only->name;
}

}  // namespace tramontane
