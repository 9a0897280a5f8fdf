// Events and curves.
#include "actors/dashboard/views.h"
#include "actors/view/draw.h"
#include "actors/view/fields.h"
#include "runtime/base/check.h"
#include "runtime/base/json_text.h"
#include "runtime/base/names.h"
#include "runtime/base/result.h"
#include "runtime/base/wall_time.h"

#include <boost/json/array.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <utility>

namespace tramontane {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;

constexpr Duration one_look = 1s;  // at events for one page, while others wait
constexpr std::size_t points_default = 1000;
constexpr std::size_t points_most = 10'000;
constexpr std::size_t names_most = 64;

json::string clean(std::string_view text) {
  return json::string(valid_utf8(text));
}

const char* name_of(EventLevel level) {
  switch (level) {
    case EventLevel::info:
      return "info";
    case EventLevel::warning:
      return "warning";
    case EventLevel::error:
      return "error";
  }
  return "info";
}

std::string with(const char* between, const std::string& text) {
  return text.empty() ? "" : between + text;
}

std::string run_words(const RunEvent& event) {
  double from = number(event, "resumed_from");
  return std::isfinite(from) ? "goes on from version " + whole(from) : "begins";
}

std::string evaluation_words(const RunEvent& event) {
  return str(text(event, "label"), ": pass@1 ", fixed(number(event, "sampled"), 3), " over ",
      whole(number(event, "problems")), " problems, version ", whole(number(event, "version")));
}

std::string swap_words(const RunEvent& event) {
  return str("version ", whole(number(event, "version")), ": stood still for ",
      micros(number(event, "stall_us")), ", ", whole(number(event, "sequences_in_flight")),
      " sequences being written");
}

std::string step_words(const RunEvent& event) {
  bool reinforce = text(event, "kind") == "reinforce";
  return str(text(event, "kind"), " step ", whole(number(event, "step")), " of ",
      whole(number(event, "steps")), reinforce ? ": score " : ": loss ",
      fixed(number(event, reinforce ? "score" : "loss"), 3));
}

// The text of an alarm begins with its actor, which a row of the API has by itself.
std::string without_actor(const std::string& text, const std::string& actor) {
  std::string prefix = actor + ": ";
  return !actor.empty() && text.starts_with(prefix) ? text.substr(prefix.size()) : text;
}

std::string words_of(const std::string& kind, const RunEvent& event) {
  if (kind == "run") return run_words(event);
  if (kind == "stage") return text(event, "kind") + ", " + whole(number(event, "steps")) + " steps";
  if (kind == "step") return step_words(event);
  if (kind == "swap") return swap_words(event);
  if (kind == "swap_failed")
    return "version " + whole(number(event, "version")) + ": " + text(event, "reason");
  if (kind == "evaluation") return evaluation_words(event);
  if (kind == "checkpoint")
    return str("version ", whole(number(event, "version")), ", ",
        bytes_text(number(event, "bytes")), flag(event, "best") ? ", the best so far" : "");
  if (kind == "exit")
    return text(event, "cause") + with(": ", text(event, "text")) +
           with(", while ", text(event, "doing"));
  if (kind == "summary") return text(event, "stopped") + with(": ", text(event, "reason"));
  return without_actor(text(event, "text"), text(event, "actor"));
}

std::string actor_of(const std::string& kind, const RunEvent& event) {
  if (kind == "exit" || kind == "alarm" || kind == "alarm_over") return text(event, "actor");
  if (kind == "log") return text(event, "who");
  if (kind == "swap" || kind == "swap_failed") return text(event, "generator");
  return "";
}

EventLevel least_level(const Query& query) {
  std::string word = query.choice("level").value_or("info");
  return word == "error"     ? EventLevel::error
         : word == "warning" ? EventLevel::warning
                             : EventLevel::info;
}

// What of the places a query wants, before any line is read.
class EventFilter {
 public:
  explicit EventFilter(const Query& query)
      : kinds_(query.words("kind")),
        actor_(query.text("actor")),
        of_actor_(query.has("actor")),
        level_(least_level(query)) {}

  bool wants(const RunHistory& history, const EventPlace& place) const {
    const std::string& kind = history.name_of(place.kind);
    if (kinds_.empty() ? kind == "step" : !kinds_.contains(kind)) return false;
    return place.level >= level_ && (!of_actor_ || history.name_of(place.actor) == actor_);
  }

 private:
  std::set<std::string> kinds_;
  std::string actor_;
  bool of_actor_;
  EventLevel level_;
};

bool has_text(const json::object& row, const std::string& wanted) {
  return wanted.empty() || text(row, "text").find(wanted) != std::string::npos ||
         json_text(row.at("data")).find(wanted) != std::string::npos;
}

Thinned between(const Points& points, double from, double to, std::size_t most) {
  Points kept;
  for (const auto& point : points)
    if (point.first >= from && point.first <= to) kept.push_back(point);
  return thin(kept, most);
}

const char* axis_of(const MetricRow& row) {
  return row.source == MetricSource::swap ? "seconds" : "step";
}

json::object metric_row(const MetricRow& row, const Curves::Labelled& curves) {
  std::size_t points = 0;
  double newest_x = -std::numeric_limits<double>::infinity();
  json::value last;
  for (const auto& [label, curve] : curves) {
    points += curve.size();
    if (curve.empty() || curve.back().first < newest_x) continue;
    newest_x = curve.back().first;
    last = curve.back().second;
  }
  return {{"name", row.name}, {"unit", row.unit}, {"help", row.help}, {"axis", axis_of(row)},
      {"points", points}, {"last", std::move(last)}};
}

}  // namespace

json::object event_row(WatchedRun& run, const EventPlace& place, const RunEvent& event) {
  const std::string& kind = run.history().name_of(place.kind);
  std::string actor = actor_of(kind, event);
  return {{"id", place.id()}, {"kind", clean(kind)},
      {"time", place.wall == 0 ? json::value() : json::value(iso_time(place.wall))},
      {"seconds", place.seconds < 0 ? json::value() : json::value(place.seconds)},
      {"level", name_of(place.level)},
      {"actor", actor.empty() ? json::value() : json::value(clean(actor))},
      {"text", clean(words_of(kind, event))}, {"data", event}};
}

json::object events_view(WatchedRun& run, const Query& query) {
  EventFilter filter(query);
  std::string wanted = query.text("text");
  bool newest = query.choice("order").value_or("newest") == "newest";
  std::size_t limit = query.limit();
  const auto& events = run.history().events();
  std::size_t count = events.size();
  std::size_t skipped = 0;  // in the order asked for
  if (query.has("after")) {
    auto id = parse_event_id(query.text("after"));
    auto found =
        !id ? events.end() : std::find_if(events.begin(), events.end(), [&](const auto& place) {
          return place.file == id->first && place.begin == id->second;
        });
    if (found == events.end())
      throw Error(Errc::bad_input, "parameter after: there is no such event");
    auto at = static_cast<std::size_t>(found - events.begin());
    skipped = (newest ? count - 1 - at : at) + 1;
  }
  json::array rows;
  json::value next;
  Time until = after(run.clock().now(), one_look);
  for (std::size_t i = skipped; i < count && rows.size() < limit; ++i) {
    const EventPlace& place = events[newest ? count - 1 - i : i];
    // Whoever looks for a rare text among many events goes on from here.
    if (run.clock().now() >= until) {
      next = place.id();
      break;
    }
    if (!filter.wants(run.history(), place)) continue;
    auto event = run.history().read(place.file, place.begin);
    if (!event) continue;
    json::object row = event_row(run, place, *event);
    if (!has_text(row, wanted)) continue;
    rows.push_back(std::move(row));
    if (rows.size() == limit && i + 1 < count) next = place.id();
  }
  return {{"events", std::move(rows)}, {"next", std::move(next)}};
}

json::object metrics_view(WatchedRun& run, const Query& query) {
  const Curves& curves = run.history().curves();
  json::array metrics;
  std::vector<std::string> names;
  for (const MetricRow& row : metric_rows()) {
    names.emplace_back(row.name);
    if (const auto* labelled = curves.find(row)) metrics.push_back(metric_row(row, *labelled));
  }
  auto points = query.whole("points").value_or(points_default);
  if (points < 2 || points > points_most)
    throw Error(Errc::bad_input, "parameter points: from 2 to 10000");
  double from = query.number("from").value_or(-std::numeric_limits<double>::infinity());
  double to = query.number("to").value_or(std::numeric_limits<double>::infinity());
  auto wanted = query.words("names");
  if (wanted.size() > names_most) throw Error(Errc::bad_input, "parameter names: at most 64");
  json::array series;
  for (const auto& name : wanted) {
    const MetricRow* row = find_metric(name);
    if (row == nullptr) throw Error(Errc::bad_input, unknown_name("metric", name, names));
    const auto* labelled = curves.find(*row);
    if (labelled == nullptr) continue;
    for (const auto& [label, curve] : *labelled) {
      Thinned some = between(curve, from, to, points);
      json::array x, y;
      for (const auto& [at, value] : some.points) {
        x.push_back(at);
        y.push_back(value);
      }
      series.push_back({{"name", row->name}, {"label", clean(label)}, {"axis", axis_of(*row)},
          {"x", std::move(x)}, {"y", std::move(y)}, {"thinned", some.thinned}});
    }
  }
  return {{"metrics", std::move(metrics)}, {"series", std::move(series)}};
}

}  // namespace tramontane
