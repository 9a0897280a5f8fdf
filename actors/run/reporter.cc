#include "actors/run/reporter.h"

#include "actors/messages/codecs.h"
#include "runtime/actor/system.h"
#include "runtime/base/check.h"
#include "runtime/base/metrics.h"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>

#include <algorithm>
#include <cmath>

namespace tramontane {
namespace {

constexpr std::size_t alarms_in_summary = 50;
constexpr std::uint64_t ticks_to_room = 12;  // between two looks at what room is left

double number(const RunEvent& event, const char* key, double fallback) {
  const auto* value = event.if_contains(key);
  return value == nullptr || !value->is_number() ? fallback : value->to_number<double>();
}

std::string text(const RunEvent& event, const char* key) {
  const auto* value = event.if_contains(key);
  return value == nullptr || !value->is_string() ? std::string() : std::string(value->as_string());
}

double seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

double quantile(std::vector<double> values, double q) {
  if (values.empty()) return 0;
  auto at =
      values.begin() + static_cast<std::ptrdiff_t>(q * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

void known(RunEvent& event, const char* key, double value) {
  if (value < 0)
    event[key] = nullptr;
  else
    event[key] = value;
}

}  // namespace

// ---- totals ------------------------------------------------------------------------------------

void RunTotals::add(const RunEvent& event) {
  std::string kind = text(event, "event");
  alarms_.take(event);
  seconds_ = std::max(seconds_, number(event, "seconds", 0));
  if (kind == "evaluation") {
    std::string label = text(event, "label");
    double sampled = number(event, "sampled", -1);
    if (label == "before") heldout_before_ = sampled, greedy_before_ = number(event, "greedy", -1);
    // A run that was stopped has none "after": the last there was is what is known.
    if (label == "after" || label == "during") {
      heldout_after_ = sampled;
      greedy_after_ = number(event, "greedy", -1);
      heldout_after_step_ = label == "during" ? number(event, "step", -1) : -1;
    }
    if (label == "forced_thinking") heldout_forced_ = sampled;
  } else if (kind == "swap") {
    ++swaps_;
    if (number(event, "sequences_in_flight", 0) > 0) ++swaps_while_writing_;
    stalls_us_.push_back(number(event, "stall_us", 0));
  } else if (kind == "step" && text(event, "kind") == "reinforce") {
    auto step = static_cast<std::uint64_t>(number(event, "step", 0));
    if (step > steps_) {  // one trained again after a crash brings the same rollouts
      steps_ = step;
      rollouts_ += static_cast<std::uint64_t>(number(event, "rollouts", 0));
      spanning_ += static_cast<std::uint64_t>(number(event, "spanning_rollouts", 0));
    }
    lag_max_ = std::max(lag_max_, static_cast<std::uint64_t>(number(event, "lag_max", 0)));
    gap_max_ = std::max(gap_max_, number(event, "log_prob_gap_max", 0));
    double took = number(event, "step_seconds", 0);
    generator_busy_ += took * number(event, "generator_busy", 0);
    trainer_busy_ += took * number(event, "trainer_busy", 0);
    tokens_ += took * number(event, "tokens_per_second", 0);
    reinforce_seconds_ += took;
  }
}

RunEvent RunTotals::summary() const {
  RunEvent event{{"event", "summary"}};
  known(event, "heldout_before", heldout_before_);
  known(event, "heldout_after", heldout_after_);
  known(event, "heldout_after_step", heldout_after_step_);
  known(event, "heldout_forced_thinking", heldout_forced_);
  known(event, "greedy_before", greedy_before_);
  known(event, "greedy_after", greedy_after_);
  event["steps"] = steps_;
  event["rollouts"] = rollouts_;
  event["swaps"] = swaps_;
  event["swaps_while_writing"] = swaps_while_writing_;
  event["sequences_spanning_a_swap"] = spanning_;
  event["log_prob_gap_max"] = gap_max_;
  event["lag_max"] = lag_max_;
  double time = std::max(reinforce_seconds_, 1e-9);
  event["generator_busy"] = generator_busy_ / time;
  event["trainer_busy"] = trainer_busy_ / time;
  event["tokens_per_second"] = tokens_ / time;
  event["reinforce_seconds"] = reinforce_seconds_;
  event["swap_stall_us_p50"] = quantile(stalls_us_, 0.5);
  event["swap_stall_us_p99"] = quantile(stalls_us_, 0.99);
  event["seconds"] = seconds_;
  event["alarms"] = alarms_.told(alarms_in_summary);
  return event;
}

// ---- the actor ---------------------------------------------------------------------------------

Reporter::Reporter(Options options) : options_(std::move(options)) {
  handle(&Reporter::report);
  handle(&Reporter::tick);
}

Task<void> Reporter::start() {
  last_step_ = last_status_ = look();
  after(options_.status_every, Tick{});
  co_return;
}

std::vector<ActorStatus> Reporter::actors() const {
  auto all = system().actors();
  if (options_.elsewhere)
    for (ActorStatus& actor : options_.elsewhere()) all.push_back(std::move(actor));
  return all;
}

Reporter::Meter Reporter::look() const {
  Meter meter{.at = now()};
  std::uint32_t generators = 0;
  for (const ActorStatus& actor : actors()) {
    if (actor.kind == "generator") {
      meter.generators += seconds(actor.busy);
      ++generators;
    } else if (actor.kind == "trainer") {
      meter.trainer = seconds(actor.busy);
    }
  }
  if (generators > 0) meter.generators /= generators;
  meter.tokens = static_cast<double>(metrics().counter("tokens_generated").value());
  return meter;
}

void Reporter::add_shares(RunEvent& event) {
  Meter meter = look();
  double took = std::max(seconds(meter.at - last_step_.at), 1e-9);
  event["step_seconds"] = took;
  event["generator_busy"] = std::clamp((meter.generators - last_step_.generators) / took, 0.0, 1.0);
  event["trainer_busy"] = std::clamp((meter.trainer - last_step_.trainer) / took, 0.0, 1.0);
  event["tokens_per_second"] = std::max(0.0, (meter.tokens - last_step_.tokens) / took);
  last_step_ = meter;
}

void Reporter::emit(RunEvent& event) {
  tell(event);
  if (!options_.alarms) return;
  for (RunEvent& alarm : options_.alarms->take(event)) tell(alarm);
}

void Reporter::tell(RunEvent& event) {
  event["seconds"] = options_.seconds_before + seconds(now() - options_.began);
  options_.totals->add(event);
  for (auto& sink : options_.sinks) sink->event(event);
}

void Reporter::report(Report report) {
  boost::system::error_code error;
  auto value = boost::json::parse(report.event, error);
  if (error || !value.is_object()) {
    RunEvent alarm{
        {"event", "alarm"}, {"text", "an event that is no JSON object: " + report.event}};
    emit(alarm);
    return;
  }
  RunEvent event = value.as_object();
  std::string kind = text(event, "event");
  if (kind == "written") {
    if (options_.spans) options_.spans->written(event);
    return;
  }
  if (kind == "audit") {
    if (options_.audits) options_.audits->append(event);
    return;
  }
  if (kind == "stage") last_step_ = look();
  if (kind == "step" || kind == "stage") {
    if (text(event, "kind") == "reinforce" && kind == "step") {
      add_shares(event);
      boost::json::object queues;
      for (const ActorStatus& actor : actors()) {
        if (actor.kind != "ledger") continue;
        for (const auto& [key, count] : actor.notes)
          queues[key] = std::strtoull(count.c_str(), nullptr, 10);
      }
      event["queues"] = std::move(queues);
    }
    for (const char* key : {"stage", "kind", "step", "steps", "version", "lag_max"})
      if (const auto* field = event.if_contains(key)) progress_[key] = *field;
  }
  emit(event);
}

void Reporter::tick(Tick) {
  after(options_.status_every, Tick{});
  RunEvent event = progress_;
  event["event"] = "status";
  Meter meter = look();
  double took = std::max(seconds(meter.at - last_status_.at), 1e-9);
  event["tokens_per_second"] = std::max(0.0, (meter.tokens - last_status_.tokens) / took);
  last_status_ = meter;
  boost::json::array rows;
  auto all = actors();
  for (const ActorStatus& actor : all) {
    boost::json::object row{{"name", actor.name}, {"kind", actor.kind},
        {"state", tramontane::name(actor.state)}, {"busy", actor.busy_share},
        {"mailbox", actor.mailbox_messages}, {"mailbox_limit", actor.mailbox_limit},
        {"restarts", actor.restarts}};
    std::string waiting = actor.waiting_for;
    for (const char* why : {"waiting_for_batch", "idle_because", "doing"})
      if (auto found = actor.notes.find(why); found != actor.notes.end() && !found->second.empty())
        waiting = found->second;
    row["waiting_for"] = waiting;
    if (actor.pid != 0) row["pid"] = actor.pid;
    row["waiting_seconds"] = actor.waiting_for.empty() ? 0.0 : seconds(now() - actor.waiting_since);
    if (actor.kind == "ledger") {
      boost::json::object queues;
      for (const auto& [key, count] : actor.notes)
        queues[key] = std::strtoull(count.c_str(), nullptr, 10);
      event["queues"] = std::move(queues);
    }
    rows.push_back(std::move(row));
  }
  event["actors"] = std::move(rows);
  tell(event);
  if (options_.spans) options_.spans->look(all, now(), system().clock().wall());
  if (options_.alarms) look_for_alarms(event, all);
}

void Reporter::look_for_alarms(const RunEvent& status, const std::vector<ActorStatus>& actors) {
  AlarmLook look{.seconds = number(status, "seconds", 0)};
  const auto& rows = status.at("actors").as_array();
  for (std::size_t i = 0; i < actors.size(); ++i) {
    const auto& row = rows[i].as_object();
    look.actors.push_back({.name = actors[i].name,
        .kind = actors[i].kind,
        .state = text(row, "state"),
        .waiting_for = text(row, "waiting_for"),
        .busy_seconds = seconds(actors[i].busy)});
  }
  if (options_.room && ticks_++ % ticks_to_room == 0) {
    RoomLeft room = options_.room();
    look.disk_bytes = room.disk_bytes;
    look.memory_bytes = room.memory_bytes;
  }
  for (RunEvent& alarm : options_.alarms->look(std::move(look))) tell(alarm);
}

}  // namespace tramontane
