#include "actors/export/csv.h"

#include "actors/export/metric_points.h"
#include "actors/export/out_file.h"
#include "runtime/base/wall_time.h"

#include <algorithm>
#include <charconv>
#include <map>

namespace tramontane {
namespace {

std::string number_text(double value) {
  char text[32];
  auto [end, error] = std::to_chars(text, text + sizeof text, value);
  return error == std::errc{} ? std::string(text, end) : "";
}

std::string quoted(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == text.npos) return text;
  std::string out = "\"";
  for (char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

bool is_labelled(MetricSource source) {
  return source == MetricSource::swap || source == MetricSource::evaluation;
}

std::string header(MetricSource source) {
  std::string out = source == MetricSource::swap ? "version,seconds,time" : "step,seconds,time";
  if (is_labelled(source)) out += ",of";
  for (const MetricRow& row : metric_rows())
    if (row.source == source) out += std::string(",") + row.name;
  return out + "\r\n";
}

std::string line(const MetricPoint& point) {
  std::string out = std::to_string(point.x) + "," + number_text(point.seconds) + ",";
  if (point.wall != 0) out += iso_time(point.wall);
  if (is_labelled(point.source)) out += "," + quoted(point.label);
  for (const MetricRow& row : metric_rows()) {
    if (row.source != point.source) continue;
    auto found = std::find_if(point.figures.begin(), point.figures.end(),
        [&](const auto& figure) { return figure.first == &row; });
    out += ",";
    if (found != point.figures.end()) out += number_text(found->second);
  }
  return out + "\r\n";
}

}  // namespace

std::vector<std::string> write_csv(const std::string& run_folder, const std::string& folder) {
  std::map<MetricSource, OutFile> files;
  each_metric_point(run_folder, [&](const MetricPoint& point) {
    if (point.resumed) return;
    auto [file, fresh] =
        files.try_emplace(point.source, folder, std::string(name(point.source)) + ".csv");
    if (fresh) file->second.write(header(point.source));
    file->second.write(line(point));
  });
  std::vector<std::string> paths;
  for (auto& [source, file] : files) {
    file.close();
    paths.push_back(file.path());
  }
  return paths;
}

}  // namespace tramontane
