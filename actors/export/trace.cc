#include "actors/export/trace.h"

#include "actors/export/metric_points.h"
#include "actors/export/out_file.h"
#include "actors/view/fields.h"
#include "runtime/base/check.h"
#include "runtime/base/json_text.h"
#include "runtime/base/result.h"
#include "runtime/base/wall_time.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <map>
#include <optional>
#include <vector>

namespace tramontane {
namespace {

namespace json = boost::json;

// The two groups of lanes, which the format calls processes.
constexpr int actor_lanes = 1;
constexpr int rollout_lanes = 2;
constexpr std::size_t rollout_lanes_most = 256;

// Names of colours that chrome://tracing knows; Perfetto colours by a slice's name.
constexpr std::array<const char*, 8> version_colours = {"thread_state_running",
    "thread_state_runnable", "rail_response", "rail_animation", "rail_idle", "rail_load",
    "thread_state_iowait", "cq_build_passed"};

json::value or_null(double value) {
  return std::isfinite(value) ? json::value(value) : json::value();
}

json::value whole_or_null(double value) {
  return std::isfinite(value) && std::abs(value) < 9e15
             ? json::value(static_cast<std::int64_t>(std::llround(value)))
             : json::value();
}

double at_least_zero(double value) {
  return std::isfinite(value) ? std::max(0.0, value) : 0;
}

class Trace {
 public:
  explicit Trace(const std::filesystem::path& path)
      : file_(
            path.has_parent_path() ? path.parent_path().string() : ".", path.filename().string()) {
    file_.write("{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n");
    name_group(actor_lanes, "actors");
    name_group(rollout_lanes, "rollouts");
  }

  void metric(const RunEvent& event);
  void exit(const RunEvent& event);
  void span(const RunEvent& event);

  void finish() {
    for (auto& [generator, open] : writing_) end_writing(generator, last_us_);
    file_.write("\n]}\n");
    file_.close();
  }

 private:
  struct Writing {  // of a generator, under one version
    double from = 0;
    json::object event;
  };

  void put(json::object event) {
    file_.write((first_ ? "" : ",\n") + json_text(event));
    first_ = false;
  }

  void name_group(int group, const char* name) {
    put({{"ph", "M"}, {"name", "process_name"}, {"pid", group}, {"tid", 0},
        {"args", json::object{{"name", name}}}});
  }

  // The lane of that name, made on first use.
  int lane(int group, const std::string& name) {
    auto [found, fresh] = lanes_.try_emplace({group, name}, static_cast<int>(lanes_.size()) + 1);
    if (fresh)
      put({{"ph", "M"}, {"name", "thread_name"}, {"pid", group}, {"tid", found->second},
          {"args", json::object{{"name", name}}}});
    return found->second;
  }

  void slice(int group, const std::string& on, const std::string& name, double from, double to,
      json::object arguments, const char* colour = nullptr) {
    json::object event{{"ph", "X"}, {"name", name}, {"cat", "tramontane"}, {"pid", group},
        {"tid", lane(group, on)}, {"ts", from}, {"dur", std::max(0.0, to - from)},
        {"args", std::move(arguments)}};
    if (colour != nullptr) event["cname"] = colour;
    put(std::move(event));
  }

  void mark(const std::string& on, const std::string& name, double at, json::object arguments) {
    put({{"ph", "i"}, {"s", "t"}, {"name", name}, {"cat", "tramontane"}, {"pid", actor_lanes},
        {"tid", lane(actor_lanes, on)}, {"ts", at}, {"args", std::move(arguments)}});
  }

  double at_us(const RunEvent& event) {
    double seconds = number(event, "seconds");
    double at = std::isfinite(seconds) ? seconds * 1e6 + pauses_us_ : last_us_;
    last_us_ = std::max(last_us_, at);
    return at;
  }

  // By the wall; nothing before it is known when the run began.
  std::optional<double> wall_us(double wall) const {
    if (!began_ || !std::isfinite(wall)) return std::nullopt;
    return std::max(0.0, wall - *began_);
  }

  void begin(const RunEvent& run);
  void step(const RunEvent& event, double at);
  void swap(const RunEvent& event, double at);
  void end_writing(const std::string& generator, double at);
  void rollout(const RunEvent& event);
  std::string free_lane(double from, double to);

  OutFile file_;
  bool first_ = true;
  std::map<std::pair<int, std::string>, int> lanes_;
  std::optional<double> began_;  // microseconds since 1970
  double pauses_us_ = 0;         // between the lives of the run
  double last_us_ = 0;
  double trained_until_ = 0;
  std::map<std::string, Writing> writing_;
  std::vector<double> rollouts_until_;  // of each lane
};

void Trace::begin(const RunEvent& run) {
  auto started = parse_iso_time(text(run, "started"));
  double before = at_least_zero(number(run, "seconds")) * 1e6;
  if (started) {
    auto wall = static_cast<double>(*started);
    if (!began_) began_ = wall - before;
    pauses_us_ = std::max(0.0, wall - *began_ - before);
  }
  double at = at_us(run);
  for (auto& [generator, open] : writing_) end_writing(generator, at);
  writing_.clear();
  bool resumed = std::isfinite(number(run, "resumed_from"));
  mark("run", resumed ? "goes on" : "begins", at, {{"seed", or_null(number(run, "seed"))}});
}

void Trace::step(const RunEvent& event, double at) {
  // A step is told a moment after it has ended: no two may overlap by that.
  double trains =
      std::max(trained_until_, at - at_least_zero(number(event, "train_seconds")) * 1e6);
  double waits =
      std::max(trained_until_, trains - at_least_zero(number(event, "wait_seconds")) * 1e6);
  trained_until_ = std::max(at, trains);
  std::string which =
      str(text(event, "kind"), " step ", json_text(whole_or_null(number(event, "step"))));
  if (waits < trains)
    slice(actor_lanes, "trainer", "waits for its batch", waits, trains, {{"for", which}});
  slice(actor_lanes, "trainer", "trains", trains, at,
      {{"step", which}, {"score", or_null(number(event, "score"))},
          {"loss", or_null(number(event, "loss"))}});
}

void Trace::swap(const RunEvent& event, double at) {
  std::string generator = text(event, "generator", "generator");
  double version = number(event, "version");
  double stall = at_least_zero(number(event, "stall_us"));
  end_writing(generator, at - stall);
  slice(actor_lanes, generator, "swap", at - stall, at,
      {{"version", whole_or_null(version)},
          {"sequences_in_flight", or_null(number(event, "sequences_in_flight"))}});
  writing_[generator] = {.from = at, .event = {{"version", whole_or_null(version)}}};
}

void Trace::end_writing(const std::string& generator, double at) {
  auto found = writing_.find(generator);
  if (found == writing_.end() || found->second.event.empty()) return;
  auto version = found->second.event.at("version");
  slice(actor_lanes, generator, "version " + json_text(version), found->second.from,
      std::max(at, found->second.from), std::move(found->second.event));
  found->second.event.clear();
}

void Trace::metric(const RunEvent& event) {
  std::string kind = text(event, "event");
  if (kind == "run") return begin(event);
  double at = at_us(event);
  if (kind == "step") {
    step(event, at);
  } else if (kind == "swap") {
    swap(event, at);
  } else if (kind == "checkpoint") {
    double took = number(event, "took_seconds");
    slice(actor_lanes, "checkpoints", "checkpoint", std::isfinite(took) ? at - took * 1e6 : at, at,
        {{"version", whole_or_null(number(event, "version"))}});
  } else if (kind == "evaluation") {
    mark("evaluations", text(event, "label"), at,
        {{"sampled", or_null(number(event, "sampled"))},
            {"version", whole_or_null(number(event, "version"))}});
  } else if (kind == "alarm" || kind == "alarm_over" || kind == "swap_failed") {
    mark("alarms", kind, at, {{"text", text(event, kind == "swap_failed" ? "reason" : "text")}});
  } else if (kind == "stage") {
    mark("run", "stage " + text(event, "kind"), at, {});
  }
}

void Trace::exit(const RunEvent& event) {
  if (auto at = wall_us(number(event, "wall_us")))
    mark("deaths", text(event, "actor"), *at,
        {{"cause", text(event, "cause")}, {"text", text(event, "text")}});
}

void Trace::span(const RunEvent& event) {
  std::string kind = text(event, "event");
  if (kind == "written") return rollout(event);
  auto from = wall_us(number(event, "from_us"));
  auto to = wall_us(number(event, "to_us"));
  if (!from || !to || (kind != "wait" && kind != "work")) return;
  std::string what = text(event, "what");
  slice(actor_lanes, text(event, "actor") + (kind == "wait" ? " waits" : " works"), what, *from,
      *to, {});
}

// The first lane where nothing is any more.
std::string Trace::free_lane(double from, double to) {
  auto free = std::find_if(
      rollouts_until_.begin(), rollouts_until_.end(), [&](double until) { return until <= from; });
  if (free == rollouts_until_.end()) {
    if (rollouts_until_.size() >= rollout_lanes_most) return "";
    free = rollouts_until_.insert(rollouts_until_.end(), 0);
  }
  *free = to;
  return str("lane ", free - rollouts_until_.begin() + 1);
}

void Trace::rollout(const RunEvent& event) {
  const auto* parts = list(event, "parts");
  auto from = wall_us(number(event, "from_us"));
  if (parts == nullptr || parts->empty() || !from) return;
  const auto* last = parts->back().if_object();
  auto to = last == nullptr ? std::nullopt : wall_us(number(*last, "to_us"));
  std::string on = to && *to >= *from ? free_lane(*from, *to) : "";
  if (on.empty()) return;
  auto id = whole_or_null(number(event, "rollout"));
  slice(rollout_lanes, on, "rollout " + json_text(id), *from, *to, {{"rollout", id}});
  double at = *from;
  for (const auto& value : *parts) {
    const auto* part = value.if_object();
    auto end = part == nullptr ? std::nullopt : wall_us(number(*part, "to_us"));
    if (!end || *end < at || *end > *to) return;
    double version = number(*part, "version");
    auto colour = std::isfinite(version) && version >= 0
                      ? static_cast<std::size_t>(std::fmod(version, version_colours.size()))
                      : 0;
    slice(rollout_lanes, on, "version " + json_text(whole_or_null(version)), at, *end,
        {{"rollout", id}, {"tokens", whole_or_null(number(*part, "tokens"))}},
        version_colours[colour]);
    at = *end;
  }
}

}  // namespace

void write_trace(const std::string& run_folder, const std::string& path) {
  if (!std::filesystem::exists(run_folder + "/metrics.jsonl"))
    throw Error(Errc::not_found, run_folder + " is no run: it has no metrics.jsonl");
  Trace trace(path);
  each_event(run_folder + "/metrics.jsonl", [&](const RunEvent& event) { trace.metric(event); });
  each_event(run_folder + "/exits.jsonl", [&](const RunEvent& event) { trace.exit(event); });
  each_event(run_folder + "/spans.jsonl", [&](const RunEvent& event) { trace.span(event); });
  trace.finish();
}

}  // namespace tramontane
