#include "actors/dashboard/history.h"

#include "actors/view/fields.h"
#include "runtime/base/wall_time.h"

#include <boost/json/parse.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

namespace tramontane {
namespace {

namespace json = boost::json;

constexpr std::size_t bytes_at_a_time = 1 << 20;
constexpr std::size_t events_most = 200'000;
constexpr std::size_t evaluations_most = 1000;
constexpr std::size_t runs_most = 1000;
constexpr std::size_t names_most = 20'000;
constexpr std::size_t steps_most = 1'000'000;

// As the log writes them: the level is the second field of a line.
bool is_worth_parsing(std::string_view log_line) {
  std::string_view head = log_line.substr(0, 80);
  return head.find("\"level\":\"warning\"") != head.npos ||
         head.find("\"level\":\"error\"") != head.npos;
}

std::optional<RunEvent> parse_event(const std::string& line) {
  json::parse_options options;
  options.allow_invalid_utf8 = true;
  json::error_code error;
  json::value value = json::parse(line, error, {}, options);
  if (error || !value.is_object()) return std::nullopt;
  return std::move(value.get_object());
}

EventLevel level_of(std::string_view word) {
  if (word == "error") return EventLevel::error;
  return word == "warning" ? EventLevel::warning : EventLevel::info;
}

}  // namespace

std::string EventPlace::id() const {
  return std::string(1, static_cast<char>(file)) + "." + std::to_string(begin);
}

std::optional<std::pair<RunFile, std::uint64_t>> parse_event_id(std::string_view id) {
  if (id.size() < 3 || id[1] != '.') return std::nullopt;
  auto file = static_cast<RunFile>(id[0]);
  if (file != RunFile::metrics && file != RunFile::exits && file != RunFile::log)
    return std::nullopt;
  std::uint64_t begin = 0;
  auto [end, error] = std::from_chars(id.data() + 2, id.data() + id.size(), begin);
  if (error != std::errc{} || end != id.data() + id.size()) return std::nullopt;
  return std::pair(file, begin);
}

// Exits first: what metrics.jsonl tells of them again is left out.
RunHistory::RunHistory(const std::string& folder)
    : sources_{Source{RunFile::exits, LineReader(folder + "/exits.jsonl")},
          Source{RunFile::metrics, LineReader(folder + "/metrics.jsonl")},
          Source{RunFile::log, LineReader(folder + "/log.jsonl")}} {}

bool RunHistory::refresh(const Clock& clock, Time deadline) {
  bool whole = true;
  for (Source& source : sources_) {
    while (true) {
      auto lines = source.lines.read(source.at, bytes_at_a_time);
      for (const auto& line : lines) take(source, line);
      if (lines.empty()) break;
      source.at = lines.back().end;
      ++version_;
      if (clock.now() >= deadline) {
        whole = false;
        break;
      }
    }
  }
  put_in_order();
  return whole;
}

void RunHistory::take(Source& source, const FileLine& line) {
  if (line.text.empty()) return;
  EventPlace place{.file = source.file, .begin = line.begin};
  if (source.file == RunFile::log && !is_worth_parsing(line.text)) return;
  auto event = parse_event(line.text);
  if (!event) {
    ++unreadable_;
    return;
  }
  if (source.file == RunFile::exits) return take_exit(*event, place);
  if (source.file == RunFile::log) return take_log(*event, place);
  take_metric(*event, place);
}

void RunHistory::take_exit(const RunEvent& event, EventPlace place) {
  double wall = number(event, "wall_us");
  if (std::isfinite(wall)) place.wall = static_cast<Micros>(wall);
  bool failed = text(event, "cause") != "stopped";
  if (failed) ++failures_;
  place.level = failed ? EventLevel::error : EventLevel::info;
  add(place, "exit", text(event, "actor"));
}

void RunHistory::take_log(const RunEvent& event, EventPlace place) {
  place.wall = parse_iso_time(text(event, "time")).value_or(0);
  place.level = level_of(text(event, "level"));
  add(place, "log", text(event, "who"));
}

void RunHistory::take_metric(const RunEvent& event, EventPlace place) {
  std::string kind = text(event, "event");
  if (kind.empty() || kind == "exit") return;  // exits.jsonl has those
  double seconds = number(event, "seconds");
  if (std::isfinite(seconds)) place.seconds = seconds;
  if (kind == "run") {
    summary_.reset();
    if (runs_.size() < runs_most) runs_.push_back(event);
    if (auto started = parse_iso_time(text(event, "started")))
      began_ = *started - static_cast<Micros>(std::max(place.seconds, 0.0) * 1e6);
  }
  if (began_ != 0 && place.seconds >= 0)
    place.wall = began_ + static_cast<Micros>(place.seconds * 1e6);
  alarms_of_rules_.take(event);
  std::string actor;
  if (kind == "step") {
    if (steps_.size() >= steps_most) steps_.clear();
    if (text(event, "kind") == "reinforce")
      if (double step = number(event, "step"); step >= 0 && step < 1e15)
        steps_[static_cast<std::uint64_t>(step)] = place.begin;
    take_step(event);
  } else if (kind == "swap") {
    actor = text(event, "generator");
    sums_["swap_stall_seconds"] += std::max(0.0, number(event, "stall_us")) / 1e6;
    add_fields(MetricSource::swap, event, actor, place.seconds);
  } else if (kind == "evaluation") {
    RunEvent brief = event;
    brief.erase("examples");
    std::string label = text(event, "label");
    bool forced = label == "forced_thinking";
    add_fields(
        MetricSource::evaluation, event, forced ? label : "", std::max(0.0, number(event, "step")));
    if (evaluations_.size() < evaluations_most) evaluations_.push_back(brief);
  } else if (kind == "alarm" || kind == "swap_failed") {
    if (kind == "alarm") ++alarms_;
    actor = text(event, kind == "alarm" ? "actor" : "generator");
    place.level = EventLevel::warning;
  } else if (kind == "alarm_over") {
    actor = text(event, "actor");
  } else if (kind == "summary") {
    summary_ = event;
    if (text(event, "stopped") == "failed") place.level = EventLevel::error;
  }
  if (kind != "alarm" && kind != "step") last_[kind] = event;
  add(place, kind, actor);
}

void RunHistory::take_step(const RunEvent& event) {
  bool reinforce = text(event, "kind") == "reinforce";
  double step = number(event, "step");
  double stage = number(event, "stage");
  last_["step"] = event;
  last_[reinforce ? "step/reinforce" : "step/warm_start"] = event;
  if (reinforce) {
    add_fields(MetricSource::reinforce_step, event, "", step);
    for (const char* field : {"rollouts", "tokens", "rollouts_stale", "rollouts_no_verdict"})
      if (double value = number(event, field); value > 0) sums_[field] += value;
    return;
  }
  // Stages of the same kind follow each other on one axis.
  auto [before, fresh] = warm_before_.try_emplace(stage, 0);
  if (fresh && before != warm_before_.begin()) {
    auto earlier = std::prev(before);
    const auto* run = runs_.empty() ? nullptr : list(runs_.back(), "stages");
    auto index = static_cast<std::size_t>(std::max(0.0, earlier->first));
    if (run != nullptr && index < run->size() && (*run)[index].is_object())
      before->second = earlier->second + std::max(0.0, number((*run)[index].get_object(), "steps"));
  }
  add_fields(MetricSource::warm_step, event, "", before->second + step);
}

void RunHistory::add_fields(
    MetricSource source, const RunEvent& event, const std::string& label, double x) {
  for (const MetricRow& row : metric_rows())
    if (row.source == source) curves_.add(row, label, x, figure_of(event, row));
}

std::uint16_t RunHistory::number_of(std::string_view name) {
  auto found = numbers_.find(name);
  if (found != numbers_.end()) return found->second;
  if (names_.size() >= names_most) return 0;
  auto number = static_cast<std::uint16_t>(names_.size());
  names_.emplace_back(name);
  numbers_.emplace(name, number);
  return number;
}

void RunHistory::add(EventPlace place, std::string_view kind, std::string_view actor) {
  sums_["events/" + std::string(kind)] += 1;
  place.kind = number_of(kind);
  place.actor = number_of(actor);
  events_.push_back(place);
}

void RunHistory::put_in_order() {
  auto earlier = [](const EventPlace& a, const EventPlace& b) { return a.wall < b.wall; };
  auto middle = events_.begin() + static_cast<std::ptrdiff_t>(ordered_);
  std::stable_sort(middle, events_.end(), earlier);
  std::inplace_merge(events_.begin(), middle, events_.end(), earlier);
  if (events_.size() > events_most)
    events_.erase(events_.begin(),
        events_.begin() + static_cast<std::ptrdiff_t>(events_.size() - events_most * 9 / 10));
  ordered_ = events_.size();
}

std::optional<RunEvent> RunHistory::read(RunFile file, std::uint64_t begin) const {
  for (const Source& source : sources_) {
    if (source.file != file) continue;
    auto line = source.lines.line_at(begin);
    return line ? parse_event(line->text) : std::nullopt;
  }
  return std::nullopt;
}

const RunEvent* RunHistory::last(const std::string& kind) const {
  auto found = last_.find(kind);
  return found == last_.end() ? nullptr : &found->second;
}

std::optional<std::uint64_t> RunHistory::step_at(std::uint64_t step) const {
  auto found = steps_.find(step);
  return found == steps_.end() ? std::nullopt : std::optional(found->second);
}

double RunHistory::sum(const std::string& name) const {
  auto found = sums_.find(name);
  return found == sums_.end() ? 0 : found->second;
}

}  // namespace tramontane
