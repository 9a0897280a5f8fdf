#include "actors/export/metric_points.h"

#include "actors/dashboard/line_reader.h"
#include "actors/view/fields.h"
#include "runtime/base/result.h"
#include "runtime/base/wall_time.h"

#include <boost/json/parse.hpp>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <optional>

namespace tramontane {
namespace {

namespace json = boost::json;

constexpr std::size_t bytes_at_a_time = 1 << 20;
constexpr double largest_step = 1e15;

double at_least_zero(double value) {
  return std::isfinite(value) ? std::max(0.0, value) : 0;
}

class PointReader {
 public:
  explicit PointReader(const std::function<void(const MetricPoint&)>& visit) : visit_(visit) {}

  void take(const RunEvent& event) {
    std::string kind = text(event, "event");
    if (kind == "run") return begin(event);
    MetricPoint point;
    point.seconds = at_least_zero(number(event, "seconds"));
    if (began_ != 0) point.wall = began_ + static_cast<Micros>(point.seconds * 1e6);
    double x = number(event, "step");
    if (kind == "step" && text(event, "kind") == "reinforce") {
      point.source = MetricSource::reinforce_step;
    } else if (kind == "step") {
      point.source = MetricSource::warm_step;
      x += steps_before(number(event, "stage"));
    } else if (kind == "swap") {
      point.source = MetricSource::swap;
      point.label = text(event, "generator");
      x = number(event, "version");
    } else if (kind == "evaluation") {
      point.source = MetricSource::evaluation;
      if (text(event, "label") == "forced_thinking") point.label = "forced_thinking";
    } else {
      return;
    }
    if (!(x >= 0) || x > largest_step) return;
    point.x = static_cast<std::int64_t>(x);
    for (const MetricRow& row : metric_rows())
      if (row.source == point.source)
        if (double value = figure_of(event, row); std::isfinite(value))
          point.figures.emplace_back(&row, value);
    if (!point.figures.empty()) visit_(point);
  }

 private:
  void begin(const RunEvent& run) {
    run_ = run;
    double before = at_least_zero(number(run, "seconds"));
    if (auto started = parse_iso_time(text(run, "started")))
      began_ = *started - static_cast<Micros>(before * 1e6);
    double from = number(run, "resumed_from");
    if (!std::isfinite(from)) return;
    MetricPoint point;
    point.resumed = true;
    point.x = static_cast<std::int64_t>(std::clamp(from, 0.0, largest_step));
    point.seconds = before;
    if (began_ != 0) point.wall = began_ + static_cast<Micros>(before * 1e6);
    visit_(point);
  }

  // Of the warm starts before that stage.
  double steps_before(double stage) const {
    const auto* stages = list(run_, "stages");
    double sum = 0;
    for (std::size_t i = 0; stages != nullptr && i < stages->size(); ++i) {
      if (!(static_cast<double>(i) < stage)) break;
      if (const auto* one = (*stages)[i].if_object(); one != nullptr && number(*one, "steps") > 0)
        sum += number(*one, "steps");
    }
    return sum;
  }

  const std::function<void(const MetricPoint&)>& visit_;
  RunEvent run_;
  Micros began_ = 0;  // when "seconds" was 0
};

}  // namespace

const char* name(MetricSource source) {
  switch (source) {
    case MetricSource::reinforce_step:
      return "reinforce";
    case MetricSource::warm_step:
      return "warm_start";
    case MetricSource::swap:
      return "swap";
    case MetricSource::evaluation:
      return "evaluation";
  }
  return "";
}

void each_event(const std::string& path, const std::function<void(const RunEvent&)>& visit) {
  LineReader lines(path);
  json::parse_options options;
  options.allow_invalid_utf8 = true;
  for (std::uint64_t at = 0;;) {
    auto some = lines.read(at, bytes_at_a_time);
    if (some.empty()) return;
    at = some.back().end;
    for (const FileLine& line : some) {
      json::error_code error;
      json::value value = json::parse(line.text, error, {}, options);
      if (!error && value.is_object()) visit(value.get_object());
    }
  }
}

void each_metric_point(
    const std::string& run_folder, const std::function<void(const MetricPoint&)>& visit) {
  std::string path = run_folder + "/metrics.jsonl";
  if (!std::filesystem::exists(path))
    throw Error(Errc::not_found, run_folder + " is no run: it has no metrics.jsonl");
  PointReader reader(visit);
  each_event(path, [&](const RunEvent& event) { reader.take(event); });
}

}  // namespace tramontane
